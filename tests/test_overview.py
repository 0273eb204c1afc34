"""The first screen's range, its cards, and where its numbers lead."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta

import pytest
from dashboards import BOARD
from dashboards import declare
from dashboards import midday_zone
from dashboards import opened
from dashboards import seen
from dashboards import sites
from dashboards import words
from recount import ADA
from recount import DAY_MS
from recount import MINUTE_MS
from recount import NOW
from recount import Rows
from recount import fill
from recount import opened as open_store
from recount import view
from recount import visitor
from tracked import OTHER_VISITOR
from tracked import now

from flask_unt.dashboard.charts import strip_svg
from flask_unt.dashboard.clock import Clock

make_site = pytest.fixture(sites)


@pytest.fixture
def site(make_site):
    """Ana came from a forum and left an email on the contact page."""
    app = make_site(UNT_RATE_LIMIT=None)
    seen(app, "/", "Home", 9 * MINUTE_MS, referrer="https://forum.example/t/1")
    seen(app, "/contact", "Contact", 8 * MINUTE_MS)
    declare(app, "ana@example.com")
    seen(app, "/about?utm_source=news", "About", MINUTE_MS, visitor=OTHER_VISITOR)
    seen(app, "/old", "Old", 3 * DAY_MS, visitor=OTHER_VISITOR)
    return app


def test_cards_say_where_visits_came_from_and_what_they_led_to(site):
    text = words(opened(site).get(BOARD))

    assert "Directly 2 67%" in text
    assert "forum.example 1 33%" in text
    assert "Campaigns Campaign Bar Visits Share news 1 33%" in text
    assert "before they became known All → pages before they became known" in text
    assert "Contact 1 100%" in text
    assert "Where those left who stayed anonymous" in text


def test_each_card_has_all_its_rows_and_an_export(site):
    client = opened(site)

    for card in ("origins", "known", "devices"):
        html = client.get(f"{BOARD}/more/{card}").text
        link = re.search(r'href="([^"]+\.csv[^"]*)"', html)[1].replace("&amp;", "&")
        assert client.get(link).text.startswith("kind,")

    assert client.get(f"{BOARD}/more/nothing").status_code == 404
    assert client.get(f"{BOARD}/api/origins").json["visits"] == 3
    assert client.get(f"{BOARD}/api/became-known").json["people"] == 1


def test_days_of_ones_own_are_a_range_and_a_chip(site):
    clock = Clock("UTC", now())
    day = clock.at(clock.now - 3 * DAY_MS).date()
    client = opened(site)
    text = words(client.get(f"{BOARD}?from={day}&to={day}"))

    assert f"1 person came on {day.day} " in text
    assert "remove this filter" in text
    assert "as many as the day before" not in text


def test_the_time_before_is_shown_unless_it_is_not_wanted(site):
    client = opened(site)

    assert "data-before-views" in client.get(BOARD).text
    plain = client.get(f"{BOARD}?compare=0").text
    assert "data-before-views" not in plain
    assert "none before" not in words(client.get(f"{BOARD}?compare=0"))
    assert "compare again" in plain


@pytest.mark.parametrize("query", ["range=7d", "range=30d", "range=today"])
def test_numbers_of_people_lead_to_these_people(site, query):
    client = opened(site)
    html = client.get(f"{BOARD}?{query}").text
    links = set(re.findall(rf'href="({BOARD}/users\?(?:seen|known)=[^"]+)"', html))

    assert len(links) == 4
    for link in links:
        found = words(client.get(link.replace("&amp;", "&")))
        assert "1 person" in found
        assert "ana@example.com" in found


def test_origins_equal_a_recount(database_url):
    since, until = NOW - 9 * DAY_MS, NOW - DAY_MS

    with open_store(database_url) as store:
        fill(store)
        found = store.origins(since=since, until=until, limit=100)
        visits = [
            row for row in Rows(database_url).visits if since <= row.started_at < until
        ]

    devices = Counter(row.device for row in visits)
    campaigns = Counter(row.utm_source for row in visits if row.utm_source)
    assert found.visits == len(visits)
    assert {part.name: part.visits for part in found.devices} == devices
    assert sum(part.visits for part in found.sites) == len(visits)
    assert sum(part.visits for part in found.campaigns) == sum(campaigns.values())


def test_the_page_before_somebody_became_known(database_url):
    """The last one that nobody was signed in on, on the browser of their first link."""
    with open_store(database_url) as store:
        store.write([view(1, 5000, "/", "Home"), view(1, 4000, "/sign-in")], NOW - 4000)
        store.write([view(1, 3000, "/welcome", user=ADA)], NOW - 3000)
        store.write([view(2, 2000, "/contact")], NOW - 2000)
        store.declare_email(visitor(2), "cy@example.com", NOW - 1000)
        store.write([view(3, 3000, "/"), view(3, 2000, "/left")], NOW)
        store.declare_email(visitor(4), "no-page@example.com", NOW)
        found = store.became_known(since=0, until=NOW + 1)

    assert found.people == 3
    assert {(s.page.path, s.count) for s in found.led} == {
        ("/sign-in", 1),
        ("/contact", 1),
    }
    assert [(s.page.path, s.count) for s in found.left] == [("/left", 1)]


def test_the_team_is_counted_only_on_demand(make_site):
    """One switch, which every link of the page keeps."""
    who = [None]
    app = make_site({"identify": lambda: who[0], "is_team": lambda: True})
    seen(app, "/", "Home", MINUTE_MS, visitor=OTHER_VISITOR)
    who[0] = "boss@example.com"
    seen(app, "/", "Home", MINUTE_MS)
    client = opened(app)
    without = client.get(BOARD)
    link = re.search(r'href="([^"]+)">count them', without.text)[1]
    counted = client.get(link.replace("&amp;", "&"))
    people = re.search(rf'href="({BOARD}/users\?seen=[^"]+)"', counted.text)[1]

    assert "1 person came" in words(without)
    assert "Not counted: 1 view by your team ( count them )" in words(without)
    assert "2 people came" in words(counted)
    assert "With the team" in words(counted)

    for place in ("/users", "/pages", "/live"):
        assert f'href="{BOARD}{place}?team=1"' in counted.text

    assert "1 person is here now" in words(client.get(f"{BOARD}/live"))
    assert "2 people are here now" in words(client.get(f"{BOARD}/live?team=1"))
    assert client.get(f"{BOARD}/api/live?team=1").json["total"] == 2
    assert "boss@example.com" in client.get(people.replace("&amp;", "&")).text
    assert "boss@example.com" not in client.get(f"{BOARD}/users").text


def test_only_the_day_that_is_running_is_drawn_as_such(make_site):
    app = make_site(UNT_TIMEZONE=midday_zone())
    seen(app, "/", "Home")
    declare(app, "ana@example.com")
    client = opened(app)
    today = Clock(app.config["UNT_TIMEZONE"], now()).today
    past = f"from={today - timedelta(days=3)}&to={today - timedelta(days=1)}"

    for path in ("", "/page/1"):
        running = client.get(f"{BOARD}{path}").text
        assert running.count(" data-running") == running.count(", so far<") == 1
        over = client.get(f"{BOARD}{path}?{past}").text
        assert " data-area" in over
        assert "data-running" not in over

    person = client.get(f"{BOARD}/user/1").text
    assert (
        len(re.findall(r'<rect class="l4 running"[^>]*><title>[^<]*so far', person))
        == 1
    )
    assert strip_svg((3, 1)).count(" running") == 1


def test_a_number_in_a_table_leads_to_these_people_too(make_site):
    """Of a day, and of those who became known after a page."""
    app = make_site(UNT_RATE_LIMIT=None, UNT_TIMEZONE=midday_zone())
    seen(app, "/contact", "Contact")
    declare(app, "ana@example.com")
    seen(app, "/", "Home", 2 * DAY_MS, visitor=OTHER_VISITOR)
    declare(app, "bob@example.com", OTHER_VISITOR)
    client = opened(app)
    html = client.get(BOARD).text
    days = re.findall(rf'href="({BOARD}/users\?came=[^"]+)">1</a>', html)
    [after] = re.findall(rf'href="({BOARD}/users\?[^"]*visited=1)">1</a>', html)
    listed = [client.get(each.replace("&amp;", "&")).text for each in (after, *days)]

    assert len(days) == 2
    assert ["ana@" in text for text in listed] == [True, False, True]
    assert ["bob@" in text for text in listed] == [False, True, False]
