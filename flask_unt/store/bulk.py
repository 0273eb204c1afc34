"""Many rows in one statement, in the way that is fastest with each driver."""

from __future__ import annotations

import io
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from .schema import PARTITIONED
from .texts import as_array
from .texts import as_copied
from .texts import as_parameters

Row = Sequence[Any]
AT_ONCE = 500
IGNORES_CONFLICTS = ("postgresql", "sqlite")
POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


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


def change_rows(
    connection: sa.Connection,
    table: sa.Table,
    names: Sequence[str],
    rows: Sequence[Row],
    more: str | None = None,
) -> None:
    """Change rows, each known by its value of the first of these columns.

    :param more: the column that the value is added to instead.
    """
    if not rows:
        return

    backend = connection.dialect.name

    if backend == "postgresql":
        _change_by_arrays(connection, table, names, rows, more)
    elif backend == "sqlite":
        _change_one_by_one(connection, table, names, rows, more)
    else:
        for start in range(0, len(rows), AT_ONCE):
            _change_joined(
                connection, table, names, rows[start : start + AT_ONCE], more
            )


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
    arrays, texts = _arrays(_types(table, names), rows)
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
        _parameters(_types(table, names), rows),
    )
    return inserted.rowcount


def _types(table: sa.Table, names: Sequence[str]) -> list[TypeEngine[Any]]:
    return [table.c[name].type for name in names]


def _parameters(
    types: Sequence[TypeEngine[Any]], rows: Sequence[Row]
) -> list[tuple[Any, ...]]:
    converted = map(as_parameters, types, zip(*rows, strict=True))

    return list(zip(*converted, strict=True))


def _copy(
    connection: sa.Connection,
    table: sa.Table,
    names: Sequence[str],
    rows: Sequence[Row],
) -> None:
    texts = map(as_copied, _types(table, names), zip(*rows, strict=True))
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


def _arrays(
    types: Sequence[TypeEngine[Any]], rows: Sequence[Row]
) -> tuple[str, tuple[str, ...]]:
    """What ``unnest`` takes, and its parameters."""
    texts = map(as_array, types, zip(*rows, strict=True))
    casts = (f"CAST(%s AS {_name(type)}[])" for type in types)

    return ", ".join(casts), tuple(texts)


def _name(type: TypeEngine[Any]) -> str:
    # A cast to VARCHAR(255) would cut what is longer.
    if isinstance(type, sa.String):
        return "TEXT"

    return type.compile(dialect=POSTGRESQL)


def _change_by_arrays(
    connection: sa.Connection,
    table: sa.Table,
    names: Sequence[str],
    rows: Sequence[Row],
    more: str | None,
) -> None:
    known, *changed = names
    arrays, texts = _arrays(_types(table, names), rows)
    to = ", ".join(
        f"{name} = {f't.{name} + ' if name == more else ''}new.{name}"
        for name in changed
    )
    statement = (
        f"UPDATE {table.name} AS t SET {to} FROM unnest({arrays})"
        f" AS new ({', '.join(('known', *changed))}) WHERE t.{known} = new.known"
    )

    if table.name in PARTITIONED and known == "id":
        # Partitions that hold none of them are not looked at.
        ids = [row[0].hex() for row in rows]
        statement += " AND t.id BETWEEN CAST(%s AS uuid) AND CAST(%s AS uuid)"
        texts += (min(ids), max(ids))

    connection.exec_driver_sql(statement, texts)


def _change_one_by_one(
    connection: sa.Connection,
    table: sa.Table,
    names: Sequence[str],
    rows: Sequence[Row],
    more: str | None,
) -> None:
    known, *changed = names
    to = ", ".join(
        f"{name} = {f'{name} + ' if name == more else ''}?" for name in changed
    )
    connection.exec_driver_sql(
        f"UPDATE {table.name} SET {to} WHERE {known} = ?",
        _parameters(
            _types(table, (*changed, known)), [(*row[1:], row[0]) for row in rows]
        ),
    )


def _change_joined(
    connection: sa.Connection,
    table: sa.Table,
    names: Sequence[str],
    rows: Sequence[Row],
    more: str | None,
) -> None:
    known, *changed = names
    first = ", ".join(f"%s AS {name}" for name in ("known", *changed))
    others = [", ".join(["%s"] * len(names))] * (len(rows) - 1)
    news = " UNION ALL SELECT ".join((first, *others))
    to = ", ".join(
        f"t.{name} = {f't.{name} + ' if name == more else ''}new.{name}"
        for name in changed
    )
    connection.exec_driver_sql(
        f"UPDATE {table.name} AS t JOIN (SELECT {news}) AS new"
        f" ON t.{known} = new.known SET {to}",
        tuple(chain.from_iterable(_parameters(_types(table, names), rows))),
    )
