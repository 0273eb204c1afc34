"""Fixtures of the fault tests."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from faults.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    """stage(database="postgresql", **redis_options): servers of the test's own."""
    with ExitStack() as opened:
        yield lambda *arguments, **options: opened.enter_context(
            Stage(tmp_path, *arguments, **options)
        )
