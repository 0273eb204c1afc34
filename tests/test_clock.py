"""A log is read on the visitor's, the site's or the server's clock."""

from __future__ import annotations

import re
from datetime import datetime
from datetime import timedelta
from datetime import timezone

import pytest
from dashboards import BOARD
from dashboards import declare
from dashboards import opened
from dashboards import seen
from dashboards import sites
from tracked import now
from tracked import state_of

from flask_unt.dashboard.clock import Clock
from flask_unt.dashboard.log import read_log
from flask_unt.store.reports import Log

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
EMPTY = Log((), None, None)
PAGE = 100

make_site = pytest.fixture(sites)


@pytest.fixture
def site(make_site):
    """A site in Lisbon, of somebody in Kolkata who looked at 120 pages in 60 days."""
    app = make_site(UNT_RATE_LIMIT=None, UNT_TIMEZONE="Europe/Lisbon")

    for number in range(120):
        seen(app, f"/{number}", f"Page {number}", number * 12 * HOUR, tz=330)

    declare(app, "ana@example.com")
    return app


def times(answer):
    return re.findall(r'<td class="t"><time [^>]+>([\d:]+)<', answer.text)


def titles(answer):
    log = answer.text.partition('id="log"')[2]
    return re.findall(r'<span class="title">Page (\d+)</span>', log)


def hour(ms, **offset):
    at = datetime.fromtimestamp(ms / 1000, timezone.utc) + timedelta(**offset)
    return f"{at:%H:%M}"


def test_the_clock_is_the_visitors_until_another_is_asked_for(site):
    client = opened(site)
    page = client.get(f"{BOARD}/user/1")
    (moment,) = re.findall(r'<td class="t"><time datetime="([^"]+)"', page.text)[:1]
    utc = datetime.fromisoformat(moment)

    assert times(page)[0][:5] == f"{utc + timedelta(hours=5, minutes=30):%H:%M}"
    lisbon = Clock("Europe/Lisbon", 0).at(int(utc.timestamp() * 1000))
    on_site = client.get(f"{BOARD}/user/1?clock=site")
    assert times(on_site)[0][:5] == f"{lisbon:%H:%M}"
    on_server = client.get(f"{BOARD}/user/1?clock=server")
    assert times(on_server)[0][:5] == f"{utc:%H:%M}"
    # What came late was received in the same minute.
    assert len({t[:4] for t in times(on_server)}) <= 2
    assert client.get(f"{BOARD}/user/1?clock=<b>").text.count("aria-current") == (
        page.text.count("aria-current")
    )


def test_the_clock_is_kept_from_page_to_page(site):
    client = opened(site)
    page = client.get(f"{BOARD}/user/1?clock=site")
    (older,) = re.findall(r'rel="next" href="([^"]+)"', page.text)
    second = client.get(older.replace("&amp;", "&"))

    assert "clock=site" in older
    assert 'aria-current="true">Site’s clock' in second.text
    (newer,) = re.findall(r'rel="prev" href="([^"]+)"', second.text)
    assert titles(client.get(newer.replace("&amp;", "&"))) == titles(page)
    assert titles(page) + titles(second) == [str(n) for n in range(120)]
    assert 'rel="next"' not in second.text


def test_a_date_leads_to_its_day_and_both_ways_on(site):
    client = opened(site)
    day = Clock("Europe/Lisbon", now()).at(now() - 30 * DAY).date()
    page = client.get(f"{BOARD}/user/1?date={day}")
    first = re.search(r'<td class="t"><time datetime="([^"]+)"', page.text)[1]
    last_of_day = Clock("Europe/Lisbon", 0).at(
        int(datetime.fromisoformat(first).timestamp() * 1000)
    )

    assert last_of_day.date() == day
    assert f'value="{day}"' in page.text
    assert 'rel="prev"' in page.text
    before_all = client.get(f"{BOARD}/user/1?date=2001-01-01")
    assert "Nothing up to that day." in before_all.text
    (newer,) = re.findall(r'rel="prev" href="([^"]+)"', before_all.text)
    assert titles(client.get(newer))[-1] == "119"


@pytest.mark.parametrize(
    "date", ["", "x", "2026-13-01", "0001-01-01", "9999-12-31", "2026-1-1", "<b>"]
)
def test_a_date_that_is_none_is_no_date(site, date):
    answer = opened(site).get(f"{BOARD}/user/1", query_string={"date": date})

    assert answer.status_code == 200
    assert len(titles(answer)) == PAGE


def test_a_day_ends_on_the_clock_that_is_shown():
    asked = {}

    def ask(**place):
        asked.update(place)
        return EMPTY

    clock = Clock("Asia/Kolkata", 0)
    read_log(ask, {"date": "2026-06-01", "clock": "site"}, clock)
    kolkata = int(asked["before"].partition(".")[0])
    read_log(ask, {"date": "2026-06-01", "clock": "server"}, clock)

    assert int(asked["before"].partition(".")[0]) - kolkata == 5.5 * HOUR


def test_a_place_that_is_none_is_the_newest(site):
    store = state_of(site).store

    with pytest.raises(ValueError, match="place in the log"):
        store.navigation_log(1, after="x")

    client = opened(site)
    assert titles(client.get(f"{BOARD}/user/1?after=x"))[0] == "0"
    assert titles(client.get(f"{BOARD}/user/1?before=x&after=y"))[0] == "0"
