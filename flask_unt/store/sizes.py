"""How many rows tables have: counted as long as that is quick, else about."""

from __future__ import annotations

import json
from typing import Any
from typing import NamedTuple

import sqlalchemy as sa

COUNTED_UP_TO = 20_000


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
    """What the planner goes by. SQLite has none: rows are numbered as they come."""
    if connection.dialect.name == "sqlite":
        numbers = f"SELECT max(rowid), min(rowid) FROM {table.name}"
        last, first = _row(connection, numbers)
        return int(last) - int(first) + 1

    if connection.dialect.name == "postgresql":
        plan = _row(connection, f"EXPLAIN (FORMAT JSON) SELECT 1 FROM {table.name}")[0]
        plans = json.loads(plan) if isinstance(plan, str) else plan
        return int(plans[0]["Plan"]["Plan Rows"])

    return int(_row(connection, f"EXPLAIN SELECT 1 FROM {table.name}").rows or 0)


def _row(connection: sa.Connection, statement: str) -> Any:
    return connection.exec_driver_sql(statement).one()
