"""The calendar of a person: views by the day on which their visit began.

The database is given the bounds of each day, so that it adds up a year of visits from
an index alone, and days begin when they do in the site's time zone: no MySQL driver,
SQLite build or planner knows these alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
from datetime import date
from datetime import timedelta
from functools import lru_cache
from itertools import pairwise

import sqlalchemy as sa

from .. import schema
from ..hours import day_of
from ..hours import day_start
from ..ownership import COUNT
from ..schema import EPOCH
from ..schema import MILLISECOND
from .sources import Sources

CALENDAR_DAYS = 365
MAX_BROWSERS = 50
MOMENTS = {
    "sqlite": "'{}'",
    "postgresql": "timestamptz '{}+00'",
    "mysql": "CAST('{}' AS DATETIME(3))",
}
BY_DAY = """
WITH days (day, low, high) AS ({days})
SELECT day, (
    SELECT SUM(views) FROM unt_visit
    WHERE visitor_id IN ({browsers}) AND started_at >= low AND started_at < high
        AND ({theirs}) AND ({shown})
) AS views
FROM days
"""


def days_of(
    conn: sa.Connection, sources: Sources, now: int, zone: str, bots: str
) -> tuple[tuple[date, int], ...]:
    """The days of the last year on which visits began, and how many views these had.

    Of those who have very many browsers, only the last ones are looked at.
    """
    today = day_of(now, zone)
    first = today - timedelta(days=CALENDAR_DAYS - 1)
    browsers = _browsers(conn, sources, day_start(first, zone))

    if not browsers:
        return ()

    statement = BY_DAY.format(
        days=_days(conn.dialect.name, today, zone),
        browsers=_list(browsers),
        theirs=_theirs(sources),
        shown="1 = 1" if bots.startswith(COUNT) else "NOT bot",
    )
    return tuple(
        (first + timedelta(days=row.day), int(row.views))
        # As text() it would be searched for parameters: these are numbers and days.
        for row in conn.exec_driver_sql(statement)
        if row.views
    )


def _browsers(conn: sa.Connection, sources: Sources, since: int) -> list[int]:
    """The last used ones that may have visits of theirs since then."""
    visitor, link = schema.visitor, schema.link
    ids = set(sources.browsers)

    if sources.members:
        linked = sa.select(link.c.visitor_id).where(link.c.user_id.in_(sources.members))
        ids.update(conn.scalars(linked))

    newest = (
        sa.select(visitor.c.id)
        .where(visitor.c.id.in_(ids), visitor.c.last_seen >= since)
        .order_by(visitor.c.last_seen.desc())
    )
    return list(conn.scalars(newest.limit(MAX_BROWSERS)))


def _theirs(sources: Sources) -> str:
    if sources.members is None:
        return "1 = 1"

    owned = f"user_id IS NULL AND visitor_id IN ({_list(sources.browsers or [0])})"
    return f"user_id IN ({_list(sources.members)}) OR {owned}"


def _list(ids: Iterable[int]) -> str:
    return ", ".join(str(int(id)) for id in ids)


@lru_cache(maxsize=8)
def _days(backend: str, today: date, zone: str) -> str:
    """The days of the year that ends today, as rows."""
    backend = "mysql" if backend == "mariadb" else backend
    moment = MOMENTS[backend]
    first = today - timedelta(days=CALENDAR_DAYS - 1)
    starts = [day_start(first + timedelta(n), zone) for n in range(CALENDAR_DAYS + 1)]
    texts = [moment.format(_text(start)) for start in starts]
    rows = [f"{day}, {low}, {high}" for day, (low, high) in enumerate(pairwise(texts))]
    return _selects(rows) if backend == "mysql" else _values(rows)


def _values(rows: Sequence[str]) -> str:
    return "VALUES " + ", ".join(f"({row})" for row in rows)


def _selects(rows: Sequence[str]) -> str:
    return " UNION ALL ".join(f"SELECT {row}" for row in rows)


def _text(moment: int) -> str:
    return (EPOCH + moment * MILLISECOND).isoformat(" ", "milliseconds")
