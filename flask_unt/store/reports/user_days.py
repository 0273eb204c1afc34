"""The last page of some users, and their last days."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from typing import NamedTuple

import sqlalchemy as sa

from .. import schema
from ..dialect import chunks
from ..figures import ends_of
from ..hours import day_of
from ..hours import day_start
from ..ownership import counted
from ..ownership import total
from ..ownership import views_of


class LastView(NamedTuple):
    """The page that somebody saw last; ``offset`` is minutes east of UTC."""

    title: str | None = None
    path: str | None = None
    offset: int | None = None


def last_views(
    conn: sa.Connection, last: Mapping[int, int], bots: str
) -> dict[int, LastView]:
    """What each of these users saw at this moment."""
    pages = _exit_pages(conn, list(last))
    missing = {id: last[id] for id in last.keys() - pages.keys()}
    return pages | _pages_at(conn, missing, bots) if missing else pages


def _exit_pages(conn: sa.Connection, ids: Sequence[int]) -> dict[int, LastView]:
    """The last page of the visit that ended as a user was seen last."""
    users, figures = schema.user_figures, schema.visitor_figures
    visit, page = schema.visit, schema.page
    rows = conn.execute(
        sa.select(users.c.user_id, page.c.title, page.c.path, visit.c.last_id)
        .join(
            figures,
            sa.and_(
                figures.c.user_id == users.c.user_id,
                figures.c.last_seen == users.c.last_seen,
            ),
        )
        .join(
            visit,
            sa.and_(
                visit.c.visitor_id == figures.c.visitor_id,
                visit.c.last_at == figures.c.last_seen,
            ),
        )
        .join(page, page.c.id == visit.c.exit_page_id)
        .where(users.c.user_id.in_(ids))
        .order_by(visit.c.last_id)
    )
    lasts = {row.user_id: row for row in rows}
    view = schema.page_view.c
    offsets = sa.select(view.id, view.utc_offset).where(
        view.id.in_([row.last_id for row in lasts.values()])
    )
    offset_of = {row.id: row.utc_offset for row in conn.execute(offsets)}
    return {
        id: LastView(row.title, row.path, offset_of.get(row.last_id))
        for id, row in lasts.items()
    }


def _pages_at(
    conn: sa.Connection, last: Mapping[int, int], bots: str
) -> dict[int, LastView]:
    """The same by looking at views: of visits in which somebody else came after."""
    view, page = schema.page_view, schema.page
    halves = views_of(
        list(last),
        [view.c.id, view.c.local_time, view.c.utc_offset, view.c.page_id],
        view.c.local_time.in_(set(last.values())),
        counted(view, bots),
    )
    candidates = sa.union_all(*halves).subquery("candidates")
    rows = conn.execute(
        sa.select(candidates, page.c.title, page.c.path)
        .join(page, page.c.id == candidates.c.page_id)
        .order_by(candidates.c.id)
    )
    return {
        row.whose: LastView(row.title, row.path, row.utc_offset)
        for row in rows
        if row.local_time == last[row.whose]
    }


def strips(
    conn: sa.Connection, ids: Sequence[int], days: int, now: int, zone: str, bots: str
) -> dict[int, tuple[int, ...]]:
    """Views on each of the last days, the oldest first, of users who had any."""
    first = day_of(now, zone) - timedelta(days=days - 1)
    starts = [day_start(first + timedelta(days=n), zone) for n in range(days)]
    strips: dict[int, list[int]] = {}

    def add(whose: int, place: int, views: int) -> None:
        if 0 <= place < days:
            strips.setdefault(whose, [0] * days)[place] += views

    visits = _recent_visits(conn, ids, starts, bots)
    ends = ends_of(conn, {row.whose for row in visits if row.whose is not None})
    looked_at = []

    for row in visits:
        if row.looked_at is not None:
            looked_at.append(row.looked_at)
        elif ends.get(row.whose) in ids:
            add(ends[row.whose], row.day, row.views)

    for whose, moment in _moments(conn, ids, looked_at):
        add(whose, (day_of(moment, zone) - first).days, 1)

    return {whose: tuple(strip) for whose, strip in strips.items()}


def _recent_visits(
    conn: sa.Connection, ids: Collection[int], starts: Sequence[int], bots: str
) -> Sequence[sa.Row[Any]]:
    """Views of visits, lately, on these users' browsers, by whose they are and day.

    Visits of several users or days are ``looked_at``, by their keys.
    """
    figures = schema.visitor_figures
    theirs = sa.select(figures.c.visitor_id).where(
        figures.c.user_id.in_(ids), figures.c.last_seen >= starts[0]
    )
    browsers = sorted(set(conn.scalars(theirs)))
    visits = _whole_or_not(starts, bots)
    return [
        row
        for chunk in chunks(browsers)
        for row in conn.execute(_added_up(visits.where(schema.visitor.c.id.in_(chunk))))
    ]


def _whole_or_not(starts: Sequence[int], bots: str) -> sa.Select[Any]:
    visit, visitor = schema.visit, schema.visitor
    whose = sa.case((visit.c.user_views > 0, visit.c.user_id), else_=visitor.c.owner_id)
    day = _place(visit.c.last_at, starts)
    looked_at = sa.or_(
        day != _place(visit.c.started_at, starts),
        sa.and_(
            visit.c.user_views > 0,
            visit.c.user_views < visit.c.views,
            visitor.c.owner_id.is_distinct_from(visit.c.user_id),
        ),
    )
    return (
        sa.select(
            whose.label("whose"),
            day.label("day"),
            sa.case((looked_at, visit.c.id)).label("looked_at"),
            visit.c.views,
        )
        # Of the bare id PostgreSQL would look through all visits of these days.
        .join(visitor, visit.c.visitor_id == sa.func.coalesce(visitor.c.id, 0))
        .where(visit.c.last_at >= starts[0], counted(visit, bots))
    )


def _place(moment: sa.Column[Any], starts: Sequence[int]) -> sa.Case[int]:
    """Which of the days a moment is on, -1 for before all of them."""
    last = range(len(starts) - 1, -1, -1)
    return sa.case(*((moment >= starts[place], place) for place in last), else_=-1)


def _added_up(visits: sa.Select[Any]) -> sa.Select[Any]:
    each = visits.subquery("each_visit")
    alike = (each.c.whose, each.c.day, each.c.looked_at)
    return sa.select(*alike, total(each.c.views).label("views")).group_by(*alike)


def _moments(
    conn: sa.Connection, ids: Sequence[int], visit_ids: Sequence[bytes]
) -> list[tuple[int, int]]:
    """When these users saw a page in these visits."""
    view = schema.page_view
    moments: list[tuple[int, int]] = []

    for chunk in chunks(visit_ids):
        halves = views_of(ids, [view.c.local_time], view.c.visit_id.in_(chunk))
        rows = conn.execute(sa.union_all(*halves))
        moments += [(row.whose, row.local_time) for row in rows]

    return moments
