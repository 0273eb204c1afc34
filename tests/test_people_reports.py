"""Users and visitors equal a recount of the rows, on every database."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa
from recount import ADA
from recount import NOW
from recount import Rows
from recount import fill
from recount import opened
from recount import view
from recount import visitor

from flask_unt.events import Identity
from flask_unt.store.hours import day_of


def bring_up_to_date(store):
    """A report alone gives up after a while."""
    while store.recompute_figures():
        pass


@pytest.fixture
def store(database_url):
    with opened(database_url) as store:
        yield store


@pytest.mark.parametrize("bots", ["apart", "count"])
def test_users_equal_a_recount(database_url, bots):
    with opened(database_url, bots=bots) as store:
        fill(store)
        bring_up_to_date(store)
        found = store.users(now=NOW)

    rows = Rows(database_url, bots)

    assert found.total == len(found.rows) == len(rows.user)

    for row in found.rows:
        views = rows.views_of(row.id)
        days = Counter(day_of(one.local_time, "UTC") for one in views)
        links = {one.visitor_id for one in rows.link.values() if one.user_id == row.id}
        today = day_of(NOW, "UTC")

        assert row.views == len(views)
        assert row.visits == len({one.visit_id for one in views})
        assert row.browsers == len(links)
        assert row.last_access == (views[0].local_time if views else None)
        assert row.last_offset == (views[0].utc_offset if views else None)
        assert row.first_seen == (views[-1].local_time if views else None)
        assert row.last_page_path == (
            rows.page[views[0].page_id].path if views else None
        )
        assert row.days == tuple(
            days[today - timedelta(ago)] for ago in range(13, -1, -1)
        )


def test_anonymous_visitors_equal_a_recount(filled, filled_url):
    rows = Rows(filled_url)
    anonymous = {
        row.visitor_id
        for row in rows.views
        if row.visitor_id is not None and rows.whose(row) is None
    }

    assert filled.users(now=NOW).anonymous_visitors == len(anonymous)


def test_users_without_views_are_last_in_both_directions(filled):
    for descending in (True, False):
        rows = filled.users(now=NOW, sort="last_access", descending=descending).rows
        moments = [row.last_access for row in rows]

        assert rows[-1].email == "idle@example.com"
        assert moments[:-1] == sorted(moments[:-1], reverse=descending)
        assert moments[-1] is None


def test_users_are_sorted_by_any_column(filled):
    for sort in ("first_seen", "email", "visits", "views"):
        for descending in (True, False):
            rows = filled.users(now=NOW, sort=sort, descending=descending).rows
            values = [getattr(row, sort) for row in rows]
            known = [value for value in values if value is not None]

            assert known == sorted(known, reverse=descending)


def test_users_by_an_unknown_column_are_refused(store):
    with pytest.raises(ValueError, match="sorted by"):
        store.users(now=NOW, sort="email; drop table")


SEARCHES = {
    "ADA@": {"ada@example.com"},
    "  ben ": {"ben@example.com"},
    "account-2": {"ben@example.com"},
    "_": {"under_score@example.com"},
    "r_s": {"under_score@example.com"},
    "%": set(),
    "/": set(),
    "\\": set(),
    "' or 1=1 --": set(),
}


def test_users_are_searched_by_what_is_written(store):
    """``%`` and ``_`` are letters like any other."""
    ben = Identity("ben@example.com", "account-2", "Ben")
    store.write([view(1, 1000, user=ADA), view(2, 1000, user=ben)], NOW)
    store.declare_email(visitor(3), "under_score@example.com", NOW)

    for search, emails in SEARCHES.items():
        found = store.users(now=NOW, search=search)

        assert {row.email for row in found.rows} == emails, search
        assert found.total == len(emails)


def test_a_page_out_of_range_is_the_nearest(filled):
    everybody = [row.id for row in filled.users(now=NOW).rows]
    pages = -(-len(everybody) // 5)

    for asked, given in ((1, 1), (2, 2), (0, 1), (-7, 1), (10**9, pages)):
        found = filled.users(now=NOW, page=asked, per_page=5)

        assert (found.page, found.pages) == (given, pages)
        assert [row.id for row in found.rows] == everybody[5 * given - 5 : 5 * given]


def test_user_equals_a_recount(store, database_url):
    fill(store)
    rows = Rows(database_url)

    for id, row in rows.user.items():
        found = store.user(id, now=NOW)
        views = rows.views_of(id)
        days = Counter()

        for one in (rows.visit[key] for key in {seen.visit_id for seen in views}):
            owned = rows.visitor[one.visitor_id].owner_id == id
            theirs = owned and one.user_id in (None, id)
            day = day_of(one.started_at, "UTC")
            days[day] += one.views if theirs or one.user_id == id else 0

        assert (found.email, found.verified) == (row.email, row.verified)
        assert found.views == len(views)
        assert found.favourites.total == len(views)
        assert found.visits == len({one.visit_id for one in views})
        assert found.days == tuple(sorted((+days).items()))
        assert len(found.browsers) == len(
            {one.visitor_id for one in rows.link.values() if one.user_id == id}
        )

        if views:
            assert found.first_touch.at == found.first_seen == views[-1].local_time
            assert found.last_access == views[0].local_time


def test_user_who_is_not_there_is_none(store):
    assert store.user(12345, now=NOW) is None
    assert store.visitor(12345, now=NOW) is None


def test_claims_of_an_address_are_counted_on_the_verified_user(store):
    """Who typed the address without having signed in with it."""
    store.write([view(1, 1000, user=ADA)], NOW)

    for number in (1, 2, 3):
        store.declare_email(visitor(number), "ada@example.com", NOW)

    rows = store.users(now=NOW, search="ada").rows
    found = {row.verified: store.user(row.id, now=NOW).also_declared for row in rows}

    assert found == {True: 2, False: 0}


def test_first_touch_says_where_somebody_came_from(store):
    tags = (("utm_medium", "email"), ("utm_source", "newsletter"))
    referrer = "https://blog.example.org/list"
    store.write(
        [
            view(1, 3000, "/info", "Info", referrer=referrer, campaign=tags),
            view(1, 1000, user=ADA),
        ],
        NOW,
    )
    [row] = store.users(now=NOW).rows
    touch = store.user(row.id, now=NOW).first_touch

    assert (touch.page_path, touch.page_title) == ("/info", "Info")
    assert touch.referrer == referrer
    assert touch.campaign == "newsletter / email"


def test_uuid_leads_to_its_visitor_and_their_user(store):
    store.write([view(1, 1000, user=ADA), view(2, 1000)], NOW)
    [row] = store.users(now=NOW).rows
    known = store.visitor_user(visitor(1))
    other = store.visitor_user(visitor(2).upper())

    assert known.user_id == row.id
    assert other.user_id is None
    assert store.visitor(known.visitor_id, now=NOW).views == 1
    assert store.visitor(other.visitor_id, now=NOW).user_id is None
    assert store.visitor_user(visitor(3)) is None
    assert store.visitor_user("../etc") is None


def test_number_of_queries_does_not_grow_with_the_list(filled):
    filled.prepare()
    asked = []

    def note(*seen):
        asked.append(seen[2])

    sa.event.listen(sa.Engine, "before_cursor_execute", note)

    for per_page in (2, 50):
        asked.clear()
        filled.users(now=NOW, per_page=per_page)

        assert 0 < len(asked) < 20

    sa.event.remove(sa.Engine, "before_cursor_execute", note)
