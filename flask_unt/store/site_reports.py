"""Reports on the whole site: rollups, and rows where an hour or a day is cut."""

from __future__ import annotations

from collections import Counter
from datetime import date
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from . import schema
from .dialect import select_in
from .hours import HOUR_MS
from .hours import day_of
from .hours import day_start
from .ownership import COUNT
from .ownership import counted
from .ownership import of_team
from .ownership import shows_team
from .ownership import total
from .ownership import views_of
from .shapes import DayFigures
from .shapes import Figures
from .shapes import Overview
from .shapes import PageRow
from .shapes import PageShare
from .spans import Edge
from .spans import Span
from .spans import within

LIVE_MS = 300_000
LAST_MOMENT = 253_370_764_800_000  # the year 9999


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
        here_now=live(conn, now, bots),
        series=_series(conn, span),
        not_counted_bots=not_counted[0],
        not_counted_team=not_counted[1],
        first_view_at=_first_view_at(conn, bots),
        hours_behind=_hours_behind(conn),
        series_before=_series(conn, span.before()),
    )


def page_share(
    conn: sa.Connection,
    *,
    user_id: int | None = None,
    since: int | None = None,
    until: int | None = None,
    limit: int = 6,
    zone: str = "UTC",
    bots: str = "apart",
) -> PageShare:
    """The most viewed pages, of one user or of everybody, and the rest as "Other"."""
    if user_id is None:
        counts = _page_counts(since, until, zone, bots)
    else:
        counts = _page_counts_of(user_id, since, until, bots)

    views = total(counts.c.views)
    everything = conn.scalar(sa.select(views)) or 0
    page = schema.page
    found = conn.execute(
        sa.select(
            page.c.id, page.c.title, page.c.host, page.c.path, views.label("shown")
        )
        .join(counts, counts.c.page_id == page.c.id)
        .group_by(page.c.id, page.c.title, page.c.host, page.c.path)
        .having(views > 0)
        .order_by(views.desc(), page.c.id)
        .limit(limit)
    )
    rows = [_page_row(row, everything) for row in found]
    rest = everything - sum(row.views for row in rows)

    if rest > 0:
        rows.append(PageRow(None, "Other", "", "", rest, rest / everything))

    return PageShare(everything, tuple(rows))


def _page_row(row: sa.Row[Any], everything: int) -> PageRow:
    share = row.shown / everything
    return PageRow(row.id, row.title, row.host, row.path, row.shown, share)


def live(conn: sa.Connection, now: int, bots: str = "apart") -> int:
    """How many visitors saw a page in the last five minutes."""
    view = schema.page_view
    found = conn.scalar(
        sa.select(sa.func.count(view.c.visitor_id.distinct())).where(
            view.c.local_time > now - LIVE_MS, counted(view, bots)
        )
    )
    return found or 0


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
        _beside(view.c.local_time, span.whole, span.day_edges(), span.bots),
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


def beside_hours(column: sa.Column[Any], span: Span) -> sa.ColumnElement[bool]:
    """What is to be counted besides the rollups of the whole hours."""
    return _beside(column, [span.hours], span.hour_edges, span.bots)


def _beside(
    column: sa.Column[Any], whole: list[Edge], edges: list[Edge], bots: str
) -> sa.ColumnElement[bool]:
    cut = sa.and_(within(column, edges), counted(column.table, bots))

    if not shows_team(bots):
        return cut

    return sa.or_(cut, sa.and_(within(column, whole), of_team(column.table, bots)))


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


def _page_counts(
    since: int | None, until: int | None, zone: str, bots: str
) -> sa.Subquery:
    by_hour, view = schema.page_hour, schema.page_view
    rolled = sa.select(by_hour.c.page_id, by_hour.c.views)

    if since is None and until is None and not shows_team(bots):
        return rolled.subquery("counts")

    span = Span(since or 0, LAST_MOMENT if until is None else until, 0, zone, bots)
    whole = rolled.where(within(by_hour.c.hour, [span.hours]))
    cut = (
        sa.select(view.c.page_id, sa.func.count().label("views"))
        .where(beside_hours(view.c.local_time, span))
        .group_by(view.c.page_id)
    )
    return sa.union_all(whole, cut).subquery("counts")


def _page_counts_of(
    user_id: int, since: int | None, until: int | None, bots: str
) -> sa.Subquery:
    view = schema.page_view
    edges = [(since or 0, LAST_MOMENT if until is None else until)]
    signed_in, owned = views_of(
        [user_id],
        [view.c.page_id, sa.literal(1).label("views")],
        within(view.c.local_time, edges),
        counted(view, bots),
    )
    return sa.union_all(signed_in, owned).subquery("counts")
