"""Many rows in one statement, in the way that is fastest with each driver."""

from __future__ import annotations

import io
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from .texts import as_arrays
from .texts import as_copied
from .texts import as_rows
from .texts import types_of

Row = Sequence[Any]
IGNORES_CONFLICTS = ("postgresql", "sqlite")


def add_rows(
    connection: sa.Connection,
    table: sa.Table,
    names: Sequence[str],
    rows: Sequence[Row],
) -> None:
    """Insert rows that are known to be new: values in the order of ``names``."""
    if not rows:
        return

    if connection.dialect.name == "postgresql":
        _copy(connection, table, names, rows)
    else:
        _insert(connection, table, names, rows, "")


def add_missing(
    connection: sa.Connection,
    table: sa.Table,
    names: Sequence[str],
    rows: Sequence[Row],
    unique: str,
) -> None:
    """Insert rows; one whose unique columns are taken is left as it is."""
    if not rows:
        return

    if connection.dialect.name in IGNORES_CONFLICTS:
        _insert_ignoring(connection, table, names, rows)
    else:
        # INSERT IGNORE would also swallow what does not fit, by cutting it.
        same = f" ON DUPLICATE KEY UPDATE {unique} = {table.name}.{unique}"
        _insert(connection, table, names, rows, same)


def add_new(
    connection: sa.Connection,
    table: sa.Table,
    names: Sequence[str],
    rows: Sequence[Row],
    unique: str,
) -> int:
    """Insert rows as :func:`add_missing` does; how many of them were not there."""
    if not rows:
        return 0

    if connection.dialect.name in IGNORES_CONFLICTS:
        return _insert_ignoring(connection, table, names, rows)

    # What the server counts is the same for a new row and for one that was there.
    connection.exec_driver_sql("SET @unt_known = 0")
    column = f"{table.name}.{unique}"
    same = f"IF((@unt_known := @unt_known + 1) > 0, {column}, {column})"
    ending = f" ON DUPLICATE KEY UPDATE {unique} = {same}"
    _insert(connection, table, names, rows, ending)
    known = connection.exec_driver_sql("SELECT @unt_known").scalar_one()

    return len(rows) - int(known)


def put_rows(
    connection: sa.Connection,
    table: sa.Table,
    names: Sequence[str],
    rows: Sequence[Row],
    known: int,
) -> None:
    """Insert rows; one that is there by its first ``known`` columns gets the others."""
    if not rows:
        return

    by, others = ", ".join(names[:known]), names[known:]

    if connection.dialect.name not in IGNORES_CONFLICTS:
        to = ", ".join(f"{name} = VALUES({name})" for name in others)
        _insert(connection, table, names, rows, f" ON DUPLICATE KEY UPDATE {to}")
        return

    to = ", ".join(f"{name} = excluded.{name}" for name in others)
    ending = f" ON CONFLICT ({by}) DO UPDATE SET {to}"

    if connection.dialect.name == "sqlite":
        _insert(connection, table, names, rows, ending)
    else:
        _insert_arrays(connection, table, names, rows, ending)


def _insert_ignoring(
    connection: sa.Connection,
    table: sa.Table,
    names: Sequence[str],
    rows: Sequence[Row],
) -> int:
    """Insert rows that nothing is in the way of; how many."""
    if connection.dialect.name == "sqlite":
        return _insert(connection, table, names, rows, " ON CONFLICT DO NOTHING")

    return _insert_arrays(connection, table, names, rows, " ON CONFLICT DO NOTHING")


def _insert_arrays(
    connection: sa.Connection,
    table: sa.Table,
    names: Sequence[str],
    rows: Sequence[Row],
    ending: str,
) -> int:
    arrays, texts = as_arrays(types_of(table, names), rows)
    inserted = connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({', '.join(names)})"
        f" SELECT * FROM unnest({arrays}){ending}",
        texts,
    )
    return inserted.rowcount


def _insert(
    connection: sa.Connection,
    table: sa.Table,
    names: Sequence[str],
    rows: Sequence[Row],
    ending: str,
) -> int:
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    inserted = connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({', '.join(names)})"
        f" VALUES ({', '.join([mark] * len(names))}){ending}",
        as_rows(types_of(table, names), rows),
    )
    return inserted.rowcount


def _copy(
    connection: sa.Connection,
    table: sa.Table,
    names: Sequence[str],
    rows: Sequence[Row],
) -> None:
    texts = map(as_copied, types_of(table, names), zip(*rows, strict=True))
    lines = map("\t".join, zip(*texts, strict=True))
    text = "\n".join(chain(lines, ("",)))
    statement = f"COPY {table.name} ({', '.join(names)}) FROM STDIN"

    with _cursor(connection, statement) as cursor:
        if hasattr(cursor, "copy_expert"):
            cursor.copy_expert(statement, io.StringIO(text))
            return

        with cursor.copy(statement) as copy:
            copy.write(text)


@contextmanager
def _cursor(connection: sa.Connection, statement: str) -> Iterator[Any]:
    """The driver's own cursor; its errors are told as SQLAlchemy tells them."""
    dialect = connection.dialect
    driver: Any = connection.connection
    cursor = driver.cursor()

    try:
        yield cursor
    except dialect.loaded_dbapi.Error as error:
        lost = dialect.is_disconnect(error, driver, cursor)

        if lost:
            connection.invalidate(error)

        raise DBAPIError(
            statement, None, error, hide_parameters=True, connection_invalidated=lost
        ) from error
    finally:
        cursor.close()
