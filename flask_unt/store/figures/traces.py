"""Who saw which page, and who did what, each once with the last time.

Of a marked visitor what came since the mark is read, and what changes is written: the
rows of somebody who saw a hundred pages stay, but for those of the pages seen now.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from ..bulk import put_rows
from ..dialect import select_in
from ..schema import event
from ..schema import event_visitor
from ..schema import page_view
from ..schema import page_visitor
from ..schema import visitor
from .sums import NOBODY


def note_traces(
    connection: sa.Connection,
    marked: Mapping[int, sa.Row[Any]],
    ends: Mapping[int, int],
    bots: str,
) -> None:
    """Note what these visitors saw and did since their marks, and whose all that is.

    :param marked: visitors with their owners, by id.
    :param ends: who users are after all merges.
    """
    shown = sa.true() if bots == "count" else page_view.c.bot.is_(sa.false())
    seen = _since_mark(page_view, "page_id", shown)
    _note(connection, page_visitor, seen, marked, ends)
    _note(connection, event_visitor, _since_mark(event, "name"), marked, ends)


def _note(
    connection: sa.Connection,
    table: sa.Table,
    left: sa.Select[Any],
    marked: Mapping[int, sa.Row[Any]],
    ends: Mapping[int, int],
) -> None:
    ids = sorted(marked)
    kept = select_in(connection, sa.select(*table.c), table.c.visitor_id, ids)
    stored: dict[Any, Any] = {tuple(row[:3]): tuple(row[3:]) for row in kept}
    last = {key: moment for key, (_, moment) in stored.items()}

    for row in select_in(connection, left, visitor.c.id, ids):
        key = tuple(row[:3])
        last[key] = max(row.last_at, last.get(key, row.last_at))

    rows = []

    for key, moment in sorted(last.items()):
        whose = key[2] or marked[key[1]].owner_id or NOBODY
        now = ends.get(whose, whose), moment

        if stored.get(key) != now:
            rows.append((*key, *now))

    put_rows(connection, table, table.c.keys(), rows, known=3)


def _since_mark(table: sa.Table, what: str, *conditions: Any) -> sa.Select[Any]:
    user_id = sa.func.coalesce(table.c.user_id, NOBODY)
    since = sa.and_(
        table.c.visitor_id == visitor.c.id, table.c.local_time >= visitor.c.marked_from
    )
    return (
        sa.select(
            table.c[what],
            table.c.visitor_id,
            user_id.label("user_id"),
            sa.func.max(table.c.local_time).label("last_at"),
        )
        .select_from(visitor)
        .join(table, since)
        # What somebody sees or does as somebody else is no trace of theirs.
        .where(table.c.impersonator_id.is_(None), *conditions)
        .group_by(table.c[what], table.c.visitor_id, user_id)
    )
