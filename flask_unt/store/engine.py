"""From a database URL to transactions: our own small engine, one per process."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from flask_unt.errors import ConfigError
from flask_unt.errors import StoreUnavailable
from flask_unt.errors import UNTError
from flask_unt.errors import WriteFailed

from .connecting import POSTGRESQL_LIMITS
from .connecting import connect_args
from .connecting import set_up_mysql
from .connecting import set_up_postgresql
from .database_url import normalize_url
from .file import GONE
from .file import DatabaseFile
from .trouble import refused
from .trouble import unavailable

FOREIGN_TABLE = (
    "SELECT 1 FROM sqlite_master WHERE type = 'table'"
    r" AND name NOT LIKE 'unt\_%' ESCAPE '\' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'"
)

log = logging.getLogger("flask_unt")


class Database:
    """An engine that connects when first asked, and is never shared over a fork."""

    def __init__(
        self,
        url: str,
        *,
        options: Mapping[str, Any] | None = None,
        keep_journal: bool = False,
    ) -> None:
        self.url = normalize_url(url)
        self.backend = self.url.get_backend_name()
        self._options = dict(options or {})
        self._host_args: dict[str, Any] = self._options.pop("connect_args", {})
        self._keep_journal = keep_journal
        self._file = DatabaseFile(self.url)
        self._lock = threading.Lock()
        self._engine: sa.Engine | None = None
        self._pid: int | None = None

    @property
    def engine(self) -> sa.Engine:
        """This process's engine."""
        if self._engine is not None and self._pid == os.getpid():
            return self._engine

        with self._lock:
            if self._engine is not None and self._pid != os.getpid():
                self._engine.dispose(close=False)
                self._engine = None

            if self._engine is None:
                self._engine = self._create()
                self._pid = os.getpid()

            return self._engine

    def look(self) -> int:
        """How often another SQLite file was found in the place of the first one.

        What is open on the old one is closed, and the next use opens the new one.

        :raises StoreUnavailable: there is no file any more.
        """
        if self._file.is_same():
            return self._file.number

        with self._lock:
            if self._file.is_gone():
                raise StoreUnavailable(GONE.format(path=self._file.path))

            if not self._file.is_same():
                self._file.change()
                log.warning("Another database file was put in place: it is used now.")
                self._close()

            return self._file.number

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction for reading, rolled back at its end.

        :raises StoreUnavailable: the database cannot be reached or asked now.
        """
        with self._connection() as connection, _said_as_unavailable():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction for writing, committed at its end.

        :raises StoreUnavailable: the database cannot be reached.
        :raises WriteFailed: the database refused a statement.
        """
        with self._connection(unt_write=True) as connection, said_as_refused():
            self._begin(connection)

            try:
                yield connection
                connection.commit()
            except BaseException:
                _roll_back(connection)
                raise

    def dispose(self) -> None:
        """Close this process's connections; the next use opens new ones."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        engine, self._engine = self._engine, None

        if engine is not None:
            engine.dispose(close=self._pid == os.getpid())

    @contextmanager
    def _connection(self, **options: Any) -> Iterator[sa.Connection]:
        self.look()

        try:
            connection = self.engine.connect()
        except (DBAPIError, PoolTimeout, OSError) as error:
            raise unavailable(error) from error

        with connection:
            yield connection.execution_options(**options)

    def _begin(self, connection: sa.Connection) -> None:
        connection.begin()

        if self.backend == "postgresql":
            connection.execute(POSTGRESQL_LIMITS)

    def _create(self) -> sa.Engine:
        try:
            engine = sa.create_engine(self.url, **self._engine_options())
        except (ImportError, NoSuchModuleError) as error:
            raise ConfigError(
                f"The driver {self.url.drivername} cannot be loaded."
                f' Run: pip install "flask-unt[{self.backend}]"'
            ) from error

        sa.event.listen(engine, "connect", self._on_connect())

        if self.backend == "sqlite":
            sa.event.listen(engine, "begin", _begin_sqlite)

        return engine

    def _engine_options(self) -> dict[str, Any]:
        wanted = {
            "connect_args": {**connect_args(self.url), **self._host_args},
            "pool_size": 2,
            "max_overflow": 3,
            "pool_timeout": 5,
            "pool_recycle": 1800,
            "pool_pre_ping": self.backend != "sqlite",
        }

        if self.backend != "sqlite":
            return {**wanted, "isolation_level": "READ COMMITTED", **self._options}

        wanted["poolclass"] = sa.pool.QueuePool

        if self.url.database in (None, "", ":memory:"):
            wanted |= {"pool_size": 1, "max_overflow": 0, "pool_recycle": -1}

        return {**wanted, **self._options}

    def _on_connect(self) -> Callable[[DBAPIConnection, Any], None]:
        if self.backend == "sqlite":
            return self._set_up_sqlite

        return set_up_mysql if self.backend == "mysql" else set_up_postgresql

    def _set_up_sqlite(self, connection: Any, _: Any) -> None:
        connection.isolation_level = None
        connection.create_function("unt_key", 1, bytes.fromhex, deterministic=True)
        cursor = connection.cursor()
        cursor.execute("PRAGMA secure_delete = ON")

        if self._journal(cursor) == "wal":
            cursor.execute("PRAGMA synchronous = NORMAL")

        cursor.close()
        self._file.note_opened()

    def _journal(self, cursor: Any) -> str:
        mode = str(cursor.execute("PRAGMA journal_mode").fetchone()[0])

        if mode == "wal" or self._keep_journal:
            return mode

        if cursor.execute(FOREIGN_TABLE).fetchone() is not None:
            return mode

        # Only a connection that is alone may change it: a later one will.
        with suppress(sqlite3.OperationalError):
            mode = str(cursor.execute("PRAGMA journal_mode = WAL").fetchone()[0])

        return mode


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("unt_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _roll_back(connection: sa.Connection) -> None:
    try:
        connection.rollback()
    except DBAPIError:
        connection.invalidate()


@contextmanager
def _said_as_unavailable() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise unavailable(error) from error


@contextmanager
def said_as_refused() -> Iterator[None]:
    """Say with one of our own errors what the database, or its driver, refuses.

    :raises StoreUnavailable: the connection is gone.
    :raises WriteFailed: all else.
    """
    try:
        yield
    except DBAPIError as error:
        if error.connection_invalidated:
            raise unavailable(error) from error

        raise refused(error) from error
    except UNTError:
        raise
    except Exception as error:
        # Drivers refuse some values by themselves, with errors of any class.
        name = type(error).__name__
        raise WriteFailed(f"This cannot be written: {name}.") from error
