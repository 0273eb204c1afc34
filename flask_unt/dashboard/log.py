"""A navigation log as its page shows it: which part, and on whose clock."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ..store.reports import Log
from ..store.reports import LogEvent
from ..store.reports import LogView
from ..store.reports import LogVisit
from ..store.reports import place_before
from .clock import Clock
from .clock import offset_label
from .filters import parse_cursor

FIRST_DAY = date(1970, 1, 1)
LAST_DAY = date(2199, 12, 31)
VISITOR = "visitor"
SITE = "site"
SERVER = "server"
CLOCKS = {
    VISITOR: "Visitor’s clock",
    SITE: "Site’s clock",
    SERVER: "Server’s clock",
}


# What of an address says which part of a log is shown.
PLACE = ("before", "after", "date", "clock")


@dataclass(frozen=True, slots=True)
class LogClock:
    """The clock that a log is read on: the visitor's, the site's or the server's.

    The server's is the time at which a view was received, in UTC.
    """

    clock: Clock
    name: str

    @property
    def words(self) -> str:
        return CLOCKS[self.name]

    def time(self, seen: LogView | LogEvent) -> str:
        """When something happened, "10:04:12"."""
        return self.clock.time(*self._on(seen.local_time, seen))

    def iso(self, seen: LogView | LogEvent) -> str:
        """The same moment as a machine reads it."""
        return self.clock.iso(self._on(seen.local_time, seen)[0])

    def moment(self, visit: LogVisit) -> str:
        """When a visit began, "Mon 24 Nov, 10:04"."""
        offset = {VISITOR: visit.utc_offset, SITE: None, SERVER: 0}[self.name]
        return self.clock.moment(visit.started_at, offset)

    def others(self, visit: LogVisit) -> str:
        """The same on the other clocks, in words."""
        offset = offset_label(visit.utc_offset)
        zone = f", {visit.zone}" if visit.zone not in (None, offset) else ""
        theirs = self.clock.moment(visit.started_at, visit.utc_offset)
        ours = self.clock.moment(visit.started_at)

        if self.name != VISITOR:
            return f"{theirs} for the visitor ({offset}{zone})"

        also = "" if ours == theirs else f" · {ours} on the site’s clock"
        return f"{offset}{zone}{also}"

    def all(self, seen: LogView | LogEvent) -> str:
        """All three, to hover over."""
        return (
            f"Visitor: {self.clock.full(seen.local_time, seen.utc_offset)}\n"
            f"Site: {self.clock.full(seen.local_time)}\n"
            f"Received: {self.clock.full(seen.server_time, 0)}"
        )

    def _on(self, ms: int, seen: LogView | LogEvent) -> tuple[int, int | None]:
        if self.name == SERVER:
            return seen.server_time, 0

        return ms, seen.utc_offset if self.name == VISITOR else None


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of a log, and what its links keep."""

    log: Log
    clock: LogClock
    day: str
    keep: Mapping[str, str]
    is_newest: bool
    place: Mapping[str, str]


def read_log(ask: Callable[..., Log], args: Mapping[str, str], clock: Clock) -> Shown:
    """The part of a log that an address asks for; the newest where it asks for none."""
    name = args.get("clock", VISITOR)
    name = name if name in CLOCKS else VISITOR
    day = parse_day(args.get("date", ""))
    before, after = parse_cursor(args), parse_cursor(args, "after")

    if before is None and after is None and day is not None:
        before = place_before(_end_of(day, clock, name))

    return Shown(
        log=_ask(ask, before, after),
        clock=LogClock(clock, name),
        day="" if day is None else day.isoformat(),
        keep={} if name == VISITOR else {"clock": name},
        is_newest=before is None and after is None,
        place={name: args[name] for name in PLACE if args.get(name)},
    )


def timeline(visit: LogVisit) -> list[LogView | LogEvent]:
    """Views and events of a visit, the newest first."""
    seen: list[Any] = [*visit.views, *visit.events]
    return sorted(seen, key=lambda one: one.local_time, reverse=True)


def is_event(seen: LogView | LogEvent) -> bool:
    return isinstance(seen, LogEvent)


def parse_day(text: str) -> date | None:
    """``?date=2026-11-24``; None where it is none, or none that a log could have."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None

    return day if FIRST_DAY <= day <= LAST_DAY else None


def _ask(ask: Callable[..., Log], before: str | None, after: str | None) -> Log:
    try:
        return ask(before=before, after=None if before else after)
    except ValueError:
        return ask()


def _end_of(day: date, clock: Clock, name: str) -> int:
    """The first moment after a day: the site's, of which a visitor's mostly is."""
    after = day + timedelta(days=1)
    zone = ZoneInfo("UTC") if name == SERVER else clock.zone
    end = datetime(after.year, after.month, after.day, tzinfo=zone)
    return int(end.timestamp() * 1000)
