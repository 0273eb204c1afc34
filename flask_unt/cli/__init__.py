"""The commands ``flask unt …`` and ``flask unt-worker``."""

from __future__ import annotations

from flask import Flask

# Each adds its commands to the group.
from . import people as people
from . import replay as replay
from . import setup as setup
from . import status as status
from . import tail as tail
from .group import unt
from .worker import unt_worker

__all__ = ["register", "unt", "unt_worker"]


def register(app: Flask) -> None:
    """Add our commands to the app's ``flask`` command."""
    app.cli.add_command(unt)
    app.cli.add_command(unt_worker)
