"""The shortest way of one small write into a SQLite file."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from .engine import Database

PATIENCE = 1.0
PAUSE = 0.0005
LOG_PAGES = 10_000


class Lane:
    """One statement is one transaction, on a connection of its own that stays open.

    Threads take turns. Between processes SQLite waits by sleeping for milliseconds, but
    a row takes a few microseconds; so this way tries again sooner, and then gives up.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._engine: object = None
        self._pid: int | None = None
        self._connection: Any = None
        self._others: list[Any] = []

    def run(self, statement: str, parameters: Sequence[Any]) -> int | None:
        """How many rows that wrote; None where the ordinary way is to be tried."""
        if not self._is_for_it():
            return None

        with self._lock:
            try:
                return self._run(statement, parameters)
            except (sqlite3.Error, SQLAlchemyError):
                self._close()
                return None

    def close(self) -> None:
        """Close the connection; the next use opens another."""
        with self._lock:
            self._close()

    def _is_for_it(self) -> bool:
        """Whether a second connection sees the same database."""
        database = self._database
        name = database.url.database

        return database.backend == "sqlite" and bool(name) and "memory" not in str(name)

    def _run(self, statement: str, parameters: Sequence[Any]) -> int:
        connection = self._connect()

        end = time.monotonic() + PATIENCE

        while True:
            try:
                return int(connection.execute(statement, parameters).rowcount)
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > end:
                    raise

            time.sleep(PAUSE)

    def _connect(self) -> Any:
        engine = self._database.engine

        if self._engine is not engine:
            self._close()

        if self._connection is None:
            pooled = engine.raw_connection()
            pooled.detach()
            self._engine, self._connection = engine, pooled.dbapi_connection
            self._pid = os.getpid()
            self._connection.execute("PRAGMA busy_timeout = 0")
            # Whoever writes many rows syncs the log of all, and no request waits.
            self._connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")

        return self._connection

    def _close(self) -> None:
        connection, self._connection = self._connection, None

        if connection is None:
            return

        if self._pid == os.getpid():
            connection.close()
        else:
            # Another process's, from before a fork: not ours to close.
            self._others.append(connection)
