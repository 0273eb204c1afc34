"""Custom events from the server: kept until the view that made them has ended.

By then the site's database session is released, so nobody waits for anybody, also
where the site and we write to the same SQLite file.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from werkzeug.wsgi import ClosingIterator

from ..errors import RequestRefused
from ..errors import VisitorForgotten
from ..events import Entry
from ..events import Identity
from ..events import Tracked
from ..events import make_tracked
from ..identity import current_identity
from ..state import State
from .accept import accept
from .cookie import visitor_in
from .requests import GPC
from .requests import asks_for_privacy

TRACKED = "flask_unt.tracked"
EVENTS_AT_ONCE = 100
VERSION_BITS = 0x7000
VARIANT_BITS = 0x8000_0000_0000_0000

logger = logging.getLogger("flask_unt")


def track(
    state: State,
    environ: dict[str, Any] | None,
    name: str,
    props: Mapping[str, Any] | None,
    user: Identity | None,
) -> None:
    """Have an event of the current request accepted when its view has ended.

    Outside of a request, with ``environ`` None, it is accepted at once.

    :raises TypeError, ValueError: see :func:`make_tracked`.
    """
    now = time.time_ns() // 1_000_000
    event = make_tracked(name, props, id=new_id(now), now=now, user=user)

    if environ is not None and user is None:
        if asks_for_privacy(environ, state.settings):
            state.counts.refuse(GPC)
            return

        event = make_tracked(
            name,
            props,
            id=event.id,
            now=now,
            visitor=current_visitor(state, environ),
            user=current_identity(state),
        )

    kept = None if environ is None else environ.get(TRACKED)

    if kept is None:
        accept_tracked(state, [event])
    else:
        kept.append(event)


def current_visitor(state: State, environ: Mapping[str, Any]) -> str | None:
    """The visitor whose cookie came along, where the site's views may see it."""
    return visitor_in(environ) if state.settings.cookie == "site" else None


def pass_on(
    state: State,
    app: Callable[[dict[str, Any], Any], Iterable[bytes]],
    environ: dict[str, Any],
    start_response: Any,
) -> Iterable[bytes]:
    """Have the site answer a request, then accept the events that its view tracked."""
    environ[TRACKED] = []

    try:
        body = app(environ, start_response)
    except BaseException:
        _end(state, environ)
        raise

    # A view that streams with its context is over when its answer is.
    if environ.get("werkzeug.request") is not None:
        return ClosingIterator(body, lambda: _end(state, environ))

    _end(state, environ)
    return body


def accept_tracked(state: State, events: Sequence[Tracked]) -> None:
    """Make these events safe; what neither Redis nor the database takes is lost."""
    for start in range(0, len(events), EVENTS_AT_ONCE):
        some = events[start : start + EVENTS_AT_ONCE]

        try:
            _accept(state, some)
        except RequestRefused:
            names = ", ".join(sorted({event.name for event in some}))
            logger.error(
                "Events that the site tracked are lost, as neither Redis nor the"
                " database takes them: %s.",
                names,
            )
        except Exception as error:
            state.failures.note(error)


def new_id(now: int) -> str:
    """A uuid of version 7."""
    chance = uuid.uuid4().int & (1 << 76) - 1
    high = now << 16 | VERSION_BITS | chance >> 64
    low = VARIANT_BITS | chance & (1 << 62) - 1
    return str(uuid.UUID(int=high << 64 | low))


def _end(state: State, environ: dict[str, Any]) -> None:
    events = environ.pop(TRACKED, None)

    if events:
        accept_tracked(state, events)


def _accept(state: State, events: Sequence[Tracked]) -> None:
    try:
        _accept_entry(state, events)
    except VisitorForgotten as error:
        of_users = [_without(event, error.visitors) for event in events]
        _accept_entry(state, [event for event in of_users if event is not None])


def _accept_entry(state: State, events: Sequence[Tracked]) -> None:
    if not events:
        return

    now = time.time_ns() // 1_000_000
    accept(state, Entry(now, "", None, False, None, tuple(events)), now)


def _without(event: Tracked, gone: frozenset[str]) -> Tracked | None:
    """The event without its visitor, if it was forgotten; a user's stays theirs."""
    if event.visitor not in gone:
        return event

    return None if event.user is None else replace(event, visitor=None)
