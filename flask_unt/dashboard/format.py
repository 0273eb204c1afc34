"""Numbers, times and links as the dashboard says them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from datetime import tzinfo
from urllib.parse import quote
from zoneinfo import ZoneInfo

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
COLOURS = 8
# Not strftime: the host may have set a locale.
MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MINUS = "\N{MINUS SIGN}"
UNKNOWN = "\N{EN DASH}"
HOST = re.compile(r"([a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])(:\d{1,5})?")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True, slots=True)
class Change:
    """How a figure moved: "+18%", and whether that is worth a colour."""

    text: str
    tone: str


def number(value: int) -> str:
    return f"{value:,}"


def counted(value: int, one: str, many: str | None = None) -> str:
    """``counted(1, "visit")`` is "1 visit", of two "2 visits"."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def percent(share: float) -> str:
    if 0 < share < 0.01:
        return "<1%"

    return f"{share * 100:.0f}%"


def duration(ms: int | None) -> str:
    """A span in at most two units, or a dash where it is not known."""
    if ms is None:
        return UNKNOWN

    if 0 < ms < SECOND:
        return "<1 s"

    if ms < MINUTE:
        return f"{ms // SECOND} s"

    if ms < HOUR:
        return _two(ms // MINUTE, "min", ms % MINUTE // SECOND, "s")

    if ms < DAY:
        return _two(ms // HOUR, "h", ms % HOUR // MINUTE, "min")

    return _two(ms // DAY, "d", ms % DAY // HOUR, "h")


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    if not small:
        return f"{large} {large_unit}"

    return f"{large} {large_unit} {small} {small_unit}"


def change(value: int, before: int) -> Change:
    """Up or down only beyond a tenth; there is no percentage of nothing."""
    if value == before:
        return Change("no change", "even")

    if not before:
        return Change("none before", "even")

    moved = (value - before) / before
    tone = "even" if abs(moved) <= 0.1 else "up" if moved > 0 else "down"
    return Change(f"{'+' if moved > 0 else MINUS}{abs(moved) * 100:.0f}%", tone)


def compared(value: int, before: int, than: str) -> str:
    """How this period compares, as the end of a sentence; empty where it cannot."""
    if not before:
        return ""

    moved = round((value - before) / before * 100)

    if not moved:
        return f"as many as {than}"

    return f"{abs(moved)}% {'more' if moved > 0 else 'fewer'} than {than}"


def initial(name: str) -> str:
    return next((letter.upper() for letter in name if letter.isalnum()), "?")


def colour(id: int) -> int:
    """Which of the fixed circle colours a user has."""
    return id % COLOURS


def page_link(scheme: str, host: str, path: str) -> str | None:
    """The address of a recorded page, rebuilt; None if it cannot be one."""
    if scheme not in ("http", "https") or not path.startswith("/"):
        return None

    if not HOST.fullmatch(host):
        return None

    quoted = quote(path, safe="/%?&=#!$'()*+,;:@~-._")

    return f"{scheme}://{host}{quoted}"


def referrer_link(referrer: str | None) -> str | None:
    """A referrer's address, if it is one that a browser may be sent to."""
    scheme, _, rest = (referrer or "").partition("://")
    host, slash, path = rest.partition("/")
    return page_link(scheme, host, slash + path or "/")


def bare(url: str) -> str:
    """An address without its scheme and last slash, as people say it."""
    return url.partition("://")[2].removesuffix("/") or url


def offset_label(minutes: int) -> str:
    if not minutes:
        return "UTC"

    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else MINUS}{hours:02}:{rest:02}"


class Clock:
    """The site's clock: its time zone, and the moment this page was asked for."""

    def __init__(self, zone: str, now: int) -> None:
        self.zone = ZoneInfo(zone)
        self.name = zone
        self.now = now

    def at(self, ms: int, offset: int | None = None) -> datetime:
        """A moment on the site's clock, or on one ``offset`` minutes east of UTC."""
        zone: tzinfo = self.zone

        if offset is not None:
            zone = timezone(timedelta(minutes=offset))

        return (EPOCH + timedelta(milliseconds=ms)).astimezone(zone)

    def iso(self, ms: int) -> str:
        return self.at(ms, 0).isoformat(timespec="seconds")

    def time(self, ms: int, offset: int | None = None) -> str:
        return self.at(ms, offset).strftime("%H:%M:%S")

    def day(self, ms: int, offset: int | None = None) -> str:
        """ "24 Nov", with the year where it is not this one."""
        at = self.at(ms, offset)
        day = f"{at.day} {MONTHS[at.month - 1]}"
        return day if at.year == self.at(self.now).year else f"{day} {at.year}"

    def moment(self, ms: int, offset: int | None = None) -> str:
        """ "Mon 24 Nov, 10:04"."""
        at = self.at(ms, offset)
        return f"{WEEKDAYS[at.weekday()]} {self.day(ms, offset)}, {at:%H:%M}"

    def full(self, ms: int, offset: int | None = None) -> str:
        """A moment to the second, with the clock it is read from."""
        name = self.name if offset is None else offset_label(offset)
        at = self.at(ms, offset)
        day = f"{at.day} {MONTHS[at.month - 1]} {at.year}"
        return f"{day}, {at:%H:%M:%S} {name}"

    def ago(self, ms: int) -> str:
        """ "4 min ago"; from a month on, the day."""
        passed = self.now - ms

        if passed < MINUTE:
            return "just now"

        if passed < HOUR:
            return f"{passed // MINUTE} min ago"

        if passed < DAY:
            return f"{passed // HOUR} h ago"

        if passed < 30 * DAY:
            return f"{passed // DAY} d ago"

        return self.day(ms)
