"""Making events safe: in the stream, else in the database, else not at all."""

from __future__ import annotations

from ..errors import RequestRefused
from ..errors import StoreUnavailable
from ..errors import StreamUnavailable
from ..events import Entry
from ..events import encode_entry
from ..state import State

RETRY_SECONDS = 10


def accept(state: State, entry: Entry, now: int) -> None:
    """Keep ``entry``; when this returns, it is safe.

    :raises RequestRefused: 503, neither Redis nor the database takes it.
    """
    if not _add_to_stream(state, entry):
        _write(state, entry, now)


def accept_email(state: State, visitor: str, email: str, now: int) -> None:
    """Write an email that a visitor gives, live.

    :raises RequestRefused: 503, the database does not take it.
    """
    try:
        state.store.declare_email(visitor, email, now)
    except StoreUnavailable as error:
        state.database_outage.begin(error)
        raise RequestRefused(503, "unavailable", RETRY_SECONDS) from error

    state.database_outage.end()


def _add_to_stream(state: State, entry: Entry) -> bool:
    if state.stream is None:
        return False

    try:
        state.stream.add(encode_entry(entry), site=state.site_id())
    except StreamUnavailable as error:
        state.redis_outage.begin(error)
        return False

    state.redis_outage.end()
    return True


def _write(state: State, entry: Entry, now: int) -> None:
    try:
        state.store.write([entry], now)
    except StoreUnavailable as error:
        state.database_outage.begin(error)
        raise RequestRefused(503, "unavailable", RETRY_SECONDS) from error

    state.database_outage.end()
