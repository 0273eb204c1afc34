"""Reports on the whole site: rollups, and rows where an hour or a day is cut."""

from __future__ import annotations

from collections import Counter
from datetime import date
from datetime import timedelta

import sqlalchemy as sa

from .. import schema
from ..dialect import select_in
from ..hours import HOUR_MS
from ..hours import day_of
from ..hours import day_start
from ..ownership import COUNT
from ..ownership import counted
from ..ownership import of_team
from ..ownership import shows_team
from ..ownership import total
from .here_now import count_here
from .shapes import DayFigures
from .shapes import Figures
from .shapes import Overview
from .spans import Span
from .spans import beside
from .spans import beside_hours
from .spans import within


def overview(
    conn: sa.Connection,
    *,
    since: int,
    until: int,
    now: int,
    zone: str = "UTC",
    bots: str = "apart",
) -> Overview:
    """Figures of the views from ``since`` until just before ``until``.

    In ``series`` the visitors of a day are those of the whole day. Marked hours are to
    be recomputed before.
    """
    span = Span(since, max(since, until), now, zone, bots)
    figures = _figures(conn, span)
    not_counted = _not_counted(conn, span)
    return Overview(
        since=since,
        until=until,
        visitors=figures.visitors,
        views=figures.views,
        visits=figures.visits,
        engaged_ms_median=figures.engaged_ms_median,
        newly_known=figures.newly_known,
        previous=_figures(conn, span.before()),
        here_now=count_here(conn, now, bots),
        series=_series(conn, span),
        not_counted_bots=not_counted[0],
        not_counted_team=not_counted[1],
        first_view_at=_first_view_at(conn, bots),
        hours_behind=_hours_behind(conn),
        series_before=_series(conn, span.before()),
    )


def _figures(conn: sa.Connection, span: Span) -> Figures:
    views, visits = _views_and_visits(conn, span)
    user = schema.user
    newly_known = sa.select(sa.func.count()).where(
        within(user.c.created_at, [(span.since, span.until)]),
        sa.true() if shows_team(span.bots) else user.c.team.is_(sa.false()),
    )
    return Figures(
        visitors=_visitors(conn, span),
        views=views,
        visits=visits,
        engaged_ms_median=_engaged_median(conn, span),
        newly_known=conn.scalar(newly_known) or 0,
    )


def _views_and_visits(conn: sa.Connection, span: Span) -> tuple[int, int]:
    hour, view, visit = schema.hour, schema.page_view, schema.visit
    whole = sa.select(total(hour.c.views), total(hour.c.visits)).where(
        within(hour.c.hour, [span.hours])
    )
    views, visits = conn.execute(whole).one()
    cut_views = sa.select(sa.func.count()).where(beside_hours(view.c.local_time, span))
    cut_visits = sa.select(sa.func.count()).where(
        beside_hours(visit.c.started_at, span)
    )
    return (
        views + (conn.scalar(cut_views) or 0),
        visits + (conn.scalar(cut_visits) or 0),
    )


def _visitors(conn: sa.Connection, span: Span) -> int:
    seen, view = schema.visitor_day, schema.page_view
    whole = span.whole_days()
    cut = sa.select(view.c.visitor_id).where(
        view.c.visitor_id.is_not(None),
        beside(view.c.local_time, span.whole, span.day_edges(), span.bots),
    )
    days = sa.select(seen.c.visitor_id).where(
        seen.c.day.between(*whole) if whole else sa.false()
    )
    everybody = sa.union(cut, days).subquery("everybody")
    return conn.scalar(sa.select(sa.func.count()).select_from(everybody)) or 0


