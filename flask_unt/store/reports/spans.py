"""Periods, split into what rollups hold and the edges for which rows are read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from ..hours import day_of
from ..hours import day_start
from ..hours import hour_end
from ..hours import hour_of
from ..ownership import counted
from ..ownership import of_team
from ..ownership import shows_team

Edge = tuple[int, int]


def within(column: Any, edges: list[Edge]) -> sa.ColumnElement[bool]:
    """What tells moments in one of the half-open ``edges``."""
    parts = [
        sa.and_(column >= start, column < end) for start, end in edges if start < end
    ]
    return sa.or_(sa.false(), *parts)


class Span:
    """A period of a zone. ``hours`` are the whole ones, ``hour_edges`` the rest."""

    def __init__(self, since: int, until: int, now: int, zone: str, bots: str) -> None:
        self.since, self.until = since, max(since, until)
        self.now, self.zone, self.bots = now, zone, bots
        self.hours, self.hour_edges = _whole_hours(self.since, self.until, zone)

    @property
    def whole(self) -> list[Edge]:
        """The whole days, as moments."""
        days = self.whole_days()

        if days is None:
            return []

        end = day_start(days[1] + timedelta(days=1), self.zone)
        return [(day_start(days[0], self.zone), end)]

    def before(self) -> Span:
        """The period of the same length before this one."""
        length = self.until - self.since
        return Span(self.since - length, self.since, self.now, self.zone, self.bots)

    def days(self) -> Iterator[date]:
        """Every day that this period touches."""
        day = day_of(self.since, self.zone)
        last = day_of(max(self.since, self.until - 1), self.zone)

        while day <= last:
            yield day
            day += timedelta(days=1)

    def full_days(self) -> tuple[date, date] | None:
        """The first and the last day that lie in the period from beginning to end."""
        first = day_of(self.since, self.zone)
        first += timedelta(days=day_start(first, self.zone) < self.since)
        last = day_of(self.until, self.zone) - timedelta(days=1)
        return (first, last) if first <= last else None

    def hours_beside(self, days: tuple[date, date] | None) -> list[Edge]:
        """The whole hours that are in none of these days."""
        if days is None:
            return [self.hours]

        start = day_start(days[0], self.zone)
        end = day_start(days[1] + timedelta(days=1), self.zone)
        return [(self.hours[0], start), (end, self.hours[1])]

    def whole_days(self) -> tuple[date, date] | None:
        """The first and the last day that lie in the period with all their views."""
        whole = [day for day in self.days() if self._is_whole(day)]
        return (whole[0], whole[-1]) if whole else None

    def day_edges(self) -> list[Edge]:
        """What of the period is not in its whole days."""
        whole = self.whole_days()

        if whole is None:
            return [(self.since, self.until)]

        first = day_start(whole[0], self.zone)
        end = day_start(whole[1] + timedelta(days=1), self.zone)
        return [(self.since, first), (end, self.until)]

    def _is_whole(self, day: date) -> bool:
        if day_start(day, self.zone) < self.since:
            return False

        # There are no views after now, so today is whole.
        end = day_start(day + timedelta(days=1), self.zone)
        return end <= self.until or self.until >= self.now


def _whole_hours(since: int, until: int, zone: str) -> tuple[Edge, list[Edge]]:
    first = hour_of(since, zone)
    first = first if first == since else hour_end(first, zone)
    end = hour_of(until, zone)

    if end <= first:
        return (first, first), [(since, until)]

    return (first, end), [(since, first), (end, until)]


def beside_hours(column: sa.Column[Any], span: Span) -> sa.ColumnElement[bool]:
    """What is to be counted besides the rollups of the whole hours."""
    return beside(column, [span.hours], span.hour_edges, span.bots)


def beside(
    column: sa.Column[Any], whole: list[Edge], edges: list[Edge], bots: str
) -> sa.ColumnElement[bool]:
    """What is in the ``edges``, and what rollups of the ``whole`` leave out."""
    cut = sa.and_(within(column, edges), counted(column.table, bots))

    if not shows_team(bots):
        return cut

    return sa.or_(cut, sa.and_(within(column, whole), of_team(column.table, bots)))
