"""Navigation logs: page views in order, newest first, grouped by visit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from . import schema
from .ownership import counted
from .ownership import views_of
from .shapes import Log
from .shapes import LogView
from .shapes import LogVisit

CURSOR = re.compile(r"(\d{1,14})\.([0-9a-f]{32})", re.ASCII)
MAX_LIMIT = 1000


def navigation_log(
    conn: sa.Connection,
    user_id: int,
    *,
    before: str | None = None,
    limit: int = 100,
    bots: str = "apart",
) -> Log:
    """A page of a user's log, the one after ``before`` (a ``Log.next``).

    Raises ValueError if ``before`` is not one.
    """
    view = schema.page_view
    halves = views_of([user_id], list(view.c), counted(view, bots))
    return _log(conn, halves, before, limit)


def visitor_log(
    conn: sa.Connection,
    visitor_id: int,
    *,
    before: str | None = None,
    limit: int = 100,
    bots: str = "apart",
) -> Log:
    """The same of one browser, whoever used it."""
    view = schema.page_view
    views = sa.select(view).where(view.c.visitor_id == visitor_id, counted(view, bots))
    return _log(conn, (views,), before, limit)


def _log(
    conn: sa.Connection,
    selects: Sequence[sa.Select[Any]],
    before: str | None,
    limit: int,
) -> Log:
    limit = min(max(limit, 1), MAX_LIMIT)
    cursor = None if before is None else _read_cursor(before)
    older = selects if cursor is None else [_older(part, cursor) for part in selects]
    rows = conn.execute(_newest(older, limit + 1)).all()
    shown = rows[:limit]
    visits: dict[bytes | None, list[sa.Row[Any]]] = {}

    for row in shown:
        visits.setdefault(row.visit_id or row.id, []).append(row)

    started = set() if cursor is None else _seen_before(conn, selects, visits, cursor)
    return Log(
        visits=tuple(_visit(views, id in started) for id, views in visits.items()),
        next=_cursor(shown[-1]) if len(rows) > limit else None,
    )


def _newest(selects: Sequence[sa.Select[Any]], limit: int) -> sa.Select[Any]:
    view, page, visit = schema.page_view, schema.page, schema.visit
    order = (view.c.local_time.desc(), view.c.id.desc())
    halves = [
        sa.select(part.order_by(*order).limit(limit).subquery()) for part in selects
    ]
    found = sa.union_all(*halves).subquery("found")
    return (
        sa.select(
            found,
            page.c.host,
            page.c.path,
            page.c.title,
            visit.c.started_at,
            visit.c.last_at,
            visit.c.zone,
            visit.c.device,
            visit.c.browser,
            visit.c.system,
            visit.c.referrer.label("visit_referrer"),
            visit.c.utm_source.label("visit_source"),
            visit.c.utm_medium.label("visit_medium"),
            visit.c.utm_campaign.label("visit_campaign"),
        )
        .join(page, page.c.id == found.c.page_id)
        .outerjoin(visit, visit.c.id == found.c.visit_id)
        .order_by(found.c.local_time.desc(), found.c.id.desc())
        .limit(limit)
    )


def _older(select: sa.Select[Any], cursor: tuple[int, bytes]) -> sa.Select[Any]:
    view = schema.page_view
    moment, id = cursor
    # The first condition is implied by the second; MySQL ranges over it.
    return select.where(
        view.c.local_time <= moment,
        sa.or_(view.c.local_time < moment, view.c.id < id),
    )


def _seen_before(
    conn: sa.Connection,
    selects: Sequence[sa.Select[Any]],
    visits: dict[bytes | None, list[sa.Row[Any]]],
    cursor: tuple[int, bytes],
) -> set[bytes]:
    """Which visits have views on the pages of the log before this one."""
    view = schema.page_view
    moment, id = cursor
    newer = [
        part.with_only_columns(view.c.visit_id).where(
            view.c.visit_id.in_(list(visits)),
            view.c.local_time >= moment,
            sa.or_(view.c.local_time > moment, view.c.id >= id),
        )
        for part in selects
    ]
    return set(conn.scalars(sa.union(*newer)))


def _visit(rows: Sequence[sa.Row[Any]], continued: bool) -> LogVisit:
    newest, oldest = rows[0], rows[-1]
    campaign = (newest.visit_source, newest.visit_medium, newest.visit_campaign)
    return LogVisit(
        id="" if newest.visit_id is None else newest.visit_id.hex(),
        visitor_id=newest.visitor_id,
        started_at=oldest.local_time
        if newest.started_at is None
        else newest.started_at,
        last_at=newest.local_time if newest.last_at is None else newest.last_at,
        utc_offset=oldest.utc_offset,
        zone=newest.zone,
        device=newest.device,
        browser=newest.browser,
        system=newest.system,
        referrer=newest.visit_referrer,
        campaign=campaign_text(*campaign),
        views=tuple(_view(row) for row in rows),
        continued=continued,
    )


def _view(row: sa.Row[Any]) -> LogView:
    return LogView(
        id=row.id.hex(),
        local_time=row.local_time,
        utc_offset=row.utc_offset,
        server_time=row.server_time,
        title=row.title,
        host=row.host,
        path=row.path,
        engaged_ms=row.engaged_ms,
        scroll=row.scroll,
        status=row.status,
        kind=row.kind,
        skewed=row.skewed,
    )


def campaign_text(*tags: str | None) -> str | None:
    """Campaign tags in one line, "newsletter / email / spring"."""
    return " / ".join(tag for tag in tags if tag) or None


def _cursor(row: sa.Row[Any]) -> str:
    return f"{row.local_time}.{row.id.hex()}"


def _read_cursor(text: str) -> tuple[int, bytes]:
    found = CURSOR.fullmatch(text)

    if found is None:
        raise ValueError("This is not a place in the log: follow a link of the log.")

    return int(found[1]), bytes.fromhex(found[2])
