"""Spans of the site's days: the ranges with a name, and any other.

As a text, in an address, a span is a range's name (``7d``), a day (``2026-11-03``),
or two days (``2026-11-01..2026-11-03``), both inclusive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from typing import Any

from .clock import MONTHS
from .clock import Clock

FIRST_DAY = date(2000, 1, 1)
BETWEEN = ".."


@dataclass(frozen=True, slots=True)
class Range:
    """A choice of days, and the words for it and for the time before it."""

    name: str
    days: int
    label: str
    words: str
    before: str
    key: str


RANGES = (
    Range("today", 1, "Today", "today", "yesterday", "t"),
    Range("7d", 7, "7 d", "in the last 7 days", "the week before", "7"),
    Range("30d", 30, "30 d", "in the last 30 days", "the 30 days before", "3"),
    Range("12m", 365, "12 m", "in the last 12 months", "the year before", ""),
)
DEFAULT_RANGE = RANGES[1]
CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days up to ``last``, or up to now; moments in ms since 1970.

    ``compare``: whether the time before is to be shown beside it; ``team``: whether the
    site's own team counts.
    """

    range: Range
    since: int
    until: int
    first: date
    last: date
    compare: bool = True
    team: bool = False

    @property
    def comparable(self) -> bool:
        """Whether the time before says anything: a day that just began does not."""
        return self.compare and (self.range.days > 1 or self.is_custom)

    @property
    def is_custom(self) -> bool:
        return self.range.name == CUSTOM

    @property
    def span(self) -> str:
        """This period as the text of a filter."""
        if not self.is_custom:
            return self.range.name

        return f"{self.first}{BETWEEN}{self.last}"

    def span_until(self, today: date) -> str:
        """From its first day until now, as the text of a filter."""
        if self.last >= today:
            return self.span

        return f"{self.first}{BETWEEN}{today}"

    @property
    def people(self) -> dict[str, str]:
        """The filter of the people who came in it."""
        return {"came" if self.is_custom else "seen": self.span} | self._team()

    def people_with(self, name: str, value: str) -> dict[str, str]:
        """The same with one more filter."""
        return self.people | {name: value}

    def args(self, **more: str) -> dict[str, str]:
        """The URL parameters that lead here."""
        if self.is_custom:
            wanted = {"from": str(self.first), "to": str(self.last)}
        else:
            wanted = {"range": self.range.name}

        wanted |= {} if self.compare else {"compare": "0"}
        return wanted | self._team() | more

    def other(self, name: str, **more: Any) -> dict[str, Any]:
        """The URL parameters of another range."""
        return {"range": name} | self._team() | more

    def without(self, name: str) -> dict[str, str]:
        """The URL parameters of the same, without one of them."""
        return {key: value for key, value in self.args().items() if key != name}

    def _team(self) -> dict[str, str]:
        return {"team": "1"} if self.team else {}


def parse_period(args: Mapping[str, str], clock: Clock) -> Period:
    """``?range=7d``, or ``?from=2026-11-01&to=2026-11-03``; whole days up to now."""
    compare, team = args.get("compare") != "0", args.get("team") == "1"
    days = _days(args.get("from", ""), args.get("to", ""), clock)

    if days is not None:
        return replace(_custom(*days, clock), compare=compare, team=team)

    name = args.get("range")
    chosen = next((each for each in RANGES if each.name == name), DEFAULT_RANGE)
    today = clock.today
    first = today - timedelta(days=chosen.days - 1)
    since, until = start_of(first, clock), clock.now + 1
    return Period(chosen, since, until, first, today, compare, team)


def moments_of(span: str, clock: Clock) -> tuple[int, int] | None:
    """From when until just before when; None if it is no span."""
    period = _period_of(span, clock)
    return None if period is None else (period.since, period.until)


def span_words(span: str, clock: Clock) -> str:
    """A span as the end of a sentence; empty if it is none."""
    period = _period_of(span, clock)
    return "" if period is None else period.range.words


def start_of(day: date, clock: Clock) -> int:
    """When a day of the site begins."""
    return int(datetime.combine(day, time(), clock.zone).timestamp() * 1000)


def _period_of(span: str, clock: Clock) -> Period | None:
    if any(span == each.name for each in RANGES):
        return parse_period({"range": span}, clock)

    first, _, last = span.partition(BETWEEN)
    days = _days(first, last or first, clock)
    return None if days is None else _custom(*days, clock)


def _days(first: str, last: str, clock: Clock) -> tuple[date, date] | None:
    """Two days in order, none of them to come; None if either is no day."""
    try:
        one, other = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        return None

    days = sorted(min(max(day, FIRST_DAY), clock.today) for day in (one, other))
    return days[0], days[1]


def _custom(first: date, last: date, clock: Clock) -> Period:
    days = (last - first).days + 1
    words = f"on {_name(first, clock)}"
    before = "the day before"

    if days > 1:
        words = f"from {_name(first, clock)} to {_name(last, clock)}"
        before = f"the {days} days before"

    end = start_of(last + timedelta(days=1), clock)
    until = min(end, clock.now + 1)
    chosen = Range(CUSTOM, days, "Custom", words, before, "")
    return Period(chosen, start_of(first, clock), until, first, last)


def _name(day: date, clock: Clock) -> str:
    name = f"{day.day} {MONTHS[day.month - 1]}"
    return name if day.year == clock.today.year else f"{name} {day.year}"