def _engaged_median(conn: sa.Connection, span: Span) -> int:
    visit = schema.visit
    mine = sa.and_(
        within(visit.c.started_at, [(span.since, span.until)]),
        counted(visit, span.bots),
    )
    count = conn.scalar(sa.select(sa.func.count(visit.c.id)).where(mine)) or 0

    if count == 0:
        return 0

    middle = conn.scalars(
        sa.select(visit.c.engaged_ms)
        .where(mine)
        .order_by(visit.c.engaged_ms)
        .offset((count - 1) // 2)
        .limit(2 - count % 2)
    ).all()
    return int(sum(middle) // len(middle))


def _series(conn: sa.Connection, span: Span) -> tuple[DayFigures, ...]:
    views = _views_by_day(conn, span)
    seen = schema.visitor_day
    days = list(span.days())
    visitors: dict[date, int] = {
        day: count
        for day, count in conn.execute(
            sa.select(seen.c.day, sa.func.count())
            .where(seen.c.day.between(days[0], days[-1]))
            .group_by(seen.c.day)
        )
    }
    team = _team_by_day(conn, span, days)
    return tuple(
        DayFigures(day, visitors.get(day, 0) + team[day], views[day]) for day in days
    )


def _team_by_day(conn: sa.Connection, span: Span, days: list[date]) -> Counter[date]:
    """Visitors of the team whom the rollups of these days leave out."""
    if not shows_team(span.bots):
        return Counter()

    seen, view = schema.visitor_day, schema.page_view
    start = day_start(days[0], span.zone)
    end = day_start(days[-1] + timedelta(days=1), span.zone)
    found = conn.execute(
        sa.select(view.c.local_time, view.c.visitor_id).where(
            view.c.visitor_id.is_not(None),
            within(view.c.local_time, [(start, end)]),
            of_team(view, span.bots),
        )
    )
    team = {(day_of(row.local_time, span.zone), row.visitor_id) for row in found}
    known = sa.select(seen.c.day, seen.c.visitor_id).where(
        seen.c.day.between(days[0], days[-1])
    )
    ids = {visitor_id for _, visitor_id in team}
    rows = select_in(conn, known, seen.c.visitor_id, sorted(ids))
    return Counter(day for day, _ in team - {(r.day, r.visitor_id) for r in rows})


def _views_by_day(conn: sa.Connection, span: Span) -> Counter[date]:
    hour, view = schema.hour, schema.page_view
    views: Counter[date] = Counter()
    whole = sa.select(hour.c.hour, hour.c.views).where(
        within(hour.c.hour, [span.hours])
    )

    for start, count in conn.execute(whole):
        views[day_of(start, span.zone)] += count

    cut = sa.select(view.c.local_time).where(beside_hours(view.c.local_time, span))
    views.update(day_of(moment, span.zone) for moment in conn.scalars(cut))
    return views


def _not_counted(conn: sa.Connection, span: Span) -> tuple[int, int]:
    """Views of visits that are left out, for being bots' and for being the team's."""
    visit = schema.visit
    views = sa.select(total(visit.c.views)).where(
        within(visit.c.started_at, [(span.since, span.until)])
    )
    counts_bots = span.bots.startswith(COUNT)
    bots = views.where(sa.false() if counts_bots else visit.c.bot.is_(sa.true()))
    team = views.where(
        sa.false() if shows_team(span.bots) else visit.c.team.is_(sa.true()),
        sa.true() if counts_bots else visit.c.bot.is_(sa.false()),
    )
    return conn.scalar(bots) or 0, conn.scalar(team) or 0


def _hours_behind(conn: sa.Connection) -> int:
    return conn.scalar(sa.select(sa.func.count()).select_from(schema.mark)) or 0


def _first_view_at(conn: sa.Connection, bots: str) -> int | None:
    view = schema.page_view
    first_hour = sa.select(sa.func.min(schema.hour.c.hour)).where(
        schema.hour.c.views > 0
    )
    first_view = (
        sa.select(view.c.local_time)
        .where(counted(view, bots))
        .order_by(view.c.local_time)
        .limit(1)
    )
    hour_start: int | None = conn.scalar(first_hour)
    viewed_at: int | None = conn.scalar(first_view)

    if viewed_at is None or hour_start is None:
        return hour_start if viewed_at is None else viewed_at

    # Only pruned views can be an hour or more before the first one that is left.
    return hour_start if viewed_at - hour_start >= HOUR_MS else viewed_at
