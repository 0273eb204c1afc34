from __future__ import annotations

from collections import Counter

import pytest

from flask_unt.agents import parse_agent
from flask_unt.events import View
from flask_unt.store import Store
from flask_unt.store import StoreSettings
from flask_unt.store.demo import make_demo
from flask_unt.store.demo import tell_story
from flask_unt.store.reports import PeopleFilter

NOW = 1_790_000_000_000
DAY_MS = 86_400_000
HOST = "127.0.0.1:5000"
SMALL = (8, 30, 3)


@pytest.fixture
def store(database_url):
    store = Store(database_url, StoreSettings())
    yield store
    store.dispose()


def story_views(story):
    return [
        (entry, event)
        for entry in story.entries
        for event in entry.events
        if isinstance(event, View)
    ]


def test_same_day_and_seed_tell_the_same_story():
    story = tell_story(NOW, days=14, seed=3, host=HOST, crowd=SMALL)

    assert story == tell_story(NOW, days=14, seed=3, host=HOST, crowd=SMALL)
    assert story != tell_story(NOW, days=14, seed=4, host=HOST, crowd=SMALL)


def test_later_on_the_same_day_it_only_goes_on():
    morning = NOW // DAY_MS * DAY_MS + DAY_MS // 4
    before = tell_story(morning, days=14, seed=3, host=HOST)
    after = tell_story(morning + DAY_MS // 2, days=14, seed=3, host=HOST)

    assert after.entries[: len(before.entries)] == before.entries
    assert len(after.entries) > len(before.entries)


def test_nothing_happens_before_the_period_or_after_now():
    story = tell_story(NOW, days=28, seed=1, host=HOST)
    first, last = story.entries[0].received, story.entries[-1].received

    assert NOW - 29 * DAY_MS < first < NOW - 20 * DAY_MS
    assert NOW - DAY_MS < last <= NOW
    assert all(view.time <= entry.received for entry, view in story_views(story))


def test_people_are_of_all_kinds():
    """Phones, computers and bots come from several zones, referrers and campaigns."""
    found = story_views(tell_story(NOW, days=28, seed=1, host=HOST))
    devices = Counter(parse_agent(entry.agent).device for entry, _ in found)

    assert min(devices[kind] for kind in ("desktop", "mobile", "bot")) > 50
    assert len({entry.zone for entry, _ in found}) > 5
    assert len({view.referrer for _, view in found}) > 5
    assert len({view.campaign for _, view in found}) > 2
    assert {view.host for _, view in found} == {HOST}
    assert len({view.key for _, view in found}) == len(found)


def test_addresses_are_nobodys():
    story = tell_story(NOW, days=28, seed=1, host=HOST)
    emails = {email for _, _, email in story.declared}
    emails |= {entry.user.email for entry in story.entries if entry.user}

    assert len(emails) > 30
    assert {email.partition("@")[2] for email in emails} == {
        "example.com",
        "example.org",
    }


def test_demo_fills_the_database_once(store):
    steps = []

    def fill():
        return make_demo(
            store,
            NOW,
            weeks=2,
            host=HOST,
            crowd=SMALL,
            progress=lambda done, total: steps.append((done, total)),
        )

    views = fill()
    once = store.status()

    assert fill() == views == once.views
    assert store.status() == once
    assert 5 <= once.users <= 8
    assert steps[-1][0] == steps[-1][1]


def test_the_team_is_there_and_acts_as_somebody_else(store):
    """Their views count nowhere, and enter no log but their own."""
    make_demo(store, NOW, weeks=3, host=HOST, crowd=(*SMALL, 2))
    period = {"since": NOW - 21 * DAY_MS, "until": NOW, "now": NOW}
    without, with_team = (store.overview(**period, team=t) for t in (False, True))
    everybody = store.users(now=NOW, wanted=PeopleFilter(team=True), per_page=99)
    known = {row.email: row.id for row in everybody.rows}
    team = {"ruth@example.com", "theo@example.com"}
    acted = [
        (email, view.acting)
        for email, id in known.items()
        for visit in store.navigation_log(id, limit=1000).visits
        for view in visit.views
    ]

    assert without.not_counted_team > 0
    assert with_team.views == without.views + without.not_counted_team
    assert team <= known.keys()
    assert store.users(now=NOW, per_page=99).total == everybody.total - 2
    assert {email for email, acting in acted if acting} <= team
    assert any(acting for _, acting in acted)
