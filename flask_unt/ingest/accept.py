"""Making events safe: in the stream, else in the database, else not at all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from ..errors import RequestRefused
from ..errors import StoreUnavailable
from ..errors import StreamUnavailable
from ..errors import UNTError
from ..errors import VisitorForgotten
from ..events import Entry
from ..events import encode_entry
from ..events import made_fresh
from ..state import State

RETRY_SECONDS = 10


def accept(state: State, entry: Entry, now: int) -> None:
    """Keep ``entry``; when this returns, it is safe.

    :raises VisitorForgotten: events of forgotten visitors are not kept.
    :raises RequestRefused: 503, neither Redis nor the database takes it.
    """
    if not _add_to_stream(state, entry):
        _ask_database(state, lambda: _put(state, entry))
        state.settle(now)


def accept_email(state: State, visitor: str, email: str, now: int) -> None:
    """Write an email that a visitor gives, live.

    :raises VisitorForgotten: nothing is kept of this visitor.
    :raises RequestRefused: 503, the database does not take it.
    """
    _ask_database(state, lambda: state.store.declare_email(visitor, email, now))


def fresh_at(state: State, visitor: str) -> int | None:
    """When this visitor was made on purpose, as far as it can be told now."""
    if state.stream is not None:
        with suppress(StreamUnavailable):
            made_at = state.stream.fresh_at(visitor)

            if made_at is not None:
                return made_at

    # What came while Redis was away, only the database knows.
    with suppress(UNTError):
        return state.store.fresh_at(visitor)

    return None


def _add_to_stream(state: State, entry: Entry) -> bool:
    if state.stream is None:
        return False

    try:
        state.stream.add(
            encode_entry(entry),
            site=state.site_id(),
            visitors={event.visitor for event in entry.events if event.visitor},
            fresh=made_fresh(entry),
            events=len(entry.events),
        )
    except StreamUnavailable as error:
        state.outages.redis.begin(error)
        return False

    state.outages.redis.end()
    state.look_after_stream(entry.received)
    return True


def _ask_database(state: State, write: Callable[[], None]) -> None:
    try:
        write()
    except StoreUnavailable as error:
        state.outages.database.begin(error)
        raise RequestRefused(503, "unavailable", RETRY_SECONDS) from error

    state.outages.database.end()


def _put(state: State, entry: Entry) -> None:
    try:
        state.store.put(entry)
    except VisitorForgotten as error:
        others = tuple(e for e in entry.events if e.visitor not in error.visitors)

        if others:
            state.store.put(replace(entry, events=others))

        raise
