"""How the site's views are doing, in words."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import StreamUnavailable
from ..state import State
from ..stream import StreamStatus
from .format import MINUTE
from .format import counted
from .format import duration
from .format import number

GOOD = "good"
WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Health:
    """``level`` is "good" or "wait"; ``words`` stand beside the dot.

    ``advice`` is a sentence for the owner, ``stream`` None where Redis gave none.
    """

    level: str
    words: str
    advice: str | None = None
    stream: StreamStatus | None = None


def health(state: State, now: int) -> Health:
    """Whether all is stored; never raises, whatever Redis does."""
    if state.stream is None:
        return Health(GOOD, "all stored")

    try:
        status = state.stream.status(now)
    except StreamUnavailable as error:
        return Health(WAIT, "Redis is not reachable", _without_redis(error))

    return _of_stream(status)


def _without_redis(error: StreamUnavailable) -> str:
    return f"Views are written to the database in the request meanwhile. {error}"


def _of_stream(status: StreamStatus) -> Health:
    if status.trouble:
        return Health(WAIT, "Redis is not used", status.trouble, status)

    if not status.waiting:
        return Health(GOOD, "all stored", None, status)

    oldest = status.oldest_ms or 0
    words = f"{number(status.waiting)} waiting, oldest {duration(oldest)}"

    if oldest < MINUTE:
        return Health(WAIT, words, None, status)

    advice = f"{counted(status.waiting, 'view')} wait: run flask unt-worker"
    return Health(WAIT, words, advice, status)
