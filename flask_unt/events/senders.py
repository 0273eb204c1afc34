"""What the events of one request tell of the visitor who sent them."""

from __future__ import annotations

from collections.abc import Iterable

from .kinds import Entry
from .kinds import Event
from .kinds import Leave


def sole_visitor(events: Iterable[Event]) -> str | None:
    """The one visitor of events; None where there are several, or an anonymous one."""
    names = {event.visitor for event in events}
    return names.pop() if len(names) == 1 else None


def last_made(events: Iterable[Event]) -> int | None:
    """When the last of these events was made.

    A leave tells of its view, which the visitor of an earlier id may have opened.
    """
    times = (event.time for event in events if not isinstance(event, Leave))
    return max(times, default=None)


def made_fresh(entry: Entry) -> tuple[str, int] | None:
    """The visitor that an entry says was made on purpose, and when at the latest."""
    visitor = sole_visitor(entry.events) if entry.fresh else None

    if visitor is None:
        return None

    return visitor, min(event.time for event in entry.events)
