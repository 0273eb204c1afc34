"""Hours and days of the site's own time zone, for instants in milliseconds.

An hour is named by the instant it begins. It begins when a clock in that zone shows a
full hour, so that every day is made of whole hours, in India (UTC+5:30) too.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

HOUR_MS = 3_600_000
QUARTER_MS = 900_000
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MILLISECOND = timedelta(milliseconds=1)


def hour_of(moment: int, zone: str) -> int:
    """When the hour of this instant began, or the clocks were last shifted in it."""
    offset = _offset(moment // QUARTER_MS * QUARTER_MS, zone)
    start = moment - (moment + offset) % HOUR_MS

    while _offset(start, zone) != offset:
        start += QUARTER_MS

    return start


def hours_among(moments: Iterable[int], zone: str) -> set[int]:
    """The hours of many instants; where one shares a quarter, its neighbour too."""
    quarters = {moment // QUARTER_MS * QUARTER_MS for moment in moments}
    edges = (at for start in quarters for at in (start, start + QUARTER_MS - 1))

    return {hour_of(moment, zone) for moment in edges}


def hour_end(hour: int, zone: str) -> int:
    """The first instant after this hour, which a shift of the clocks may cut short."""
    end = hour + QUARTER_MS

    while end < hour + HOUR_MS and hour_of(end, zone) == hour:
        end += QUARTER_MS

    return end


def day_of(moment: int, zone: str) -> date:
    """The day of this instant."""
    return (EPOCH + moment * MILLISECOND).astimezone(ZoneInfo(zone)).date()


def day_start(day: date, zone: str) -> int:
    """The first instant of a day."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    start = int((midnight - EPOCH) // MILLISECOND)

    while day_of(start, zone) < day:
        start += QUARTER_MS

    return start


@lru_cache(maxsize=4096)
def _offset(moment: int, zone: str) -> int:
    instant = (EPOCH + moment * MILLISECOND).astimezone(ZoneInfo(zone))
    offset = instant.utcoffset()

    return 0 if offset is None else int(offset // MILLISECOND)
