from __future__ import annotations

from datetime import date
from datetime import datetime
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from flask_unt.store.hours import HOUR_MS
from flask_unt.store.hours import day_of
from flask_unt.store.hours import day_start
from flask_unt.store.hours import hour_end
from flask_unt.store.hours import hour_of

ZONES = (
    "UTC",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Europe/Berlin",
)


@pytest.mark.parametrize("zone", ZONES)
def test_hours_cover_a_year_without_gap_and_days_are_whole_hours(zone: str) -> None:
    hour = hour_of(day_start(date(2026, 1, 1), zone), zone)
    end = day_start(date(2027, 1, 1), zone)
    starts = set()

    while hour < end:
        starts.add(hour)
        after = hour_end(hour, zone)
        assert 0 < after - hour <= HOUR_MS
        assert hour_of(after - 1, zone) == hour
        assert hour_of(after, zone) == after
        assert day_of(after - 1, zone) == day_of(hour, zone)
        hour = after

    days = {date(2026, 1, 1) + timedelta(days=number) for number in range(365)}
    assert {day_start(day, zone) for day in days} <= starts


def test_an_hour_begins_when_the_sites_clock_is_full() -> None:
    noon = datetime(2026, 5, 1, 12, 10, tzinfo=ZoneInfo("Asia/Kolkata"))
    moment = int(noon.timestamp() * 1000)

    assert hour_of(moment, "Asia/Kolkata") == moment - 600_000
    assert hour_of(moment, "UTC") == moment - 600_000 - 1_800_000


def test_a_day_begins_at_the_first_instant_of_it() -> None:
    """In Brazil clocks once went from midnight to one o'clock."""
    day = date(2018, 11, 4)
    start = day_start(day, "America/Sao_Paulo")

    assert day_of(start, "America/Sao_Paulo") == day
    assert day_of(start - 1, "America/Sao_Paulo") == date(2018, 11, 3)
