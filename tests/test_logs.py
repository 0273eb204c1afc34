"""Navigation logs are whole, in order and paged, on every database."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from recount import ADA
from recount import BEN
from recount import HOST
from recount import MINUTE_MS
from recount import NOW
from recount import Rows
from recount import opened
from recount import shared_browser
from recount import view

from flask_unt.store.reports import PeopleFilter


@pytest.fixture
def store(database_url):
    with opened(database_url) as store:
        yield store


def read_log(ask, limit):
    pages, before = [], None

    while True:
        log = ask(before=before, limit=limit)
        pages.append(log)
        before = log.next

        if before is None:
            return pages


def log_ids(pages):
    return [one.id for page in pages for visit in page.visits for one in visit.views]


def test_log_of_every_user_is_whole_and_in_order(filled, filled_url):
    rows = Rows(filled_url)

    for id, limit in product(rows.user, (1, 7, 1000)):
        pages = read_log(lambda id=id, **page: filled.navigation_log(id, **page), limit)
        views = [
            (one.local_time, bytes.fromhex(one.id))
            for page in pages
            for visit in page.visits
            for one in visit.views
        ]
        wanted = [(row.local_time, row.id) for row in rows.views_of(id)]

        assert sorted(views, reverse=True) == wanted
        assert all(
            sum(len(visit.views) for visit in page.visits) == limit
            for page in pages[:-1]
        )


def test_log_of_a_visitor_is_whole(filled, filled_url):
    rows = Rows(filled_url)
    owner = max(
        rows.visitor,
        key=lambda id: sum(row.visitor_id == id for row in rows.views),
    )
    pages = read_log(lambda **page: filled.visitor_log(owner, **page), 7)
    wanted = {row.id.hex() for row in rows.views if row.visitor_id == owner}

    assert len(log_ids(pages)) == len(wanted)
    assert set(log_ids(pages)) == wanted


def test_log_says_what_was_seen_when_and_with_what(store):
    store.write(
        [
            view(1, 65_000, "/", "Home", user=ADA, referrer="https://a.example/"),
            view(1, 5_000, "/gone", "Not found", user=ADA, status=404, kind="push"),
        ],
        NOW,
    )
    [row] = store.users(now=NOW).rows
    [visit] = store.navigation_log(row.id).visits
    newest, oldest = visit.views

    assert (newest.title, newest.host, newest.path) == ("Not found", HOST, "/gone")
    assert (newest.status, newest.kind, newest.skewed) == (404, "push", False)
    assert (newest.local_time, newest.server_time) == (NOW - 5000, NOW - 4800)
    assert oldest.path == "/"
    assert (visit.started_at, visit.last_at) == (NOW - 65_000, NOW - 5000)
    assert (visit.browser, visit.system, visit.device) == ("Chrome", "Linux", "desktop")
    assert (visit.utc_offset, visit.zone) == (-180, "America/Sao_Paulo")
    assert visit.referrer == "https://a.example/"


def test_shared_browser_keeps_two_people_apart(store):
    """A view is whose who was signed in, else the browser's first verified user's."""
    store.write(shared_browser(), NOW)
    ids = {row.email: row.id for row in store.users(now=NOW).rows}
    paths = {
        email: [
            one.path for visit in store.navigation_log(id).visits for one in visit.views
        ]
        for email, id in ids.items()
    }

    assert paths == {
        "ada@example.com": ["/bens", "/contact", "/", "/info", "/"],
        "ben@example.com": ["/ben", "/ben"],
    }


def test_visit_over_two_pages_of_the_log_is_continued(store):
    store.write([view(1, ago * 1000, f"/{ago}", user=ADA) for ago in range(1, 6)], NOW)
    store.write([view(1, 5 * 60 * MINUTE_MS, "/before", user=ADA)], NOW)
    [row] = store.users(now=NOW).rows
    pages = read_log(lambda **page: store.navigation_log(row.id, **page), 2)
    shape = [
        [(len(visit.views), visit.continued) for visit in page.visits] for page in pages
    ]

    assert shape == [[(2, False)], [(2, True)], [(1, True), (1, False)]]


def test_views_that_come_between_two_pages_shift_nothing(store):
    store.write([view(1, ago * 1000, f"/{ago}", user=ADA) for ago in range(1, 9)], NOW)
    [row] = store.users(now=NOW).rows
    first = store.navigation_log(row.id, limit=4)
    store.write([view(1, 500, "/new", user=ADA)], NOW)
    second = store.navigation_log(row.id, before=first.next, limit=4)

    assert [one.path for one in second.visits[0].views] == ["/5", "/6", "/7", "/8"]
    assert second.next is None


MADE_UP = (
    "",
    "x",
    "1",
    "1.",
    "-1." + "0" * 32,
    "1." + "0" * 31,
    "1." + "G" * 32,
    "9" * 15 + "." + "0" * 32,
    "1." + "0" * 32 + "\n",
    "٣." + "0" * 32,
)


def test_a_made_up_place_in_the_log_is_refused(store):
    for before in MADE_UP:
        with pytest.raises(ValueError, match="not a place in the log"):
            store.navigation_log(1, before=before)


def test_any_place_that_looks_like_one_gives_a_page(store):
    for place in ("0." + "0" * 32, "9" * 14 + "." + "f" * 32):
        assert store.navigation_log(1, before=place).visits == ()


def test_a_visit_that_only_somebody_else_went_on_with_is_not_continued(store):
    store.write(shared_browser(), NOW)
    ada = next(row for row in store.users(now=NOW).rows if row.email == ADA.email)
    log = store.navigation_log(ada.id)

    assert [visit.continued for visit in log.visits] == [False] * len(log.visits)


def test_what_was_seen_as_somebody_else_is_marked_and_not_theirs(store):
    as_ben = replace(view(1, 1000, "/bens", user=BEN), impersonator=ADA)
    store.write([view(1, 9000, "/adas", user=ADA), as_ben], NOW)
    team = PeopleFilter(team=True)
    users = {row.name: row.id for row in store.users(now=NOW, wanted=team).rows}
    seen = [
        one
        for visit in store.navigation_log(users["Ada"]).visits
        for one in visit.views
    ]

    assert [(one.path, one.acting) for one in seen] == [
        ("/bens", True),
        ("/adas", False),
    ]
    assert "Ben" not in users or not store.navigation_log(users["Ben"]).visits
