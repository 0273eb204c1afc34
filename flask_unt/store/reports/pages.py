"""Reports on one page: how much it was viewed, by whom, and on the way to where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from .. import schema
from ..dialect import select_in
from ..figures import NOBODY
from ..hours import day_of
from ..ownership import counted
from ..ownership import is_counted
from .shapes import PageDetail
from .shapes import PageName
from .shapes import PagePerson
from .shapes import Steps
from .shapes import Ways
from .spans import Span
from .spans import beside_hours
from .spans import within

PEOPLE_SHOWN = 20
VISITS_LOOKED_AT = 500
STEPS_SHOWN = 8
DIRECTLY = None


def page(conn: sa.Connection, id: int) -> PageName | None:
    """How a page is called, or None if there is no such page."""
    found = page_names(conn, [id])
    return found.get(id)


def page_names(conn: sa.Connection, ids: Sequence[int]) -> dict[int, PageName]:
    """How these pages are called."""
    table = schema.page.c
    columns = (table.id, table.title, table.host, table.path)
    rows = select_in(conn, sa.select(*columns), table.id, sorted(set(ids)))
    return {row.id: PageName(row.id, row.title, row.host, row.path) for row in rows}


def page_detail(
    conn: sa.Connection,
    id: int,
    *,
    since: int,
    until: int,
    now: int,
    zone: str = "UTC",
    bots: str = "apart",
) -> PageDetail | None:
    """A page from ``since`` until just before ``until``; None if there is none.

    People are those who saw it since then, and perhaps later again. Marked hours and
    figures are to be recomputed before.
    """
    name = page(conn, id)

    if name is None:
        return None

    span = Span(since, max(since, until), now, zone, bots)
    days = _views_by_day(conn, id, span)
    people, who = _who(conn, id, since, bots)
    return PageDetail(
        page=name,
        views=sum(days.values()),
        people=people,
        anonymous=_anonymous(conn, id, since),
        series=tuple((day, days[day]) for day in span.days()),
        who=who,
        ways=_ways(conn, id, span),
    )


def _views_by_day(conn: sa.Connection, id: int, span: Span) -> Counter[date]:
    hour, view = schema.page_hour, schema.page_view
    views: Counter[date] = Counter()
    whole = sa.select(hour.c.hour, hour.c.views).where(
        hour.c.page_id == id, within(hour.c.hour, [span.hours])
    )

    for start, count in conn.execute(whole):
        views[day_of(start, span.zone)] += count

    cut = sa.select(view.c.local_time).where(
        view.c.page_id == id, beside_hours(view.c.local_time, span)
    )
    views.update(day_of(moment, span.zone) for moment in conn.scalars(cut))
    return views


def _anonymous(conn: sa.Connection, id: int, since: int) -> int:
    """How many visitors: those that are nobody's have one row each."""
    seen = schema.page_visitor.c
    found = sa.select(sa.func.count()).where(
        seen.page_id == id,
        seen.last_at >= since,
        # Of the bare column, a planner would read all anonymous ones of all times.
        sa.func.coalesce(seen.whose_id, NOBODY) == NOBODY,
    )
    return conn.scalar(found) or 0


def _who(
    conn: sa.Connection, id: int, since: int, bots: str
) -> tuple[int, tuple[PagePerson, ...]]:
    """How many people, and the latest of them."""
    seen, user = schema.page_visitor.c, schema.user
    last = sa.func.max(seen.last_at).label("last")
    # Of the bare column, SQLite would read who saw the page at any time.
    whose = sa.func.coalesce(seen.whose_id, sa.literal_column("0"))
    latest = (
        sa.select(whose.label("whose_id"), last, sa.func.count().over().label("people"))
        .where(seen.page_id == id, seen.last_at >= since, whose > NOBODY)
        .where(is_counted(whose, bots))
        .group_by(whose)
        .order_by(last.desc(), whose)
        .limit(PEOPLE_SHOWN)
        .subquery("latest")
    )
    rows = conn.execute(
        sa.select(user.c.id, user.c.email, user.c.name, user.c.verified, latest)
        .join(latest, latest.c.whose_id == user.c.id)
        .order_by(latest.c.last.desc(), user.c.id)
    ).all()
    people = tuple(
        PagePerson(row.id, row.email, row.name, row.verified, row.last) for row in rows
    )
    return (rows[0].people if rows else 0), people


def _ways(conn: sa.Connection, id: int, span: Span) -> Ways:
    """Of the last visits to this page: the page before, and the next one."""
    visits = _last_visits(conn, id, span)
    view = schema.page_view
    shown = sa.select(view.c.visit_id, view.c.page_id).where(counted(view, span.bots))
    in_order = shown.order_by(view.c.visit_id, view.c.local_time, view.c.id)
    rows = select_in(conn, in_order, view.c.visit_id, sorted(visits))
    before: Counter[Any] = Counter()
    after: Counter[Any] = Counter()
    through = entries = exits = 0

    for visit_id, views in groupby(rows, lambda row: row.visit_id):
        path = [row.page_id for row in views]

        if id not in path:
            continue

        place = path.index(id)
        through += 1
        entries += place == 0
        exits += path[-1] == id
        before[path[place - 1] if place else visits[visit_id]] += 1
        later = next((page for page in path[place:] if page != id), None)

        if later is not None:
            after[later] += 1

    return Ways(
        visits=through,
        entries=entries,
        exits=exits,
        before=steps_of(conn, before),
        after=steps_of(conn, after),
    )


def _last_visits(conn: sa.Connection, id: int, span: Span) -> dict[bytes, str | None]:
    """The visits in which somebody saw this page last, and where they came from."""
    seen, visit = schema.page_visitor, schema.visit
    latest = (
        sa.select(seen.c.visitor_id, seen.c.last_at)
        .where(seen.c.page_id == id, within(seen.c.last_at, [(span.since, span.until)]))
        .order_by(seen.c.last_at.desc())
        .limit(VISITS_LOOKED_AT)
        .subquery("latest")
    )
    # Of the bare column, SQLite would read all earlier visits of the same visitor.
    begun = sa.func.coalesce(visit.c.started_at, visit.c.last_at)
    rows = conn.execute(
        sa.select(visit.c.id, visit.c.referrer).join(
            latest,
            sa.and_(
                visit.c.visitor_id == latest.c.visitor_id,
                visit.c.last_at >= latest.c.last_at,
                begun <= latest.c.last_at,
                counted(visit, span.bots),
            ),
        )
    )
    return {row.id: host_of(row.referrer) for row in rows}


def host_of(referrer: str | None) -> str | None:
    """The site that a referrer is of, None for none."""
    host = (referrer or "").partition("://")[2].partition("/")[0]
    return host.removeprefix("www.") or DIRECTLY


def steps_of(
    conn: sa.Connection, counts: Counter[Any], limit: int = STEPS_SHOWN
) -> tuple[Steps, ...]:
    """The most frequent, by name: pages, sites, and None for coming directly."""
    common = counts.most_common(limit)
    names = page_names(conn, [key for key, _ in common if isinstance(key, int)])
    everything = sum(counts.values())
    return tuple(
        Steps(
            page=names.get(key) if isinstance(key, int) else None,
            site=key if isinstance(key, str) else None,
            count=count,
            share=count / everything,
        )
        for key, count in common
    )
