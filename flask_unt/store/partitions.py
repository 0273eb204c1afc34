"""Months of the large tables on PostgreSQL. Elsewhere there is nothing to do.

A table is parted by its key, which begins with the time that its id carries. What no
month takes is in the DEFAULT partition, and moves when its month is made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from datetime import timezone
from uuid import UUID

import sqlalchemy as sa

from .schema import PARTITIONED
from .schema import Moment

MONTH = re.compile(r"_(\d{4})_(\d{2})\Z")


@dataclass(frozen=True, slots=True)
class Month:
    """One calendar month, UTC."""

    year: int
    month: int

    @property
    def next(self) -> Month:
        """The month after."""
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def start(self) -> int:
        """Its first instant, in ms since 1970."""
        first = datetime(self.year, self.month, 1, tzinfo=timezone.utc)

        return int(first.timestamp()) * 1000

    @property
    def first_key(self) -> UUID:
        """The lowest key of its events."""
        return UUID(bytes=self.start.to_bytes(6, "big") + bytes(10))

    def of(self, table: str) -> str:
        """The name of a table's partition."""
        return f"{table}_{self.year:04}_{self.month:02}"


def month_of(moment: int) -> Month:
    """The month of an instant."""
    day = datetime.fromtimestamp(moment / 1000, timezone.utc)

    return Month(day.year, day.month)


def ensure_months(connection: sa.Connection, now: int) -> None:
    """Make this month's and the next month's partitions where they are missing."""
    if connection.dialect.name != "postgresql":
        return

    this = month_of(now)

    for table in PARTITIONED:
        for month in (this, this.next):
            if not _exists(connection, month.of(table)):
                _make(connection, table, month)


def drop_months(connection: sa.Connection, horizon: int) -> int:
    """Drop the months in which everything is older than the horizon; how many."""
    if connection.dialect.name != "postgresql":
        return 0

    dropped = 0

    for table in PARTITIONED:
        for name, month in _months(connection, table):
            if month.next.start <= horizon and _is_over(connection, name, horizon):
                connection.execute(sa.text(f'DROP TABLE "{name}"'))
                dropped += 1

    return dropped


def _exists(connection: sa.Connection, name: str) -> bool:
    return connection.scalar(sa.select(sa.func.to_regclass(name))) is not None


def _make(connection: sa.Connection, table: str, month: Month) -> None:
    low, high = month.first_key, month.next.first_key
    name = month.of(table)

    # The whole table, not only DEFAULT: a query that was planned before the month was
    # there would look in DEFAULT alone for what has moved.
    connection.execute(sa.text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))

    if _exists(connection, name):
        # Another process made it while this one waited.
        return

    for statement in (
        f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)",
        f"WITH moved AS (DELETE FROM {table}_default WHERE id >= '{low}'"
        f" AND id < '{high}' RETURNING *) INSERT INTO {name} SELECT * FROM moved",
        f"ALTER TABLE {table} ATTACH PARTITION {name}"
        f" FOR VALUES FROM ('{low}') TO ('{high}')",
    ):
        connection.execute(sa.text(statement))


def _months(connection: sa.Connection, table: str) -> list[tuple[str, Month]]:
    statement = sa.text(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = to_regclass(:table)"
    )
    found = []

    for name in connection.scalars(statement, {"table": table}):
        if match := MONTH.search(name):
            found.append((name, Month(int(match[1]), int(match[2]))))

    return sorted(found)


def _is_over(connection: sa.Connection, name: str, horizon: int) -> bool:
    """Whether no event of that month is younger, by the browser's clock or ours."""
    columns = sa.table(name, sa.column("local_time", Moment))
    younger = sa.select(columns.c.local_time).where(columns.c.local_time >= horizon)

    return connection.scalar(younger.limit(1)) is None
