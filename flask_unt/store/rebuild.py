"""Add up all open hours anew, as after a change of the site's time zone."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from .hours import day_of
from .hours import day_start
from .hours import hour_end
from .hours import hour_of
from .schema import hour as hour_table
from .schema import mark
from .schema import page_day
from .schema import page_hour
from .schema import page_view
from .schema import site
from .schema import visitor_day
from .upkeep import add_up_pages

MARKS_AT_ONCE = 500


def begin_rebuild(connection: sa.Connection, zone: str) -> None:
    """Drop the rollups of open hours, and mark all that have views.

    Closed hours, whose rows are gone, stay as they are, in the zone they had; the days
    of theirs are added up in the new one.
    """
    statement = sa.select(site.c.pruned_before).where(site.c.id == 1)
    open_from = connection.scalar(statement.with_for_update()) or 0
    hours = _hours_with_views(connection, open_from, zone)

    for table in (hour_table, page_hour):
        connection.execute(sa.delete(table).where(table.c.hour >= open_from))

    # Of a day that is closed in part, what is known stays.
    whole = day_of(open_from, zone)
    whole += timedelta(days=day_start(whole, zone) < open_from)
    connection.execute(sa.delete(visitor_day).where(visitor_day.c.day >= whole))
    connection.execute(sa.delete(mark))
    connection.execute(sa.delete(page_day))

    for day in sorted({day_of(hour, zone) for hour in _closed_hours(connection)}):
        add_up_pages(connection, day, zone)

    for start in range(0, len(hours), MARKS_AT_ONCE):
        some = [{"hour": hour} for hour in hours[start : start + MARKS_AT_ONCE]]
        connection.execute(sa.insert(mark), some)

    connection.execute(sa.update(site).where(site.c.id == 1).values(timezone=zone))


def marks_left(connection: sa.Connection) -> int:
    """How many hours are still to be added up."""
    return connection.scalar(sa.select(sa.func.count()).select_from(mark)) or 0


def _closed_hours(connection: sa.Connection) -> sa.ScalarResult[int]:
    return connection.scalars(sa.select(page_hour.c.hour).distinct())


def _hours_with_views(connection: sa.Connection, since: int, zone: str) -> list[int]:
    hours: list[int] = []
    next_view = sa.select(page_view.c.local_time).order_by(page_view.c.local_time)

    while True:
        later = next_view.where(page_view.c.local_time >= since).limit(1)
        moment = connection.scalar(later)

        if moment is None:
            return hours

        hours.append(hour_of(moment, zone))
        since = hour_end(hours[-1], zone)
