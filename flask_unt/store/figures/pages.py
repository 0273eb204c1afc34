"""Which pages a visitor saw, when last, and whose that is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from ..bulk import add_rows
from ..dialect import delete_in
from ..dialect import select_in
from ..schema import page_view
from ..schema import page_visitor
from ..schema import visitor
from .sums import NOBODY


def note_pages(
    connection: sa.Connection,
    marked: Mapping[int, sa.Row[Any]],
    ends: Mapping[int, int],
    bots: str,
) -> None:
    """Which pages these visitors saw, also since their marks, and whose that is."""
    ids = sorted(marked)
    table = page_visitor.c
    columns = (table.page_id, table.visitor_id, table.user_id, table.last_at)
    stored = select_in(connection, sa.select(*columns), table.visitor_id, ids)
    last: dict[tuple[int, int, int], int] = {}

    for row in (*stored, *select_in(connection, _seen_pages(bots), visitor.c.id, ids)):
        key = row.page_id, row.visitor_id, row.user_id
        last[key] = max(row.last_at, last.get(key, row.last_at))

    rows = []

    for (page_id, visitor_id, user_id), last_at in sorted(last.items()):
        whose = user_id or marked[visitor_id].owner_id or NOBODY
        rows.append((page_id, visitor_id, user_id, ends.get(whose, whose), last_at))

    delete_in(connection, table.visitor_id, ids)
    names = ("page_id", "visitor_id", "user_id", "whose_id", "last_at")
    add_rows(connection, page_visitor, names, rows)


def _seen_pages(bots: str) -> sa.Select[Any]:
    view = page_view
    counts = sa.true() if bots == "count" else view.c.bot.is_(sa.false())
    user_id = sa.func.coalesce(view.c.user_id, NOBODY)
    return (
        sa.select(
            view.c.page_id,
            view.c.visitor_id,
            user_id.label("user_id"),
            sa.func.max(view.c.local_time).label("last_at"),
        )
        .select_from(visitor)
        .join(
            view,
            sa.and_(
                view.c.visitor_id == visitor.c.id,
                view.c.local_time >= visitor.c.marked_from,
            ),
        )
        # What somebody sees as somebody else is on no page.
        .where(counts, view.c.impersonator_id.is_(None))
        .group_by(view.c.page_id, view.c.visitor_id, user_id)
    )
