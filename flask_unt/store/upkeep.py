"""Marked hours become rollups; what is too old goes.

Rollups are never counted up: an hour is recomputed from its rows, so it equals a
recount. Hours before ``unt_site.pruned_before`` are closed: their rows are gone or
going, and their rollups stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from .hours import HOUR_MS
from .hours import day_of
from .hours import day_start
from .hours import hour_end
from .hours import hour_of
from .ownership import counted
from .ownership import total
from .schema import hour as hour_table
from .schema import mark
from .schema import page_day
from .schema import page_hour
from .schema import page_view
from .schema import site
from .schema import visit
from .schema import visitor_day


def recompute_marks(
    connection: sa.Connection, *, limit: int, zone: str, bots: str
) -> int:
    """Recompute the latest marked hours, at most ``limit``; how many marks are done."""
    pruned_before = _lock_site(connection)
    latest = sa.select(mark.c.hour).order_by(mark.c.hour.desc()).limit(limit)
    marks = sorted(connection.scalars(latest))

    if not marks:
        return 0

    _take_marks(connection, marks)
    hours = _open_hours(marks, zone, pruned_before or 0)
    sums = _Counted(connection, zone, bots)

    for hour in hours:
        sums.recompute_hour(hour)

    for day in sorted({day_of(hour, zone) for hour in hours}):
        add_up_pages(connection, day, zone)

        # Of a day that is closed in part, some rows are gone.
        if day_start(day, zone) >= (pruned_before or 0):
            sums.drop_vanished(day)

    return len(marks)


def add_up_pages(connection: sa.Connection, day: date, zone: str) -> None:
    """Have a day's views of pages be those of its hours, closed ones included."""
    start, end = day_start(day, zone), day_start(day + timedelta(days=1), zone)
    page_id, views = page_hour.c.page_id, page_hour.c.views
    sums = (
        sa.select(sa.literal(day, sa.Date), page_id, total(views))
        .where(page_hour.c.hour >= start, page_hour.c.hour < end)
        .group_by(page_id)
    )
    connection.execute(sa.delete(page_day).where(page_day.c.day == day))
    connection.execute(
        sa.insert(page_day).from_select(["day", "page_id", "views"], sums)
    )


def _lock_site(connection: sa.Connection) -> int | None:
    """When closed hours end. One recomputes at a time: two would meet in a day."""
    statement = sa.select(site.c.pruned_before).where(site.c.id == 1).with_for_update()

    return connection.scalar(statement)


def _take_marks(connection: sa.Connection, marks: list[int]) -> None:
    """Delete marks before their rows are read: a later write marks them again."""
    wanted = mark.c.hour.in_(marks)
    lock = sa.select(mark.c.hour).where(wanted).order_by(mark.c.hour)
    connection.execute(lock.with_for_update()).all()
    connection.execute(sa.delete(mark).where(wanted))


def _open_hours(marks: Iterable[int], zone: str, pruned_before: int) -> list[int]:
    """The hours of these marks, made perhaps when the site had another time zone."""
    hours = {hour_of(at, zone) for m in marks for at in (m, m + HOUR_MS - 1)}

    return sorted(hour for hour in hours if hour >= pruned_before)


class _Counted:
    """What counts: views and visits, but for the team's, and bots' kept apart."""

    def __init__(self, connection: sa.Connection, zone: str, bots: str) -> None:
        self._connection = connection
        self._zone = zone
        self._bots = bots

    def recompute_hour(self, hour: int) -> None:
        end = hour_end(hour, self._zone)
        self._recompute_pages(hour, end)
        self._recompute_figures(hour, end)
        self._add_visitors(hour, end)

    def drop_vanished(self, day: date) -> None:
        start = day_start(day, self._zone)
        end = day_start(day + timedelta(days=1), self._zone)
        seen = self._views(start, end).where(
            page_view.c.visitor_id == visitor_day.c.visitor_id
        )
        self._connection.execute(
            sa.delete(visitor_day).where(
                visitor_day.c.day == day, ~seen.correlate(visitor_day).exists()
            )
        )

    def _views(self, start: int, end: int, *columns: Any) -> sa.Select[Any]:
        statement = sa.select(*(columns or [page_view.c.id])).where(
            page_view.c.local_time >= start, page_view.c.local_time < end
        )

        return statement.where(counted(page_view, self._bots))

    def _visits(self, start: int, end: int, *columns: Any) -> sa.Select[Any]:
        statement = sa.select(*columns).where(
            visit.c.started_at >= start, visit.c.started_at < end
        )

        return statement.where(counted(visit, self._bots))

    def _recompute_pages(self, hour: int, end: int) -> None:
        self._clear(page_hour, hour, end)
        views = self._views(
            hour, end, _moment(hour), page_view.c.page_id, sa.func.count()
        )
        self._connection.execute(
            sa.insert(page_hour).from_select(
                ["hour", "page_id", "views"], views.group_by(page_view.c.page_id)
            )
        )

    def _recompute_figures(self, hour: int, end: int) -> None:
        self._clear(hour_table, hour, end)
        engaged = sa.func.coalesce(sa.func.sum(page_view.c.engaged_ms), 0)
        bounced = sa.case((visit.c.views == 1, 1), else_=0)
        bounces = sa.func.coalesce(sa.func.sum(bounced), 0)
        views = self._one(self._views(hour, end, sa.func.count(), engaged))
        visits = self._one(self._visits(hour, end, sa.func.count(), bounces))

        if not views[0] and not visits[0]:
            return

        row = {
            "hour": hour,
            "views": views[0],
            "visits": visits[0],
            "bounces": visits[1],
            "engaged_ms": views[1],
        }
        self._connection.execute(sa.insert(hour_table), row)

    def _add_visitors(self, hour: int, end: int) -> None:
        day = day_of(hour, self._zone)
        known = sa.select(visitor_day.c.visitor_id).where(
            visitor_day.c.day == day,
            visitor_day.c.visitor_id == page_view.c.visitor_id,
        )
        id = page_view.c.visitor_id
        views = self._views(hour, end, sa.literal(day, sa.Date), id).where(
            id.is_not(None), ~known.correlate(page_view).exists()
        )
        self._connection.execute(
            sa.insert(visitor_day).from_select(["day", "visitor_id"], views.distinct())
        )

    def _one(self, statement: sa.Select[Any]) -> tuple[int, int]:
        first, second = self._connection.execute(statement).one()

        return int(first), int(second)

    def _clear(self, table: sa.Table, hour: int, end: int) -> None:
        self._connection.execute(
            sa.delete(table).where(table.c.hour >= hour, table.c.hour < end)
        )


def _moment(hour: int) -> sa.ColumnElement[int]:
    return sa.literal(hour, hour_table.c.hour.type)
