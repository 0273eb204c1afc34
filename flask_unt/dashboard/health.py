"""How the site's views are doing, in words."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import UNTError
from ..state import State
from ..store import Waiting
from ..stream import StreamStatus
from .format import duration
from .format import number

GOOD = "good"
WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Health:
    """``level`` is "good" or "wait"; ``words`` stand beside the dot.

    ``advice`` is a sentence for the owner; ``stream`` is None without Redis.
    """

    level: str
    words: str
    advice: str | None = None
    stream: StreamStatus | None = None


def health(state: State, now: int) -> Health:
    """Whether all is stored; never raises, whatever Redis and the database do."""
    stream = None if state.stream is None else state.stream.status(now)
    inbox = _inbox(state)

    if inbox is not None and inbox.entries:
        oldest = duration(inbox.age(now))
        words = f"{number(inbox.entries)} waiting, oldest {oldest}"
        return Health(WAIT, words, state.outages.inbox.trouble, stream)

    return Health(GOOD, "all stored") if stream is None else _of_stream(stream)


def _inbox(state: State) -> Waiting | None:
    try:
        return state.store.inbox.waiting()
    except UNTError:
        return None


def _of_stream(status: StreamStatus) -> Health:
    if status.trouble:
        return Health(WAIT, "Redis is not used", status.trouble, status)

    if not status.waiting:
        return Health(GOOD, "all stored", None, status)

    oldest = status.oldest_ms or 0
    words = f"{number(status.waiting)} waiting, oldest {duration(oldest)}"

    return Health(WAIT, words, next(iter(status.troubles()), None), status)
