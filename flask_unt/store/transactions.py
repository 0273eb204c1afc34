"""Transactions that are set up first, tried again, and judged when they fail."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import sqlalchemy as sa

from flask_unt.errors import StoreUnavailable
from flask_unt.errors import WriteFailed

from .engine import Database
from .listening import NEWS
from .listening import Listening
from .listening import News
from .trouble import is_outage
from .trouble import is_passing

T = TypeVar("T")
ATTEMPTS = 5
PATIENCE = 6.0


class Transactions:
    """The database of a store.

    :param set_up: sees that the tables are there; called until it does not raise.
    :param canary: whether a write works now.
    """

    def __init__(
        self, database: Database, set_up: Callable[[], None], canary: Callable[[], bool]
    ) -> None:
        self._database = database
        self._set_up = set_up
        self._canary = canary
        self.listening = Listening()
        self._lock = threading.Lock()
        self._prepared: int | None = None

    def prepare(self) -> None:
        """See once per process, and SQLite file, that the tables are there.

        :raises StoreUnavailable: the SQLite file is gone.
        """
        file = self._database.look()

        if self._prepared == file:
            return

        with self._lock:
            if self._prepared != file:
                self._set_up()
                self._prepared = file

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction for reading.

        :raises StoreUnavailable: the database cannot be reached or asked now.
        """
        self.prepare()

        with self._database.reading() as connection:
            yield connection

    def write(self, work: Callable[[sa.Connection], T], attempts: int = ATTEMPTS) -> T:
        """Do work in one transaction, again where another one is in its way.

        :raises StoreUnavailable: the database takes no writes now.
        :raises WriteFailed: it does, but not this one.
        """
        self.prepare()
        end = time.monotonic() + PATIENCE
        attempt = 1

        while True:
            try:
                return self._write_once(work)
            except WriteFailed as error:
                again = attempt < attempts and time.monotonic() < end
                self._judge(error, again)

            time.sleep(random.uniform(0.01, 0.05) * attempt)
            attempt += 1

    def _write_once(self, work: Callable[[sa.Connection], T]) -> T:
        news = News() if self.listening.listens() else None

        with self._database.writing() as connection:
            connection.info[NEWS] = news

            try:
                result = work(connection)
            finally:
                connection.info.pop(NEWS, None)

        if news:
            self.listening.tell(news)

        return result

    def _judge(self, error: WriteFailed, again: bool) -> None:
        """Raise what a failed write means; return where it may be tried again."""
        cause = error.__cause__ or error

        if is_passing(cause) and again:
            return

        if is_passing(cause) or is_outage(cause):
            raise StoreUnavailable(str(error)) from cause

        # The class of an error does not tell a bad value from a missing table.
        if not self._canary():
            self._prepared = None
            raise StoreUnavailable(str(error)) from cause

        raise error
