"""Reports on one user or one visitor.

A page about somebody must not take longer the more they did: figures are those that
are kept, lists are the newest of an index, and only visits are added up.
"""

from __future__ import annotations

import json
import uuid as uuids
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from .. import schema
from ..ownership import is_one_of
from . import person_parts
from .person_days import days_of
from .shapes import BeforeKnown
from .shapes import UserDetail
from .shapes import VisitorDetail
from .shapes import VisitorUser
from .sources import Sources
from .sources import sources_of_user
from .sources import sources_of_visitor


def user(
    conn: sa.Connection, id: int, *, now: int, zone: str = "UTC", bots: str = "apart"
) -> UserDetail | None:
    """A user's figures and browsers, or None if there is no such user.

    Of a user who was merged it is None, too: see :func:`who_in_the_end`. Marked figures
    are to be recomputed before.
    """
    rows = conn.execute(sa.select(schema.user).where(is_one_of([id]))).all()
    row = next((one for one in rows if one.id == id), None)

    if row is None or row.merged_into is not None:
        return None

    ids = sorted(one.id for one in rows)
    sources = sources_of_user(conn, id, ids)
    parts = _figures(conn, schema.visitor_figures.c.user_id == id)
    first = min(parts, key=lambda part: part.first_seen, default=None)
    recently = person_parts.recently(conn, sources, bots)
    browsers, more = person_parts.browsers_of(conn, ids)
    return UserDetail(
        id=row.id,
        email=row.email,
        name=row.name,
        verified=row.verified,
        host_id=row.host_id,
        created_at=row.created_at,
        first_seen=first and first.first_seen,
        last_access=max((part.last_seen for part in parts), default=None),
        last_offset=recently.last_offset,
        visits=sum(part.visits for part in parts),
        views=sum(part.views for part in parts),
        members=person_parts.members(rows),
        browsers=browsers,
        more_browsers=more,
        first_touch=first
        and person_parts.first_touch(conn, first.visitor_id, first.first_seen),
        before_known=_before_known(conn, sources, bots),
        also_declared=_also_declared(conn, ids, row.email),
        days=days_of(conn, sources, now, zone, bots),
        favourites=recently.favourites,
        columns=json.loads(row.host_columns or "{}"),
        columns_at=row.host_columns_at,
    )


def who_in_the_end(conn: sa.Connection, id: int) -> int | None:
    """Who a user is after all merges, None if there is no such user."""
    table = schema.user
    found: int | None = conn.scalar(
        sa.select(sa.func.coalesce(table.c.merged_into, table.c.id)).where(
            table.c.id == id
        )
    )
    return found


def visitor(
    conn: sa.Connection, id: int, *, now: int, zone: str = "UTC", bots: str = "apart"
) -> VisitorDetail | None:
    """A visitor's figures by their number, or None if there is no such visitor."""
    table = schema.visitor
    row = conn.execute(sa.select(table).where(table.c.id == id)).one_or_none()

    if row is None:
        return None

    sources = sources_of_visitor(id)
    parts = _figures(conn, schema.visitor_figures.c.visitor_id == id)
    first = min(parts, key=lambda part: part.first_seen, default=None)
    recently = person_parts.recently(conn, sources, bots)
    (browser,) = person_parts.describe_browsers(conn, [id])
    return VisitorDetail(
        id=id,
        user_id=row.owner_id,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        last_offset=recently.last_offset,
        visits=sum(part.visits for part in parts),
        views=sum(part.views for part in parts),
        browser=browser,
        first_touch=first and person_parts.first_touch(conn, id, first.first_seen),
        days=days_of(conn, sources, now, zone, bots),
        favourites=recently.favourites,
    )


def visitor_user(conn: sa.Connection, uuid: str) -> VisitorUser | None:
    """Whose browser this is, or None if it was never seen."""
    try:
        key = uuids.UUID(uuid).bytes
    except ValueError:
        return None

    visitor, user = schema.visitor, schema.user
    found = conn.execute(
        sa.select(
            visitor.c.id, sa.func.coalesce(user.c.merged_into, visitor.c.owner_id)
        )
        .outerjoin(user, user.c.id == visitor.c.owner_id)
        .where(visitor.c.uuid == key)
    ).one_or_none()
    return None if found is None else VisitorUser(*found)


def _figures(
    conn: sa.Connection, whose: sa.ColumnElement[bool]
) -> Sequence[sa.Row[Any]]:
    return conn.execute(sa.select(schema.visitor_figures).where(whose)).all()


def _before_known(
    conn: sa.Connection, sources: Sources, bots: str
) -> BeforeKnown | None:
    known_at = person_parts.known_at(conn, sources.members or ())

    if known_at is None:
        return None

    return person_parts.before_known(conn, sources, known_at, bots)


def _also_declared(conn: sa.Connection, ids: Sequence[int], email: str | None) -> int:
    """On how many other browsers somebody typed this address."""
    if email is None:
        return 0

    link, user = schema.link, schema.user
    found = conn.scalar(
        sa.select(sa.func.count(link.c.visitor_id.distinct()))
        .join(user, user.c.id == link.c.user_id)
        .where(
            user.c.email == email,
            user.c.verified.is_(sa.false()),
            link.c.undone_at.is_(None),
            link.c.visitor_id.not_in(
                sa.select(link.c.visitor_id).where(link.c.user_id.in_(ids))
            ),
        )
    )
    return found or 0
