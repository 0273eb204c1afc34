"""Custom events belong to the visit of their view, or to the one open at their time."""

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
    timeout_ms: int,
) -> None:
    """Look again at events whose visit may have changed.

    :param event_ids: these events themselves,
    :param view_ids: those of these views,
    :param visit_ids: those that are in these visits now,
    :param spans: and those of these visitors in this time.
    """
    events: dict[bytes, Any] = {}
    columns = event.c
    statement = sa.select(
        columns.id,
        columns.visitor_id,
        columns.page_view_id,
        columns.local_time,
        columns.visit_id,
    ).where(columns.visitor_id.is_not(None))

    for column, values in (
        (columns.id, event_ids),
        (columns.page_view_id, view_ids),
        (columns.visit_id, visit_ids),
    ):
        rows = select_in(connection, statement, column, sorted(values))
        events.update({row.id: row for row in rows})

    events.update(_in_spans(connection, statement, spans, timeout_ms))
    _attach(connection, list(events.values()), timeout_ms)


def _in_spans(
    connection: sa.Connection,
    statement: sa.Select[Any],
    spans: Mapping[int, Span],
    timeout_ms: int,
) -> dict[bytes, Any]:
    if not spans:
        return {}

    low = min(span[0] for span in spans.values())
    high = max(span[1] for span in spans.values()) + timeout_ms
    statement = statement.where(event.c.local_time.between(low, high))
    rows = select_in(connection, statement, event.c.visitor_id, sorted(spans))

    return {row.id: row for row in rows}


def _attach(connection: sa.Connection, events: list[Any], timeout_ms: int) -> None:
    if not events:
        return

    view_ids = {row.page_view_id for row in events} - {None}
    statement = sa.select(page_view.c.id, page_view.c.visit_id)
    rows = select_in(connection, statement, page_view.c.id, sorted(view_ids))
    by_view = {row.id: row.visit_id for row in rows}
    visits = _visits_around(connection, events, timeout_ms)
    changes = []

    for row in events:
        found = by_view.get(row.page_view_id) or _open_at(
            visits.get(row.visitor_id, []), row.local_time, timeout_ms
        )

        if found != row.visit_id:
            changes.append((row.id, {"visit_id": found}))

    update_rows(connection, event, "id", sorted(changes, key=lambda c: c[0]))


def _visits_around(
    connection: sa.Connection, events: list[Any], timeout_ms: int
) -> dict[int, list[Any]]:
    times = [row.local_time for row in events]
    statement = sa.select(
        visit.c.id, visit.c.visitor_id, visit.c.started_at, visit.c.last_at
    ).where(
        visit.c.last_at >= min(times) - timeout_ms, visit.c.started_at <= max(times)
    )
    found: dict[int, list[Any]] = {}

    for row in select_in(
        connection,
        statement,
        visit.c.visitor_id,
        sorted({row.visitor_id for row in events}),
    ):
        found.setdefault(row.visitor_id, []).append(row)

    return found


def _open_at(visits: list[Any], moment: int, timeout_ms: int) -> bytes | None:
    open_then = [
        (row.started_at, row.id)
        for row in visits
        if row.started_at <= moment <= row.last_at + timeout_ms
    ]

    return max(open_then)[1] if open_then else None
