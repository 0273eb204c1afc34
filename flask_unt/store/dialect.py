"""The statements that each database spells in its own way."""

from __future__ import annotations

import json
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
from .changes import change_rows
from .schema import Key
from .texts import as_array

T = TypeVar("T")
Row = Mapping[str, Any]
CHUNK = 500
# How many values one text may hold.
AT_ONCE = {"postgresql": 100_000, "sqlite": 10_000}


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
    for chunk in chunks(values, AT_ONCE.get(connection.dialect.name, CHUNK)):
        among = is_among(connection, column, chunk)
        yield from connection.execute(statement.where(among)).all()


def delete_in(
    connection: sa.Connection, column: sa.Column[Any], values: Iterable[Any]
) -> None:
    """Delete the rows that have one of these values, some at a time."""
    for chunk in chunks(values):
        connection.execute(sa.delete(column.table).where(column.in_(chunk)))


def is_among(
    connection: sa.Connection, column: sa.ColumnElement[Any], values: list[Any]
) -> sa.ColumnElement[bool]:
    """Whether ``column`` is one of these values, in the database's quickest way."""
    backend = connection.dialect.name

    if backend == "postgresql":
        # Of no type: with one, the server would read the text again for each row.
        text = sa.bindparam(None, as_array(column.type, values), sa.types.NullType())
        return column == sa.any_(sa.cast(text, postgresql.ARRAY(column.type)))

    if backend == "sqlite" and isinstance(column.type, (Key, sa.Integer)):
        return column.in_(_listed(column, values))

    return column.in_(values)


def _listed(column: sa.ColumnElement[Any], values: list[Any]) -> sa.Select[Any]:
    """One text for all values, which SQLite takes apart: see ``Database``."""
    is_key = isinstance(column.type, Key)
    text = json.dumps([value.hex() for value in values] if is_key else values)
    each: Any = sa.func.json_each(text).table_valued("value").c.value

    return sa.select(sa.func.unt_key(each) if is_key else each)


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
