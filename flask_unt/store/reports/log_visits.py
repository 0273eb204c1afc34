"""The visits of one page of a log, with their views and events."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from .. import schema
from ..dialect import select_in
from .shapes import LogEvent
from .shapes import LogView
from .shapes import LogVisit
from .sources import LAST_MOMENT
from .sources import Sources
from .sources import Spot

MAX_EVENTS = 500
OF_VISIT = (
    *("started_at", "last_at", "last_id", "zone", "device", "browser", "system"),
    *("language", "country", "referrer", "utm_source", "utm_medium", "utm_campaign"),
)


def visits_shown(
    conn: sa.Connection, sources: Sources, shown: Sequence[Spot]
) -> Iterable[LogVisit]:
    """The visits in which these views were, each with those views and its events."""
    rows = _views(conn, [key for _, key in shown])
    parts: dict[bytes, list[Any]] = {}

    for row in sorted(rows, key=lambda row: (row.local_time, row.id), reverse=True):
        parts.setdefault(row.visit_id or row.id, []).append(row)

    visits = _rows_of_visits(conn, list(parts))
    later = _later(conn, sources, parts, visits)
    events = _events(conn, sources, parts, later)
    return (
        _visit(id, views, visits.get(id), events.get(id, ()), id in later)
        for id, views in parts.items()
    )


def campaign_text(*tags: str | None) -> str | None:
    """Campaign tags in one line, "newsletter / email / spring"."""
    return " / ".join(tag for tag in tags if tag) or None


def _views(conn: sa.Connection, keys: Sequence[bytes]) -> list[Any]:
    view, page = schema.page_view, schema.page
    statement = sa.select(view, page.c.host, page.c.path, page.c.title).join(
        page, page.c.id == view.c.page_id
    )
    return list(select_in(conn, statement, view.c.id, keys))


def _rows_of_visits(conn: sa.Connection, ids: Sequence[bytes]) -> dict[bytes, Any]:
    visit = schema.visit
    columns = (visit.c[name] for name in OF_VISIT if name in visit.c)
    statement = sa.select(visit.c.id, *columns)
    return {row.id: row for row in select_in(conn, statement, visit.c.id, ids)}


def _later(
    conn: sa.Connection,
    sources: Sources,
    parts: Mapping[bytes, Sequence[Any]],
    visits: Mapping[bytes, Any],
) -> dict[bytes, int]:
    """Of visits that go on on another page of the log: when their next view was."""
    view = schema.page_view
    found = {}

    for id, views in parts.items():
        visit, newest = visits.get(id), views[0]

        # Mostly the visit itself tells that nothing came later.
        if visit is None or (newest.local_time, newest.id) >= _end(visit):
            continue

        next_one = (
            sa.select(view.c.local_time)
            .where(
                view.c.visitor_id == newest.visitor_id,
                view.c.local_time >= newest.local_time,
                sa.or_(view.c.local_time > newest.local_time, view.c.id > newest.id),
                view.c.visit_id == id,
                sources.holds(view),
            )
            .order_by(view.c.local_time)
            .limit(1)
        )
        moment = conn.scalar(next_one)

        if moment is not None:
            found[id] = moment

    return found


def _end(visit: Any) -> Spot:
    return visit.last_at, visit.last_id


def _events(
    conn: sa.Connection,
    sources: Sources,
    parts: Mapping[bytes, Sequence[Any]],
    later: Mapping[bytes, int],
) -> dict[bytes, list[LogEvent]]:
    """Events of visits, from the first view of it on this page until the next page's.

    Those before the first view of all are shown with that one.
    """
    spans = {
        id: (
            0 if views[-1].id == id else views[-1].local_time,
            later.get(id, LAST_MOMENT),
        )
        for id, views in parts.items()
    }
    event = schema.event
    statement = (
        sa.select(event)
        .where(
            sources.holds(event),
            event.c.local_time.between(
                min((span[0] for span in spans.values()), default=0),
                max((span[1] for span in spans.values()), default=0),
            ),
        )
        .order_by(event.c.local_time.desc(), event.c.id.desc())
        .limit(MAX_EVENTS)
    )
    events: dict[bytes, list[LogEvent]] = defaultdict(list)

    for row in select_in(conn, statement, event.c.visit_id, list(spans)):
        start, end = spans[row.visit_id]

        if start <= row.local_time < end:
            events[row.visit_id].append(_event(row))

    return events


def _visit(
    id: bytes,
    rows: Sequence[Any],
    visit: Any,
    events: Sequence[LogEvent],
    continued: bool,
) -> LogVisit:
    newest, oldest = rows[0], rows[-1]
    known = {name: getattr(visit, name, None) for name in OF_VISIT}
    tags = (known[f"utm_{name}"] for name in ("source", "medium", "campaign"))
    return LogVisit(
        id="" if newest.visit_id is None else id.hex(),
        visitor_id=newest.visitor_id,
        started_at=oldest.local_time if visit is None else visit.started_at,
        last_at=newest.local_time if visit is None else visit.last_at,
        utc_offset=oldest.utc_offset,
        zone=known["zone"],
        device=known["device"],
        browser=known["browser"],
        system=known["system"],
        language=known["language"],
        country=known["country"],
        referrer=known["referrer"],
        campaign=campaign_text(*tags),
        views=tuple(_view(row) for row in rows),
        events=tuple(events),
        continued=continued,
    )


def _view(row: Any) -> LogView:
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
        acting=row.impersonator_id is not None,
    )


def _event(row: Any) -> LogEvent:
    try:
        props = json.loads(row.props)
    except ValueError:
        props = {}

    return LogEvent(
        name=row.name,
        props=props if isinstance(props, dict) else {},
        local_time=row.local_time,
        utc_offset=row.utc_offset,
        server_time=row.server_time,
    )
