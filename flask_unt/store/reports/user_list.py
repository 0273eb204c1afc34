"""The list of users, one page of it, in a fixed number of queries."""

from __future__ import annotations

import json
from collections.abc import Sequence

import sqlalchemy as sa

from .. import schema
from ..figures import NOBODY
from ..figures import of_set
from ..merges import in_the_end
from ..ownership import is_one_of
from .people_filter import PeopleFilter
from .shapes import UserList
from .shapes import UserRow
from .user_days import LastView
from .user_days import last_views
from .user_days import strips
from .user_search import find_users
from .user_search import order_of

STRIP_DAYS = 14
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
    order = order_of(sort, descending, conn.dialect.name)
    found = find_users(conn, wanted, order, page, per_page)
    return UserList(
        rows=user_rows(conn, found.ids, now, zone, bots),
        total=found.total,
        page=found.page,
        pages=found.pages,
        anonymous_visitors=anonymous_visitors(conn) if anonymous else 0,
    )


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


def _browsers(conn: sa.Connection, ids: Sequence[int]) -> dict[int, int]:
    link, user = schema.link, schema.user
    found = conn.execute(
        sa.select(in_the_end(), sa.func.count(link.c.visitor_id.distinct()))
        .join(user, user.c.id == link.c.user_id)
        .where(is_one_of(ids), link.c.undone_at.is_(None))
        .group_by(in_the_end())
    )
    return {user_id: count for user_id, count in found}
