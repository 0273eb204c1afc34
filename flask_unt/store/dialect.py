"""The statements that each database spells in its own way."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from itertools import islice
from typing import Any
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite

from .bulk import add_missing
from .bulk import change_rows
from .texts import as_array

T = TypeVar("T")
Row = Mapping[str, Any]
CHUNK = 500


def insert_missing(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Row], unique: str
) -> None:
    """Insert rows; one whose unique columns are taken is left as it is."""
    names = list(rows[0]) if rows else []
    add_missing(connection, table, names, [tuple(row.values()) for row in rows], unique)


def upsert(
    connection: sa.Connection,
    table: sa.Table,
    rows: Sequence[Row],
    unique: Sequence[str],
    change: Mapping[str, str],
) -> None:
    """Insert rows; of one that is there, change columns.

    :param unique: the columns a row is known by.
    :param change: for a column, which value it gets: ``"new"``, or ``"greatest"``,
        ``"least"`` or ``"sum"`` of the old and the new one.
    """
    if not rows:
        return

    insert = _insert(connection, table)
    new = insert.inserted if _is_mysql(connection) else insert.excluded
    values = {
        name: _change(connection, how, table.c[name], new[name])
        for name, how in change.items()
    }

    if _is_mysql(connection):
        statement = insert.on_duplicate_key_update(values)
    else:
        statement = insert.on_conflict_do_update(index_elements=unique, set_=values)

    connection.execute(statement, list(rows))


def update_rows(
    connection: sa.Connection,
    table: sa.Table,
    known_by: str,
    changes: Sequence[tuple[Any, Row]],
) -> None:
    """Change rows, each known by the value of one column; all in the same columns."""
    names = [known_by, *(changes[0][1] if changes else ())]
    rows = [(known, *row.values()) for known, row in changes]
    change_rows(connection, table, names, rows)


def select_in(
    connection: sa.Connection,
    statement: sa.Select[Any],
    column: sa.ColumnElement[Any],
    values: Iterable[Any],
) -> Iterator[sa.Row[Any]]:
    """Rows whose ``column`` is one of many values."""
    if connection.dialect.name == "postgresql":
        yield from _select_any(connection, statement, column, list(values))
        return

    for chunk in chunks(values):
        yield from connection.execute(statement.where(column.in_(chunk)))


def _select_any(
    connection: sa.Connection,
    statement: sa.Select[Any],
    column: sa.ColumnElement[Any],
    values: list[Any],
) -> Iterable[sa.Row[Any]]:
    if not values:
        return ()

    # Of no type: with one, the server would read the text again for each row.
    text = sa.bindparam(None, as_array(column.type, values), sa.types.NullType())
    array = sa.cast(text, postgresql.ARRAY(column.type))

    return connection.execute(statement.where(column == sa.any_(array)))


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The values in lists of at most ``size``."""
    rest = iter(values)

    while chunk := list(islice(rest, size)):
        yield chunk


def _is_mysql(connection: sa.Connection) -> bool:
    return connection.dialect.name in ("mysql", "mariadb")


def _insert(connection: sa.Connection, table: sa.Table) -> Any:
    if _is_mysql(connection):
        return mysql.insert(table)

    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)

    return sqlite.insert(table)


def _change(connection: sa.Connection, how: str, old: Any, new: Any) -> Any:
    if how == "new":
        return new

    if how == "sum":
        return old + new

    if connection.dialect.name == "sqlite":
        how = {"greatest": "max", "least": "min"}[how]

    return getattr(sa.func, how)(old, new)
