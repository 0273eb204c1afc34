"""The list of users, one page of it, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from . import schema
from .hours import day_of
from .hours import day_start
from .ownership import counted
from .ownership import total
from .ownership import views_of
from .ownership import visits_of
from .shapes import UserList
from .shapes import UserRow

SORTS = ("last_access", "first_seen", "email", "visits", "views")
STRIP_DAYS = 14
MAX_PER_PAGE = 500
NO_PAGE = (None, None)


def users(
    conn: sa.Connection,
    *,
    now: int,
    search: str = "",
    sort: str = "last_access",
    descending: bool = True,
    page: int = 1,
    per_page: int = 50,
    zone: str = "UTC",
    bots: str = "apart",
) -> UserList:
    """One page of the known users, those without any view included.

    ``sort`` is one of last_access, first_seen, email, visits, views (else ValueError);
    a page out of range is the nearest one.
    """
    if sort not in SORTS:
        raise ValueError(f"Users are sorted by one of {', '.join(SORTS)}.")

    per_page = min(max(per_page, 1), MAX_PER_PAGE)
    wanted = _matches(search)
    count = conn.scalar(sa.select(sa.func.count(schema.user.c.id)).where(wanted)) or 0
    pages = max(1, -(-count // per_page))
    page = min(max(page, 1), pages)
    listed = _listed(wanted, sort, descending, bots)
    found = conn.execute(listed.offset((page - 1) * per_page).limit(per_page)).all()
    return UserList(
        rows=_rows(conn, found, now, zone, bots),
        total=count,
        page=page,
        pages=pages,
        anonymous_visitors=_anonymous_visitors(conn, bots),
    )


def _matches(search: str) -> sa.ColumnElement[bool]:
    term = search.strip().lower()

    if not term:
        return sa.true()

    user = schema.user
    return sa.or_(
        *(
            sa.func.lower(column).contains(term, autoescape=True)
            for column in (user.c.email, user.c.name, user.c.host_id)
        )
    )


def _listed(
    wanted: sa.ColumnElement[bool], sort: str, descending: bool, bots: str
) -> sa.Select[Any]:
    user, visits = schema.user, visits_of(None, bots)
    figures = (
        sa.select(
            visits.c.whose,
            sa.func.count().label("visits"),
            total(visits.c.views).label("views"),
            sa.func.min(visits.c.started_at).label("first_seen"),
            sa.func.max(visits.c.last_at).label("last_access"),
        )
        .group_by(visits.c.whose)
        .subquery("figures")
    )
    columns = {
        "first_seen": figures.c.first_seen,
        "last_access": figures.c.last_access,
        "email": user.c.email,
        "visits": sa.func.coalesce(figures.c.visits, 0),
        "views": sa.func.coalesce(figures.c.views, 0),
    }
    column = columns[sort]
    return (
        sa.select(
            user.c.id,
            user.c.email,
            user.c.name,
            user.c.verified,
            figures.c.first_seen,
            figures.c.last_access,
            columns["visits"].label("visits"),
            columns["views"].label("views"),
        )
        .outerjoin(figures, figures.c.whose == user.c.id)
        .where(wanted)
        .order_by(
            sa.case((column.is_(None), 1), else_=0),
            column.desc() if descending else column,
            user.c.id,
        )
    )


def _rows(
    conn: sa.Connection, found: Sequence[sa.Row[Any]], now: int, zone: str, bots: str
) -> tuple[UserRow, ...]:
    ids = [row.id for row in found]

    if not ids:
        return ()

    browsers = _browsers(conn, ids)
    last_pages = _last_pages(conn, found, bots)
    strips = _strips(conn, ids, now, zone, bots)
    blank = (0,) * STRIP_DAYS
    rows = []

    for row in found:
        title, path = last_pages.get(row.id, NO_PAGE)
        rows.append(
            UserRow(
                id=row.id,
                email=row.email,
                name=row.name,
                verified=row.verified,
                first_seen=row.first_seen,
                last_access=row.last_access,
                visits=row.visits,
                views=row.views,
                browsers=browsers.get(row.id, 0),
                last_page_title=title,
                last_page_path=path,
                days=strips.get(row.id, blank),
            )
        )

    return tuple(rows)


def _browsers(conn: sa.Connection, ids: Sequence[int]) -> dict[int, int]:
    link = schema.link
    found = conn.execute(
        sa.select(link.c.user_id, sa.func.count(link.c.visitor_id.distinct()))
        .where(link.c.user_id.in_(ids))
        .group_by(link.c.user_id)
    )
    return {user_id: count for user_id, count in found}


def _last_pages(
    conn: sa.Connection, found: Sequence[sa.Row[Any]], bots: str
) -> dict[int, tuple[str | None, str | None]]:
    last = {row.id: row.last_access for row in found if row.last_access is not None}
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


def _strips(
    conn: sa.Connection, ids: Sequence[int], now: int, zone: str, bots: str
) -> dict[int, tuple[int, ...]]:
    view = schema.page_view
    today = day_of(now, zone)
    days = [today - timedelta(days=ago) for ago in range(STRIP_DAYS - 1, -2, -1)]
    starts = [day_start(day, zone) for day in days]
    # No MySQL driver, SQLite build or planner counts days of a zone alike; bounds do.
    counts = [
        total(sa.case((view.c.local_time.between(start, end - 1), 1), else_=0))
        for start, end in pairwise(starts)
    ]
    recent = sa.and_(view.c.local_time >= starts[0], counted(view, bots))
    signed_in, owned = views_of(ids, counts, recent)
    strips: dict[int, tuple[int, ...]] = {}

    for half in (
        signed_in.group_by(view.c.user_id),
        owned.group_by(schema.visitor.c.owner_id),
    ):
        for whose, *strip in conn.execute(half):
            before = strips.get(whose, (0,) * STRIP_DAYS)
            strips[whose] = tuple(a + b for a, b in zip(before, strip, strict=True))

    return strips


def _anonymous_visitors(conn: sa.Connection, bots: str) -> int:
    visit, visitor = schema.visit, schema.visitor
    seen = sa.exists().where(
        visit.c.visitor_id == visitor.c.id,
        visit.c.user_views < visit.c.views,
        counted(visit, bots),
    )
    found = sa.select(sa.func.count(visitor.c.id)).where(
        visitor.c.owner_id.is_(None), seen
    )
    return conn.scalar(found) or 0
