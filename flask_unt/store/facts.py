"""What a database says of itself, and what our role may do in it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from flask_unt.errors import StoreUnavailable
from flask_unt.errors import WriteFailed

from .engine import FOREIGN_TABLE
from .engine import Database
from .schema import metadata
from .trouble import is_outage
from .trouble import is_passing

CLOCKS = {
    "postgresql": "SELECT extract(epoch FROM clock_timestamp()) * 1000",
    "mysql": "SELECT unix_timestamp(now(3)) * 1000",
}
MAY_CREATE = "SELECT has_schema_privilege(current_schema(), 'CREATE')"


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """Its clock is so many ms ``ahead`` of ours; None on SQLite: it has none.

    ``file`` is SQLite's, None in memory; a ``shared`` one has tables that are not
    ours. ``forbidden`` names what our role may not do, ``refusal`` is why nobody may
    write: the database is read-only, or full.
    """

    backend: str
    version: str
    ahead: int | None
    file: str | None
    shared: bool
    forbidden: tuple[str, ...] = ()
    refusal: str | None = None


class _TakesNothing(Exception):
    """The database itself refuses every write, whatever our rights are."""


def ask_database(database: Database) -> DatabaseFacts:
    """Ask, and change nothing.

    :raises StoreUnavailable: it cannot be asked now.
    """
    backend = database.backend

    with database.reading() as connection:
        version = ".".join(map(str, connection.dialect.server_version_info or ()))
        ahead = _ahead(connection, CLOCKS[backend]) if backend in CLOCKS else None
        file = _file(connection) if backend == "sqlite" else None
        shared = file is not None and _found(connection, FOREIGN_TABLE)

    facts = DatabaseFacts(backend, version, ahead, file, shared)

    try:
        return replace(facts, forbidden=_forbidden(database))
    except _TakesNothing as refusal:
        return replace(facts, refusal=str(refusal))


def _file(connection: sa.Connection) -> str | None:
    rows = connection.exec_driver_sql("PRAGMA database_list").all()

    return next((row[2] for row in rows if row[1] == "main" and row[2]), None)


def _found(connection: sa.Connection, statement: str) -> bool:
    return connection.exec_driver_sql(statement).first() is not None


def _ahead(connection: sa.Connection, clock: str) -> int:
    now = int(connection.execute(sa.text(clock)).scalar_one())

    return now - time.time_ns() // 1_000_000


def _forbidden(database: Database) -> tuple[str, ...]:
    found = []

    for table in metadata.sorted_tables:
        for name, statement in _trials(table):
            if not _may(database, statement):
                found.append(f"{name} on {table.name}")

    if database.backend == "postgresql" and not _may_create(database):
        found.append("CREATE in the schema")

    return tuple(found)


def _trials(table: sa.Table) -> list[tuple[str, Any]]:
    """Statements that touch no row, and still ask for the right."""
    column = next(iter(table.columns))
    none = sa.false()
    nothing = sa.select(table).where(none)

    return [
        ("SELECT", nothing),
        ("INSERT", sa.insert(table).from_select(table.columns.keys(), nothing)),
        ("UPDATE", sa.update(table).values({column.name: column}).where(none)),
        ("DELETE", sa.delete(table).where(none)),
    ]


def _may(database: Database, statement: Any) -> bool:
    try:
        with database.writing() as connection:
            connection.execute(statement)
    except WriteFailed as error:
        cause = error.__cause__ or error

        if is_outage(cause):
            raise _TakesNothing(str(error)) from error

        # A lock says nothing of our rights.
        if is_passing(cause):
            raise StoreUnavailable(str(error)) from error

        return False

    return True


def _may_create(database: Database) -> bool:
    with database.reading() as connection:
        return bool(connection.execute(sa.text(MAY_CREATE)).scalar())
