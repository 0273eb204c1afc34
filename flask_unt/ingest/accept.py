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
from ..events import event_payload
from ..events import made_fresh
from ..state import State
from ..state import describe

RETRY_SECONDS = 10


def accept(state: State, entry: Entry, now: int) -> None:
    """Keep ``entry``; when this returns, it is safe.

    :raises VisitorForgotten: events of forgotten visitors are not kept.
    :raises RequestRefused: 503, neither Redis nor the database takes it.
    """
    if not _add_to_stream(state, entry):
        _ask_database(state, lambda: _write(state, entry, now))


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
        state.redis_outage.begin(error)
        return False

    state.redis_outage.end()
    state.look_after_stream(entry.received)
    return True


def _ask_database(state: State, write: Callable[[], None]) -> None:
    try:
        write()
    except StoreUnavailable as error:
        state.database_outage.begin(error)
        raise RequestRefused(503, "unavailable", RETRY_SECONDS) from error

    state.database_outage.end()


def _write(state: State, entry: Entry, now: int) -> None:
    try:
        written = state.store.write([entry], now)
    except StoreUnavailable:
        raise
    except Exception as error:
        state.note_failure(error)
        _write_or_set_aside(state, entry, error, now)
    else:
        _count(state, written.stored, written.duplicates)

        if written.gone:
            raise VisitorForgotten(written.gone)


def _count(state: State, stored: int, duplicates: int) -> None:
    accepted = stored + duplicates
    state.counts.add(accepted=accepted, stored=stored, duplicates=duplicates)


def _write_or_set_aside(state: State, entry: Entry, error: Exception, now: int) -> None:
    """Find the event that cannot be stored: the browser would send it for ever.

    :raises StoreUnavailable: no event can be stored.
    """
    if not state.store.canary():
        raise StoreUnavailable(describe(error)) from error

    if len(entry.events) == 1:
        payload = event_payload(entry.events[0], entry)
        kept = state.store.set_aside([payload], describe(error), now)
        state.counts.add(accepted=1, set_aside=kept, duplicates=1 - kept)
        return

    for event in entry.events:
        _write(state, replace(entry, events=(event,)), now)
