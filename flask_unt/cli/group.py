"""The group ``flask unt``, and what its commands have in common."""

from __future__ import annotations

import sys
import time
from typing import Any

import click
from flask.cli import AppGroup

from ..errors import UNTError

unt = AppGroup("unt", help="Navigation tracking: set up, look in, bring data over.")


def now_ms() -> int:
    """The time in ms since 1970."""
    return time.time_ns() // 1_000_000


class sentences:
    """Show our own errors as a sentence instead of a traceback."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: object, error: BaseException | None, trace: object
    ) -> None:
        if isinstance(error, UNTError):
            raise click.ClickException(str(error)) from error


class Progress:
    """A progress bar that is told ``(done, total)``."""

    def __init__(self, label: str) -> None:
        self._bar = click.progressbar(length=1, label=label, file=sys.stderr)

    def __enter__(self) -> Progress:
        self._bar.__enter__()
        return self

    def __call__(self, done: int, total: int) -> None:
        self._bar.length = max(total, 1)
        self._bar.update(done - self._bar.pos)

    def __exit__(self, *exc_info: Any) -> None:
        self._bar.__exit__(*exc_info)
