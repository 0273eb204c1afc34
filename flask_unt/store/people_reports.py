"""Reports on one user or one visitor."""

from __future__ import annotations

import uuid as uuids
from collections import Counter
from collections.abc import Sequence
from datetime import date
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from . import schema
from .dialect import chunks
from .hours import day_of
from .hours import day_start
from .log_reports import campaign_text
from .ownership import counted
from .ownership import is_one_of
from .ownership import total
from .ownership import views_of
from .ownership import visits_of
from .shapes import Browser
from .shapes import FirstTouch
from .shapes import UserDetail
from .shapes import VisitorDetail
from .shapes import VisitorUser

CALENDAR_DAYS = 365


def user(
    conn: sa.Connection, id: int, *, now: int, zone: str = "UTC", bots: str = "apart"
) -> UserDetail | None:
    """A user's figures and browsers, or None if there is no such user."""
    somebody = conn.execute(
        sa.select(schema.user).where(schema.user.c.id == id)
    ).one_or_none()

    if somebody is None:
        return None

    visits = _visits(conn, id, bots)
    return UserDetail(
        id=somebody.id,
        email=somebody.email,
        name=somebody.name,
        verified=somebody.verified,
        host_id=somebody.host_id,
        created_at=somebody.created_at,
        first_seen=visits[0].started_at if visits else None,
        last_access=max((row.last_at for row in visits), default=None),
        visits=len(visits),
        views=sum(row.views for row in visits),
        engaged_ms=sum(row.engaged_ms for row in visits),
        browsers=_browsers(conn, id),
        first_touch=_first_touch(conn, visits[0]) if visits else None,
        also_declared=_also_declared(conn, id, somebody.email),
        days=_calendar(conn, id, visits, now, zone),
    )


def visitor(
    conn: sa.Connection, id: int, *, bots: str = "apart"
) -> VisitorDetail | None:
    """A visitor's figures by their number, or None if there is no such visitor."""
    visitor, visit = schema.visitor, schema.visit
    browser = conn.execute(sa.select(visitor).where(visitor.c.id == id)).one_or_none()

    if browser is None:
        return None

    visits, views = conn.execute(
        sa.select(sa.func.count(), total(visit.c.views)).where(
            visit.c.visitor_id == id, counted(visit, bots)
        )
    ).one()
    return VisitorDetail(
        id=id,
        user_id=browser.owner_id,
        first_seen=browser.first_seen,
        last_seen=browser.last_seen,
        visits=visits,
        views=views,
    )


def visitor_user(conn: sa.Connection, uuid: str) -> VisitorUser | None:
    """Whose browser this is, or None if it was never seen."""
    try:
        key = uuids.UUID(uuid).bytes
    except ValueError:
        return None

    visitor = schema.visitor
    found = conn.execute(
        sa.select(visitor.c.id, visitor.c.owner_id).where(visitor.c.uuid == key)
    ).one_or_none()
    return None if found is None else VisitorUser(*found)


def _browsers(conn: sa.Connection, user_id: int) -> tuple[Browser, ...]:
    link, user = schema.link, schema.user
    links = conn.execute(
        sa.select(link.c.visitor_id, link.c.since, link.c.reason)
        .join(user, user.c.id == link.c.user_id)
        .where(is_one_of([user_id]), link.c.undone_at.is_(None))
        .order_by(link.c.since, link.c.id)
    ).all()
    first: dict[int, Any] = {}

    for row in links:
        first.setdefault(row.visitor_id, row)

    devices = _newest_devices(conn, list(first))
    unknown = (None, None, None)
    return tuple(
        Browser(id, row.since, row.reason, *devices.get(id, unknown))
        for id, row in first.items()
    )


def _newest_devices(
    conn: sa.Connection, visitor_ids: Sequence[int]
) -> dict[int, tuple[str | None, str | None, str | None]]:
    visit = schema.visit
    newest = (visit.c.last_at.desc(), visit.c.id.desc())
    ranked = (
        sa.select(
            visit.c.visitor_id,
            visit.c.browser,
            visit.c.system,
            visit.c.device,
            sa.func.row_number()
            .over(partition_by=visit.c.visitor_id, order_by=newest)
            .label("place"),
        )
        .where(visit.c.visitor_id.in_(visitor_ids))
        .subquery("ranked")
    )
    found = conn.execute(sa.select(ranked).where(ranked.c.place == 1))
    return {row.visitor_id: (row.browser, row.system, row.device) for row in found}


def _visits(conn: sa.Connection, user_id: int, bots: str) -> Sequence[sa.Row[Any]]:
    """The user's part of each of their visits, by its beginning."""
    visits = visits_of(user_id, bots)
    return conn.execute(
        sa.select(visits).order_by(visits.c.started_at, visits.c.visit_id)
    ).all()


def _first_touch(conn: sa.Connection, first: sa.Row[Any]) -> FirstTouch | None:
    visit, page = schema.visit, schema.page
    row = conn.execute(
        sa.select(visit, page.c.title, page.c.path)
        .outerjoin(page, page.c.id == visit.c.entry_page_id)
        .where(visit.c.id == first.visit_id)
    ).one_or_none()

    if row is None:
        # A view that came late has just renamed the visit.
        return None

    return FirstTouch(
        at=first.started_at,
        referrer=row.referrer,
        campaign=campaign_text(row.utm_source, row.utm_medium, row.utm_campaign),
        page_title=row.title,
        page_path=row.path,
    )


def _also_declared(conn: sa.Connection, user_id: int, email: str | None) -> int:
    link, user = schema.link, schema.user
    own = (
        sa.select(link.c.visitor_id)
        .join(user, user.c.id == link.c.user_id)
        .where(is_one_of([user_id]))
    )
    found = conn.scalar(
        sa.select(sa.func.count(link.c.visitor_id.distinct()))
        .join(user, user.c.id == link.c.user_id)
        .where(
            user.c.email == email,
            user.c.verified.is_(sa.false()),
            link.c.undone_at.is_(None),
            link.c.visitor_id.not_in(own),
        )
    )
    return found or 0


def _calendar(
    conn: sa.Connection,
    user_id: int,
    visits: Sequence[sa.Row[Any]],
    now: int,
    zone: str,
) -> tuple[tuple[date, int], ...]:
    """Views by day. Views are only looked at in visits over midnight."""
    first = day_of(now, zone) - timedelta(days=CALENDAR_DAYS - 1)
    start = day_start(first, zone)
    views: Counter[date] = Counter()
    over_midnight = []

    for row in visits:
        if row.last_at < start:
            continue

        day = day_of(row.started_at, zone)

        if day == day_of(row.last_at, zone):
            views[day] += row.views
        else:
            over_midnight.append(row.visit_id)

    moments = (
        moment
        for chunk in chunks(over_midnight)
        for moment in _moments(conn, user_id, chunk)
        if moment >= start
    )
    views.update(day_of(moment, zone) for moment in moments)
    return tuple(sorted(views.items()))


def _moments(
    conn: sa.Connection, user_id: int, visit_ids: Sequence[bytes]
) -> Sequence[int]:
    """When the user saw a page in these visits."""
    view = schema.page_view
    halves = views_of([user_id], [view.c.local_time], view.c.visit_id.in_(visit_ids))
    return [moment for _, moment in conn.execute(sa.union_all(*halves))]
