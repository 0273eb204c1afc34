"""The file of a SQLite database: whether the one that is open is still there.

Connections go on writing into a file that was deleted, and nobody ever reads that.
"""

from __future__ import annotations

import os

import sqlalchemy as sa

GONE = (
    "The database file {path} is gone. Put it back, or make a new one with: flask unt"
    " init-db"
)
Identity = tuple[int, int]


class DatabaseFile:
    """``number`` counts the files that were put in the place of the first one."""

    def __init__(self, url: sa.URL) -> None:
        self.path: str | None = None
        self.number = 0
        self._url = url
        self._opened: Identity | None = None

    def note_opened(self) -> None:
        """Remember the file that a first connection was opened on."""
        if self._opened is None:
            self.path = _path(self._url)
            self._opened = self._now()

    def is_same(self) -> bool:
        """Whether no other file is there than the one that is open, if any is."""
        return self._opened is None or self._opened == self._now()

    def is_gone(self) -> bool:
        """Whether there was a file, and none is now."""
        return self._opened is not None and self._now() is None

    def change(self) -> None:
        """Take the file that is there now for the one to be opened."""
        self._opened = None
        self.number += 1

    def _now(self) -> Identity | None:
        if self.path is None:
            return None

        try:
            found = os.stat(self.path)
        except OSError:
            return None

        return found.st_dev, found.st_ino


def _path(url: sa.URL) -> str | None:
    name = url.database

    if url.get_backend_name() != "sqlite" or not name or name == ":memory:":
        return None

    return None if name.startswith("file:") else os.path.abspath(name)
