"""The last page of some users, and their last days."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import date
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from .. import schema
from ..dialect import chunks
from ..figures import ends_of
from ..hours import day_of
from ..hours import day_start
from ..ownership import counted
from ..ownership import views_of

Page = tuple[str | None, str | None]


def last_pages(
    conn: sa.Connection, last: Mapping[int, int], bots: str
) -> dict[int, Page]:
    """Title and path of the page that each of these users saw at this moment."""
    pages = _exit_pages(conn, list(last))
    missing = {id: last[id] for id in last.keys() - pages.keys()}
    return pages | _pages_at(conn, missing, bots) if missing else pages


def _exit_pages(conn: sa.Connection, ids: Sequence[int]) -> dict[int, Page]:
    """The last page of the visit that ended as a user was seen last."""
    users, figures = schema.user_figures, schema.visitor_figures
    visit, page = schema.visit, schema.page
    rows = conn.execute(
        sa.select(users.c.user_id, page.c.title, page.c.path)
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
    return {row.user_id: (row.title, row.path) for row in rows}


def _pages_at(
    conn: sa.Connection, last: Mapping[int, int], bots: str
) -> dict[int, Page]:
    """The same by looking at views: of visits in which somebody else came after."""
    view, page = schema.page_view, schema.page
    halves = views_of(
        list(last),
        [view.c.id, view.c.local_time, view.c.page_id],
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
        row.whose: (row.title, row.path)
        for row in rows
        if row.local_time == last[row.whose]
    }


def strips(
    conn: sa.Connection, ids: Sequence[int], days: int, now: int, zone: str, bots: str
) -> dict[int, tuple[int, ...]]:
    """Views on each of the last days, the oldest first, of users who had any."""
    today = day_of(now, zone)
    first = today - timedelta(days=days - 1)
    start = day_start(first, zone)
    strips: dict[int, list[int]] = {}

    def add(whose: int, day: date, views: int) -> None:
        place = (day - first).days

        if 0 <= place < days:
            strips.setdefault(whose, [0] * days)[place] += views

    visits = _recent_visits(conn, ids, start, bots)
    ends = ends_of(conn, {row.whose for row in visits if row.whose is not None})
    looked_at = []

    for row in visits:
        day = day_of(row.started_at, zone)

        if row.parted or day != day_of(row.last_at, zone):
            looked_at.append(row.id)
        elif ends.get(row.whose) in ids:
            add(ends[row.whose], day, row.views)

    for whose, moment in _moments(conn, ids, looked_at):
        add(whose, day_of(moment, zone), 1)

    return {whose: tuple(strip) for whose, strip in strips.items()}


def _recent_visits(
    conn: sa.Connection, ids: Collection[int], start: int, bots: str
) -> Sequence[sa.Row[Any]]:
    """Visits, lately, on the browsers of these users, each visit once."""
    visit, visitor, figures = schema.visit, schema.visitor, schema.visitor_figures
    theirs = sa.select(figures.c.visitor_id).where(
        figures.c.user_id.in_(ids), figures.c.last_seen >= start
    )
    browsers = sorted(set(conn.scalars(theirs)))
    whose = sa.case((visit.c.user_views > 0, visit.c.user_id), else_=visitor.c.owner_id)
    parted = sa.and_(
        visit.c.user_views > 0,
        visit.c.user_views < visit.c.views,
        visitor.c.owner_id.is_distinct_from(visit.c.user_id),
    )
    statement = (
        sa.select(
            visit.c.id,
            whose.label("whose"),
            parted.label("parted"),
            visit.c.views,
            visit.c.started_at,
            visit.c.last_at,
        )
        # Of the bare id PostgreSQL would look through all visits of these days.
        .join(visitor, visit.c.visitor_id == sa.func.coalesce(visitor.c.id, 0))
        .where(visit.c.last_at >= start, counted(visit, bots))
    )
    return [
        row
        for chunk in chunks(browsers)
        for row in conn.execute(statement.where(visitor.c.id.in_(chunk)))
    ]


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
