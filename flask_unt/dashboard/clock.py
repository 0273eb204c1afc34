"""Moments as the dashboard says them: on the site's clock, or on a visitor's."""

from __future__ import annotations

import time
from datetime import date
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from datetime import tzinfo
from zoneinfo import ZoneInfo

from .format import DAY
from .format import HOUR
from .format import MINUS
from .format import MINUTE

# Not strftime: the host may have set a locale.
MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def offset_label(minutes: int) -> str:
    if not minutes:
        return "UTC"

    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else MINUS}{hours:02}:{rest:02}"


def iso(ms: int | None, offset: int | None = 0) -> str | None:
    """A moment to the millisecond, with its distance from UTC; None if not known."""
    if ms is None or offset is None:
        return None

    zone = timezone(timedelta(minutes=offset))
    moment = (EPOCH + timedelta(milliseconds=ms)).astimezone(zone)
    return moment.isoformat(timespec="milliseconds")


class Clock:
    """The site's clock: its time zone, and the moment this page was asked for."""

    def __init__(self, zone: str, now: int) -> None:
        self.zone = ZoneInfo(zone)
        self.name = zone
        self.now = now

    @property
    def today(self) -> date:
        """The site's day."""
        return self.at(self.now).date()

    def at(self, ms: int, offset: int | None = None) -> datetime:
        """A moment on the site's clock, or on one ``offset`` minutes east of UTC."""
        zone: tzinfo = self.zone

        if offset is not None:
            zone = timezone(timedelta(minutes=offset))

        return (EPOCH + timedelta(milliseconds=ms)).astimezone(zone)

    def iso(self, ms: int) -> str:
        return self.at(ms, 0).isoformat(timespec="seconds")

    def time(self, ms: int, offset: int | None = None) -> str:
        return self.at(ms, offset).time().isoformat("seconds")

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
        return f"{day}, {at.time().isoformat('seconds')} {name}"

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
