"""Custom events belong to the visit of their view, or to the one open at their time.

One that a user did, nobody knows where, is in the visit that was open while they were
signed in.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from .dialect import select_in
from .dialect import update_rows
from .schema import event
from .schema import page_view
from .schema import visit

Span = tuple[int, int]


def attach_events(
    connection: sa.Connection,
    *,
    event_ids: Iterable[bytes],
    view_ids: Iterable[bytes],
    visit_ids: Iterable[bytes],
    spans: Mapping[int, Span],
    user_ids: Iterable[int],
    timeout_ms: int,
) -> None:
    """Look again at events whose visit may have changed.

    :param event_ids: these events themselves,
    :param view_ids: those of these views,
    :param visit_ids: those that are in these visits now,
    :param spans: those of these visitors in this time,
    :param user_ids: and those of these users alone in any of these times.
    """
    events: dict[bytes, Any] = {}
    columns = event.c
    statement = sa.select(
        columns.id,
        columns.visitor_id,
        columns.user_id,
        columns.page_view_id,
        columns.local_time,
        columns.visit_id,
    ).where(sa.or_(columns.visitor_id.is_not(None), columns.user_id.is_not(None)))

    for column, values in (
        (columns.id, event_ids),
        (columns.page_view_id, view_ids),
        (columns.visit_id, visit_ids),
    ):
        rows = select_in(connection, statement, column, sorted(values))
        events.update({row.id: row for row in rows})

    found = _in_spans(connection, statement, spans, set(user_ids), timeout_ms)
    events.update(found)
    _attach(connection, list(events.values()), timeout_ms)


def _in_spans(
    connection: sa.Connection,
    statement: sa.Select[Any],
    spans: Mapping[int, Span],
    user_ids: set[int],
    timeout_ms: int,
) -> dict[bytes, Any]:
    if not spans:
        return {}

    low = min(span[0] for span in spans.values())
    high = max(span[1] for span in spans.values()) + timeout_ms
    statement = statement.where(event.c.local_time.between(low, high))
    alone = statement.where(event.c.visitor_id.is_(None))
    rows = [
        *select_in(connection, statement, event.c.visitor_id, sorted(spans)),
        *select_in(connection, alone, event.c.user_id, sorted(user_ids)),
    ]

    return {row.id: row for row in rows}


def _attach(connection: sa.Connection, events: list[Any], timeout_ms: int) -> None:
    if not events:
        return

    view_ids = {row.page_view_id for row in events} - {None}
    statement = sa.select(page_view.c.id, page_view.c.visit_id)
    rows = select_in(connection, statement, page_view.c.id, sorted(view_ids))
    by_view = {row.id: row.visit_id for row in rows}
    whose = _Visits(connection, events, timeout_ms)
    changes = []

    for row in events:
        found = by_view.get(row.page_view_id) or whose.open_at(row)

        if found != row.visit_id:
            changes.append((row.id, {"visit_id": found}))

    update_rows(connection, event, "id", sorted(changes, key=lambda c: c[0]))


class _Visits:
    """The visits around some events, by visitor and by who was signed in."""

    def __init__(
        self, connection: sa.Connection, events: list[Any], timeout_ms: int
    ) -> None:
        times = [row.local_time for row in events]
        self._timeout_ms = timeout_ms
        self._statement = sa.select(
            visit.c.id,
            visit.c.visitor_id,
            visit.c.user_id,
            visit.c.started_at,
            visit.c.last_at,
        ).where(
            visit.c.last_at >= min(times) - timeout_ms, visit.c.started_at <= max(times)
        )
        visitors = {row.visitor_id for row in events} - {None}
        users = {row.user_id for row in events if row.visitor_id is None}
        self._by_visitor = self._find(connection, "visitor_id", visitors)
        self._by_user = self._find(connection, "user_id", users)

    def open_at(self, row: Any) -> bytes | None:
        """The latest visit that was open when this event was."""
        if row.visitor_id is None:
            visits = self._by_user.get(row.user_id, [])
        else:
            visits = self._by_visitor.get(row.visitor_id, [])

        open_then = [
            (one.started_at, one.id)
            for one in visits
            if one.started_at <= row.local_time <= one.last_at + self._timeout_ms
        ]

        return max(open_then)[1] if open_then else None

    def _find(
        self, connection: sa.Connection, name: str, ids: set[Any]
    ) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = {}

        for row in select_in(connection, self._statement, visit.c[name], sorted(ids)):
            found.setdefault(getattr(row, name), []).append(row)

        return found
