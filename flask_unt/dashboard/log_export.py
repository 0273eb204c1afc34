"""A navigation log as rows: what its page shows, or all of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from functools import partial
from typing import Any

from werkzeug.exceptions import Forbidden

from ..state import State
from ..store.reports import Log
from ..store.reports import LogEvent
from ..store.reports import LogView
from ..store.reports import LogVisit
from .access import may_manage
from .clock import Clock
from .clock import iso
from .filters import is_id
from .filters import parse_number
from .log import read_log
from .log import timeline

Row = dict[str, Any]
ROWS_AT_ONCE = 1_000
OF_VIEWS = (
    *("title", "host", "path", "engaged_seconds", "scroll_percent", "status"),
    *("as_somebody_else", "time_unsure"),
)


def log(state: State, args: Mapping[str, str], clock: Clock) -> Iterator[Row] | None:
    """``?user=…`` or ``?visitor=…``, newest first: what the page at this place shows.

    With ``whole=1`` all of the log, for who may manage: that is a person's data.
    """
    ask = _asker(state, args, clock)

    if ask is None:
        return None

    if args.get("whole") != "1":
        return _rows(read_log(ask, args, clock).log)

    if not may_manage(state):
        raise Forbidden("You may look at this log, but not take all of it along.")

    return _all_rows(ask)


def _asker(
    state: State, args: Mapping[str, str], clock: Clock
) -> Callable[..., Log] | None:
    user, visitor = (parse_number(args.get(name, "")) for name in ("user", "visitor"))
    store = state.store

    if is_id(user) and store.user(user, now=clock.now) is not None:
        return partial(store.navigation_log, user)

    if is_id(visitor) and store.visitor_log(visitor, limit=1).visits:
        return partial(store.visitor_log, visitor)

    return None


def _all_rows(ask: Callable[..., Log]) -> Iterator[Row]:
    before: str | None = None

    while True:
        page = ask(before=before, limit=ROWS_AT_ONCE)
        yield from _rows(page)

        if page.next is None:
            return

        before = page.next


def _rows(page: Log) -> Iterator[Row]:
    for visit in page.visits:
        for seen in timeline(visit):
            yield _row(visit, seen)


def _row(visit: LogVisit, seen: LogView | LogEvent) -> Row:
    """A view or an event, each with the columns of both."""
    return {
        "time": iso(seen.local_time, seen.utc_offset),
        "received": iso(seen.server_time),
        **(_event(seen) if isinstance(seen, LogEvent) else _view(seen)),
        "visit": visit.id,
        "visit_started": iso(visit.started_at, visit.utc_offset),
        "device": visit.device,
        "browser": visit.browser,
        "system": visit.system,
        "language": visit.language,
        "country": visit.country,
        "referrer": visit.referrer,
        "campaign": visit.campaign,
    }


def _view(view: LogView) -> Row:
    return {
        "title": view.title,
        "host": view.host,
        "path": view.path,
        "engaged_seconds": (view.engaged_ms or 0) / 1000,
        "scroll_percent": view.scroll,
        "status": view.status,
        "as_somebody_else": view.acting,
        "time_unsure": view.skewed,
        "event": None,
        "props": None,
    }


def _event(event: LogEvent) -> Row:
    nothing = dict.fromkeys(OF_VIEWS)
    props = json.dumps(dict(event.props), ensure_ascii=False)
    return nothing | {"event": event.name, "props": props}
