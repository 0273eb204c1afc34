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

T = TypeVar("T")
Row = Mapping[str, Any]
CHUNK = 500


def insert_missing(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Row], unique: str
) -> None:
    """Insert rows; one whose unique columns are taken is left as it is."""
    if not rows:
        return

    if _is_mysql(connection):
        # INSERT IGNORE would also swallow what does not fit, by cutting it.
        same = {unique: table.c[unique]}
        statement: Any = mysql.insert(table).on_duplicate_key_update(same)
    else:
        statement = _insert(connection, table).on_conflict_do_nothing()

    connection.execute(statement, list(rows))


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
    if not changes:
        return

    column = table.c[known_by]
    statement = (
        sa.update(table)
        .where(column == sa.bindparam("known", type_=column.type))
        .values({name: sa.bindparam(f"to_{name}") for name in changes[0][1]})
    )
    values = [
        {"known": known, **{f"to_{name}": value for name, value in row.items()}}
        for known, row in changes
    ]
    connection.execute(statement, values)


def select_in(
    connection: sa.Connection,
    statement: sa.Select[Any],
    column: sa.ColumnElement[Any],
    values: Iterable[Any],
) -> Iterator[sa.Row[Any]]:
    """Rows whose ``column`` is one of many values, asked for in chunks."""
    for chunk in chunks(values):
        yield from connection.execute(statement.where(column.in_(chunk)))


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
