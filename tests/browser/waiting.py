"""What waits in a browser, as a page of the site can see it."""

from __future__ import annotations

from typing import Any

KEYS = "Object.keys(localStorage).filter((key) => key.startsWith('unt:0'))"
# Where a key says whether it is an event's or a view's leave.
KIND = len("unt:") + 36
# What a page does every five seconds by itself: it notes how far it was read.
TICK = "document.dispatchEvent(new Event('visibilitychange')); null"
# A page waits for an answer as long as the test wants: no twelve seconds.
NO_TIMEOUT = "delete AbortSignal.timeout; null"


def waiting(page: Any) -> list[str]:
    """The keys of the events in the queue."""
    keys: list[str] = page.evaluate(KEYS)

    return keys


def due(page: Any) -> list[str]:
    """Without the leaves, of which one is there as soon as a page was read."""
    return [key for key in waiting(page) if key[KIND] != "l"]


def is_at_rest(page: Any) -> bool:
    """Whether it heard that all was taken, and nothing is on the way."""
    return not due(page) and bool(page.evaluate("!localStorage['unt:gate']"))


def fails(page: Any) -> int:
    """How many requests in a row failed, as far as the tab heard."""
    count: int = page.evaluate("+(localStorage['unt:gate'] || ',,').split(',')[1]")

    return count
