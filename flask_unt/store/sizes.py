"""How many rows tables have: counted as long as that is quick, else about."""

from __future__ import annotations

from typing import Any
from typing import NamedTuple

import sqlalchemy as sa

COUNTED_UP_TO = 20_000
PAGES_SAMPLED = 200
PAGES = """
SELECT coalesce(sum(pg_relation_size(part)), 0) / 8192
FROM (SELECT CAST('{table}' AS regclass) AS part
      UNION SELECT relid FROM pg_partition_tree('{table}')) AS parts
"""


class Size(NamedTuple):
    """``rows`` are an estimate of the database's where they are ``about`` right."""

    rows: int
    about: bool = False


def size_of(connection: sa.Connection, table: sa.Table) -> Size:
    """The rows of a table, in some milliseconds however many they are."""
    some = sa.select(sa.literal(1)).select_from(table).limit(COUNTED_UP_TO + 1)
    counted = connection.scalar(sa.select(sa.func.count()).select_from(some.subquery()))

    if counted is None or counted <= COUNTED_UP_TO:
        return Size(counted or 0)

    return Size(max(counted, _estimate(connection, table)), about=True)


def _estimate(connection: sa.Connection, table: sa.Table) -> int:
    if connection.dialect.name == "postgresql":
        return _sampled(connection, table)

    if connection.dialect.name == "sqlite":
        # Rows are numbered as they come, and the oldest go first.
        numbers = f"SELECT max(rowid), min(rowid) FROM {table.name}"
        last, first = _row(connection, numbers)
        return int(last) - int(first) + 1

    return int(_row(connection, f"EXPLAIN SELECT 1 FROM {table.name}").rows or 0)


def _sampled(connection: sa.Connection, table: sa.Table) -> int:
    """By the rows on some pages: the planner knows nothing of what came just now."""
    pages = int(_row(connection, PAGES.format(table=table.name))[0])
    percent = min(100.0, 100 * PAGES_SAMPLED / max(pages, 1))
    sample = f"SELECT count(*) FROM {table.name} TABLESAMPLE SYSTEM ({percent:f})"

    return round(int(_row(connection, sample)[0]) * 100 / percent)


def _row(connection: sa.Connection, statement: str) -> Any:
    return connection.exec_driver_sql(statement).one()
