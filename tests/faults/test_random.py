"""Short random runs, one on each database; ``make faults`` does long ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from faults.run import run_seed

pytestmark = [pytest.mark.fault, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.mark.parametrize(
    ("seed", "database", "style"),
    [(1, "postgresql", "sync"), (2, "mariadb", "preload"), (3, "sqlite", "gthread")],
)
def test_nothing_is_lost_or_counted_twice(
    seed: int, database: str, style: str, tmp_path: Path, note: Callable[[str], None]
) -> None:
    outcome = run_seed(
        seed, seconds=6, folder=tmp_path, threads=4, database=database, style=style
    )
    note(f"faults, {outcome.row()}")

    assert outcome.verdict.troubles == {}, outcome.injected
    assert outcome.odd == []
    assert outcome.verdict.set_aside == 0
    assert outcome.verdict.acknowledged == outcome.verdict.tried > 100
