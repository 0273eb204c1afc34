"""The calendar of a person: views by the day on which their visit began.

Visits are added up by the database, so that somebody's ten thousand are a few hundred
rows. No MySQL driver, SQLite build or planner knows days of a zone alike; all can add
a fixed number of minutes, so the year is cut where the clocks are shifted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from datetime import timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from . import schema
from .hours import HOUR_MS
from .hours import QUARTER_MS
from .hours import day_of
from .hours import day_start
from .hours import offset_of
from .ownership import total
from .sources import Sources
from .sources import is_shown

CALENDAR_DAYS = 365
MINUTE_MS = 60_000
Stretch = tuple[int, int, int]


def days_of(
    conn: sa.Connection, sources: Sources, now: int, zone: str, bots: str
) -> tuple[tuple[date, int], ...]:
    """The days of the last year on which visits began, and how many views these had."""
    first = day_of(now, zone) - timedelta(days=CALENDAR_DAYS - 1)
    selects = [
        part
        for stretch in stretches(day_start(first, zone), now // HOUR_MS, zone)
        for part in _views_by_day(conn, sources, stretch, bots)
    ]
    views: Counter[date] = Counter()

    for row in conn.execute(sa.union_all(*selects)):
        views[date.fromisoformat(str(row.day))] += row.views

    return tuple(sorted(views.items()))


@lru_cache(maxsize=32)
def stretches(start: int, end_hour: int, zone: str) -> tuple[Stretch, ...]:
    """From ``start`` to beyond the end, cut so that each has one offset, in minutes."""
    end = (end_hour + 24) * HOUR_MS
    return tuple(_stretches(start, end, zone))


def _stretches(start: int, end: int, zone: str) -> Iterator[Stretch]:
    offset, moment = offset_of(start, zone), start

    while moment < end:
        after = min(moment + 24 * HOUR_MS, end)

        if offset_of(after, zone) != offset:
            while offset_of(moment, zone) == offset:
                moment += QUARTER_MS

            yield start, moment, offset // MINUTE_MS
            start, offset = moment, offset_of(moment, zone)
        else:
            moment = after

    yield start, end, offset // MINUTE_MS


def _views_by_day(
    conn: sa.Connection, sources: Sources, stretch: Stretch, bots: str
) -> Iterator[sa.Select[Any]]:
    visit = schema.visit
    start, end, offset = stretch
    day = _day(conn.dialect.name, visit.c.started_at, offset)
    began = (
        visit.c.started_at >= start,
        visit.c.started_at < end,
        is_shown(visit, bots),
    )
    browsers = sources.browsers
    theirs = (
        sa.select(day.label("day"), total(visit.c.views).label("views"))
        # The first condition follows from another; the index is on this column.
        .where(visit.c.visitor_id.in_(browsers), visit.c.last_at >= start, *began)
        .where(sources.holds(visit))
        .group_by(day)
    )
    yield theirs

    if sources.members is not None:
        yield (
            sa.select(day.label("day"), total(visit.c.user_views).label("views"))
            .where(visit.c.user_id.in_(sources.members), *began)
            .where(visit.c.visitor_id.not_in(browsers))
            .group_by(day)
        )


def _day(backend: str, column: sa.ColumnElement[Any], minutes: int) -> Any:
    """The day of a moment on a clock that is so many minutes east of UTC."""
    if backend == "sqlite":
        return sa.func.date(column, sa.literal_column(f"'{minutes:+d} minutes'"))

    if backend == "postgresql":
        shift: Any = sa.literal_column(f"interval '{minutes} minutes'")
        return sa.func.date(sa.func.timezone("UTC", column) + shift)

    return sa.func.date(
        sa.func.timestampadd(sa.text("MINUTE"), sa.literal_column(f"{minutes}"), column)
    )
