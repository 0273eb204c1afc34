"""The list of users, one page of it, in a fixed number of queries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from .. import schema
from ..figures import NOBODY
from ..figures import of_set
from ..merges import in_the_end
from ..ownership import is_one_of
from .people_filter import PeopleFilter
from .people_filter import column_of
from .people_filter import of_users
from .shapes import UserList
from .shapes import UserRow
from .user_days import LastView
from .user_days import last_views
from .user_days import strips

SORTS = ("last_access", "first_seen", "email", "visits", "views")
COLUMN_SORT = "column:"
STRIP_DAYS = 14
MAX_PER_PAGE = 500
NO_VIEW = LastView()
EVERYBODY = PeopleFilter()


def users(
    conn: sa.Connection,
    *,
    now: int,
    wanted: PeopleFilter = EVERYBODY,
    sort: str = "last_access",
    descending: bool = True,
    page: int = 1,
    per_page: int = 50,
    anonymous: bool = True,
    zone: str = "UTC",
    bots: str = "apart",
) -> UserList:
    """One page of the known users, those without any view included.

    ``sort`` is one of last_access, first_seen, email, visits, views, or ``column:``
    and the name of one of the site's own (else ValueError); a page out of range is the
    nearest one. ``anonymous``: whether to count the anonymous visitors, too. Marked
    figures are to be recomputed before.
    """
    backend = conn.dialect.name
    order = _order(sort, descending, backend)
    conditions = of_users(wanted, backend)
    figures = schema.user_figures
    per_page = min(max(per_page, 1), MAX_PER_PAGE)
    counted = sa.func.count().over().label("total")
    listed = sa.select(figures.c.user_id).where(*conditions).order_by(*order)

    if sort.startswith(COLUMN_SORT):
        listed = listed.join(schema.user, schema.user.c.id == figures.c.user_id)

    def ids_on(page: int, *more: Any) -> Sequence[sa.Row[Any]]:
        shown = listed.add_columns(*more).offset((page - 1) * per_page)
        return conn.execute(shown.limit(per_page)).all()

    page = max(page, 1)
    # What takes long to find is counted as it is found; the rest is counted faster.
    found = ids_on(page, counted) if wanted.looks_far else []
    count = found[0].total if found else count_users(conn, wanted)
    pages = max(1, -(-count // per_page))
    page = min(page, pages)
    found = found or ids_on(page)
    return UserList(
        rows=user_rows(conn, [row.user_id for row in found], now, zone, bots),
        total=count,
        page=page,
        pages=pages,
        anonymous_visitors=anonymous_visitors(conn) if anonymous else 0,
    )


def count_users(conn: sa.Connection, wanted: PeopleFilter) -> int:
    """How many users are to be listed."""
    conditions = of_users(wanted, conn.dialect.name)
    figures = schema.user_figures
    found = sa.select(sa.func.count()).select_from(figures).where(*conditions)
    return conn.scalar(found) or 0


def anonymous_visitors(conn: sa.Connection) -> int:
    """How many visitors have views that are nobody's."""
    figures = schema.visitor_figures
    found = sa.select(sa.func.count()).where(figures.c.user_id == NOBODY)
    return conn.scalar(found) or 0


def user_rows(
    conn: sa.Connection, ids: Sequence[int], now: int, zone: str, bots: str
) -> tuple[UserRow, ...]:
    """The lines of these users, in their order."""
    if not ids:
        return ()

    user, figures = schema.user, schema.user_figures
    found = conn.execute(
        sa.select(user, figures)
        .join(figures, figures.c.user_id == user.c.id)
        .where(user.c.id.in_(ids))
    )
    rows = {row.id: row for row in found}
    browsers = _browsers(conn, ids)
    lasts = last_views(
        conn, {id: row.last_seen for id, row in rows.items() if row.last_seen}, bots
    )
    days = strips(conn, ids, STRIP_DAYS, now, zone, bots)
    return tuple(
        UserRow(
            id=id,
            email=rows[id].email,
            name=rows[id].name,
            verified=rows[id].verified,
            first_seen=rows[id].first_seen,
            last_access=rows[id].last_seen,
            visits=rows[id].visits,
            views=rows[id].views,
            browsers=browsers.get(id, 0),
            last_page_title=lasts.get(id, NO_VIEW).title,
            last_page_path=lasts.get(id, NO_VIEW).path,
            days=days.get(id, (0,) * STRIP_DAYS),
            columns=json.loads(rows[id].host_columns or "{}"),
            columns_at=rows[id].host_columns_at,
            last_offset=lasts.get(id, NO_VIEW).offset,
            devices=of_set(rows[id].devices),
            countries=of_set(rows[id].countries),
        )
        for id in ids
        if id in rows
    )


def _order(sort: str, descending: bool, backend: str) -> tuple[Any, ...]:
    """Who has no value comes last; equal ones in the order of their ids."""
    figures = schema.user_figures.c
    columns: dict[str, sa.ColumnElement[Any]] = {
        "first_seen": figures.first_seen,
        "last_access": figures.last_seen,
        "email": figures.name,
        "visits": figures.visits,
        "views": figures.views,
    }
    name = sort.removeprefix(COLUMN_SORT)

    if name != sort:
        column = column_of(name, backend)
    elif sort in columns:
        column = columns[sort]
    else:
        raise ValueError(f"Users are sorted by one of {', '.join(SORTS)}.")

    return (
        sa.case((column.is_(None), 1), else_=0),
        column.desc() if descending else column,
        figures.user_id,
    )


def _browsers(conn: sa.Connection, ids: Sequence[int]) -> dict[int, int]:
    link, user = schema.link, schema.user
    found = conn.execute(
        sa.select(in_the_end(), sa.func.count(link.c.visitor_id.distinct()))
        .join(user, user.c.id == link.c.user_id)
        .where(is_one_of(ids), link.c.undone_at.is_(None))
        .group_by(in_the_end())
    )
    return {user_id: count for user_id, count in found}
