"""Who is on the site now, and the newest views."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from .. import schema
from ..merges import in_the_end
from ..ownership import counted
from .shapes import Live
from .shapes import LiveView

LIVE_MS = 300_000
# Of what was viewed lately: a page on a screen has no room for more.
LOOKED_AT = 500
LATELY_MS = 86_400_000
HERE_SHOWN = 50
VIEWS_SHOWN = 20


def live(conn: sa.Connection, *, now: int, bots: str = "apart") -> Live:
    """Who saw a page in the last five minutes, each with their last view.

    The newest views are those of the last day.
    """
    rows = conn.execute(_newest(now, bots)).all()
    here: dict[int, sa.Row[Any]] = {}

    for row in rows:
        if row.visitor_id is not None and row.local_time > now - LIVE_MS:
            here.setdefault(row.visitor_id, row)

    shown = list(here.values())[:HERE_SHOWN]
    return Live(
        total=count_here(conn, now, bots),
        here=tuple(_view(row) for row in shown),
        newest=tuple(_view(row) for row in rows[:VIEWS_SHOWN]),
    )


def count_here(conn: sa.Connection, now: int, bots: str = "apart") -> int:
    """How many visitors saw a page in the last five minutes."""
    view = schema.page_view
    found = conn.scalar(
        sa.select(sa.func.count(view.c.visitor_id.distinct())).where(
            view.c.local_time > now - LIVE_MS, counted(view, bots)
        )
    )
    return found or 0


def _newest(now: int, bots: str) -> sa.Select[Any]:
    view, visitor, visit = schema.page_view, schema.visitor, schema.visit
    user, page = schema.user, schema.page
    owner = sa.func.coalesce(view.c.user_id, visitor.c.owner_id)
    end = user.alias("end")
    return (
        sa.select(
            view.c.id,
            view.c.visitor_id,
            view.c.local_time,
            sa.func.coalesce(visit.c.started_at, view.c.local_time).label("since"),
            visit.c.device,
            end.c.id.label("user_id"),
            end.c.email,
            end.c.name,
            end.c.verified,
            page.c.id.label("page_id"),
            page.c.title,
            page.c.host,
            page.c.path,
        )
        .join(page, page.c.id == view.c.page_id)
        .outerjoin(visitor, visitor.c.id == view.c.visitor_id)
        .outerjoin(visit, visit.c.id == view.c.visit_id)
        .outerjoin(user, user.c.id == owner)
        .outerjoin(end, end.c.id == in_the_end())
        .where(view.c.local_time > now - LATELY_MS, counted(view, bots))
        .order_by(view.c.local_time.desc(), view.c.id.desc())
        .limit(LOOKED_AT)
    )


def _view(row: sa.Row[Any]) -> LiveView:
    return LiveView(
        id=row.id.hex(),
        visitor_id=row.visitor_id,
        user_id=row.user_id,
        email=row.email,
        name=row.name,
        verified=bool(row.verified),
        device=row.device,
        since=row.since,
        at=row.local_time,
        page_id=row.page_id,
        title=row.title,
        host=row.host,
        path=row.path,
    )
