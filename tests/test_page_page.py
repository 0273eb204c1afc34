"""One page of the site: its figures, its people, and the ways through it."""

from __future__ import annotations

import re
import uuid
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
from tracked import now

from flask_unt.dashboard import charts
from flask_unt.dashboard.clock import Clock

make_site = pytest.fixture(sites)


@pytest.fixture
def site(make_site):
    """Ana went from Home to the shop and left; two more only saw the shop."""
    app = make_site(UNT_RATE_LIMIT=None)
    seen(app, "/", "Home", 9 * MINUTE_MS)
    seen(app, "/shop", "Shop", 8 * MINUTE_MS)
    declare(app, "ana@example.com")

    for ago in (5, 6):
        visitor = str(uuid.uuid4())
        seen(app, "/shop", "Shop", ago * MINUTE_MS, visitor=visitor)

    return app


def test_a_page_says_who_saw_it_and_how_visits_went(site):
    text = words(opened(site).get(f"{BOARD}/page/2"))

    assert "Shop localhost/shop" in text
    assert "Views 3 People 1 and 2 anonymous" in text
    assert "Visits began here 67% of 3 visits" in text
    assert "Visits ended here 100%" in text
    assert "Directly 2 67%" in text
    assert "Home 1 33%" in text
    assert "ana@example.com declared" in text


def test_a_number_of_people_leads_to_these_people(site):
    client = opened(site)
    html = client.get(f"{BOARD}/page/2?range=30d").text
    links = re.findall(rf'href="({BOARD}/users[^"]*visited=2[^"]*)"', html)

    assert links
    for link in links:
        found = words(client.get(link.replace("&amp;", "&")))
        assert "1 person" in found or "2 anonymous visitors" in found
        assert "Visited Shop in the last 30 days" in found


def test_pages_lead_to_their_page(site):
    html = opened(site).get(f"{BOARD}/pages").text

    assert f'href="{BOARD}/page/2?range=7d"' in html


@pytest.mark.parametrize("path", ["/page/99", "/page/0", f"/page/{2**63}"])
def test_a_page_that_is_not_there_is_said_calmly(site, path):
    assert opened(site).get(BOARD + path).status_code == 404


def test_figures_of_a_page_equal_a_recount(database_url):
    since = NOW - 9 * DAY_MS + 1234

    with open_store(database_url) as store:
        fill(store)

        while store.recompute_figures() or store.recompute_marks(24, NOW):
            pass

        rows = Rows(database_url)

        for id in rows.page:
            found = store.page_detail(id, since=since, until=NOW, now=NOW)
            views = [
                row
                for row in rows.views
                if row.page_id == id and since <= row.local_time < NOW
            ]
            known = {rows.whose(row) for row in views} - {None}
            anonymous = {r.visitor_id for r in views if rows.whose(r) is None} - {None}

            assert found.views == len(views)
            assert found.people == len(known)
            assert found.anonymous == len(anonymous)
            assert {person.id for person in found.who} == known
            assert sum(views for _, views in found.series) == len(views)


def test_the_ways_through_a_page_are_those_of_its_visits(database_url):
    referrer = "https://www.news.example/today"

    with open_store(database_url) as store:
        store.write(
            [
                view(1, DAY_MS + 5000, "/a", referrer=referrer),
                view(1, DAY_MS + 4000, "/b"),
                view(1, DAY_MS + 3000, "/b"),
                view(1, DAY_MS + 2000, "/c"),
                view(1, 1000, "/later"),
                view(2, 2000, "/b", user=ADA),
            ],
            NOW,
        )
        names = {row.path: row.page_id for row in store.page_share().rows}
        detail = store.page_detail(names["/b"], since=0, until=NOW, now=NOW)
        first = store.page_detail(names["/a"], since=0, until=NOW, now=NOW)

    ways = detail.ways
    assert (ways.visits, ways.entries, ways.exits) == (2, 1, 1)
    assert {(s.page and s.page.path, s.site, s.count) for s in ways.before} == {
        ("/a", None, 1),
        (None, None, 1),
    }
    assert [(s.page.path, s.count) for s in ways.after] == [("/c", 1)]
    assert [(s.page, s.site) for s in first.ways.before] == [(None, "news.example")]


def test_people_of_a_time_that_is_over_are_those_since_then(make_site):
    """When somebody saw a page is only known of the last time."""
    zone = midday_zone()
    app = make_site(UNT_TIMEZONE=zone, UNT_RATE_LIMIT=None)
    seen(app, "/", "Home", 2 * DAY_MS)
    seen(app, "/", "Home")
    declare(app, "ana@example.com")
    today = Clock(zone, now()).today
    past = today - timedelta(days=2)
    answer = opened(app).get(f"{BOARD}/page/1?from={past}&to={past}")
    day = charts.short_name_of(past)

    assert f"Views 1 People since {day} 1" in words(answer)
    assert f"Who saw it since {day}" in words(answer)
    assert f"visited=1&amp;within={past}..{today}" in answer.text
    assert f"On {day}" in words(answer)
