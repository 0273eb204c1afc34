"""What the lists of people are asked for equals a recount of the rows."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from happenings import custom
from happenings import entry
from recount import ADA
from recount import BEN
from recount import CHROME
from recount import DAY_MS
from recount import GOOGLEBOT
from recount import MINUTE_MS
from recount import NOW
from recount import Rows
from recount import fill
from recount import opened
from recount import view
from recount import visitor

from flask_unt.events import make_tracked
from flask_unt.store import schema
from flask_unt.store.bulk import add_rows
from flask_unt.store.figures import as_set
from flask_unt.store.figures import of_set
from flask_unt.store.figures import rewrite_users
from flask_unt.store.reports import PeopleFilter
from flask_unt.store.reports.parts_of_lists import FEW
from flask_unt.store.reports.user_search import find_users
from flask_unt.store.reports.user_search import order_of

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def store(database_url):
    with opened(database_url) as store:
        yield store


def bring_up_to_date(store):
    while store.recompute_figures():
        pass


def emails(store, **wanted):
    bring_up_to_date(store)
    found = store.users(now=NOW, wanted=PeopleFilter(**wanted))
    assert found.total == len(found.rows)
    return {row.email for row in found.rows}


def test_who_saw_a_page_equals_a_recount(store, database_url):
    fill(store)
    bring_up_to_date(store)
    rows = Rows(database_url)

    for page in rows.page.values():
        views = [row for row in rows.views if row.page_id == page.id]
        known = {rows.user[rows.whose(row)].email for row in views if rows.whose(row)}
        anonymous = {
            row.visitor_id
            for row in views
            if rows.whose(row) is None and row.visitor_id is not None
        }
        found = store.visitors(wanted=PeopleFilter(page=page.id), per_page=500)

        assert emails(store, page=page.id) == known
        assert emails(store, page=page.path) == known
        assert {row.id for row in found.rows} == anonymous


def test_anonymous_visitors_equal_a_recount(store, database_url):
    fill(store)
    bring_up_to_date(store)
    rows = Rows(database_url)
    found = store.visitors(per_page=500)
    moments = [(row.last_access, row.id) for row in found.rows]

    assert moments == sorted(moments, reverse=True)
    assert found.total == len(found.rows)

    for one in found.rows:
        views = [
            row
            for row in rows.views
            if row.visitor_id == one.id and rows.whose(row) is None
        ]
        assert one.views == len(views)
        assert one.visits == len({row.visit_id for row in views})
        assert one.last_access == max(row.local_time for row in views)
        assert one.first_seen == min(row.local_time for row in views)


def test_all_pages_of_anonymous_visitors_are_all_of_them(store):
    fill(store)
    bring_up_to_date(store)

    for sort in ("last_access", "visits"):
        every = [row.id for row in store.visitors(sort=sort, per_page=500).rows]
        pages = [store.visitors(sort=sort, page=n, per_page=7) for n in range(1, 20)]
        found = [row.id for page in pages[: pages[0].pages] for row in page.rows]

        assert found == every
        assert len(found) == pages[0].total


def test_people_are_filtered_by_what_they_did_and_with_what(store):
    phone = view(2, 2 * DAY_MS, "/two", user=BEN, agent=PHONE)
    store.write([view(1, 1000, "/one", user=ADA), phone], NOW)
    store.declare_email(visitor(3), "cy@example.com", NOW)
    done = custom("c", visitor(2), NOW - 1000, name="order")
    store.write([entry(done, received=NOW, user=BEN, agent=CHROME)], NOW)
    ada, ben, cy = "ada@example.com", "ben@example.com", "cy@example.com"

    assert emails(store) == {ada, ben, cy}
    assert emails(store, event="order") == {ben}
    assert emails(store, event="ord") == set()
    assert emails(store, device="mobile") == {ben}
    assert emails(store, device="desktop") == {ada}
    assert emails(store, verified=True) == {ada, ben}
    assert emails(store, verified=False) == {cy}
    assert emails(store, seen=(NOW - DAY_MS, None)) == {ada}
    assert emails(store, first=(None, NOW - DAY_MS)) == {ben}
    assert emails(store, came=(NOW - DAY_MS, NOW)) == {ada}
    assert emails(store, known=(NOW - MINUTE_MS, None)) == {ada, ben, cy}
    assert emails(store, known=(NOW + 1, None)) == set()
    assert emails(store, page="/two", verified=True) == {ben}
    assert emails(store, page="/two", search="ada") == set()


def did(name, number, ago=1000, user=None):
    """A custom event in a browser, or with no number by a user who has none."""
    who = None if number is None else visitor(number)
    done = custom(f"{name}-{number}-{ago}", who, NOW - ago, name=name)
    return entry(done, received=NOW, user=user, agent=CHROME)


def who_did(store, name):
    """The users, and the numbers of anonymous visitors."""
    bring_up_to_date(store)
    wanted = PeopleFilter(event=name)
    found = store.visitors(wanted=wanted, per_page=500)
    assert found.total == len(found.rows)
    return emails(store, event=name), {row.id for row in found.rows}


def test_who_did_something_follows_whose_it_is(store):
    store.write([view(n, 2000) for n in (1, 2, 3)], NOW)
    store.write([did("order", 1, user=ADA), did("order", 2), did("order", 4)], NOW)
    bring_up_to_date(store)
    ids = {row.id for row in store.visitors(per_page=500).rows}
    (second,) = who_did(store, "order")[1]

    # Who has no view at all is no visitor who is listed.
    assert who_did(store, "order") == ({"ada@example.com"}, {second})
    assert second in ids
    store.declare_email(visitor(2), "ben@example.com", NOW)
    assert who_did(store, "order") == ({"ada@example.com", "ben@example.com"}, set())
    store.forget_visitor(visitor(2), NOW)
    assert who_did(store, "order") == ({"ada@example.com"}, set())


def test_what_was_done_earlier_and_came_late_counts(store):
    store.write([view(1, 2000, user=ADA), did("order", 1, user=ADA)], NOW)
    assert who_did(store, "refund") == (set(), set())
    store.write([did("refund", 1, 9 * DAY_MS, user=ADA)], NOW)
    assert who_did(store, "refund") == ({"ada@example.com"}, set())
    assert who_did(store, "order") == ({"ada@example.com"}, set())


def test_who_did_something_nobody_knows_where_is_listed(store):
    """Such an event is in no browser, so in none's figures."""
    store.write([view(1, 2000, user=ADA), view(2, 2000, user=BEN)], NOW)
    alone = make_tracked("order", None, id="1", now=NOW, user=BEN)
    store.write([entry(alone, received=NOW)], NOW)
    assert who_did(store, "order") == ({"ben@example.com"}, set())
    ada, ben = (
        row.id for row in store.users(now=NOW, sort="email", descending=False).rows
    )
    store.merge_users(ben, ada, NOW, "me")
    assert who_did(store, "order") == ({"ada@example.com"}, set())


def test_all_parts_of_a_long_list_are_all_of_it(store):
    """So many are found in the order of an index, the last ones from its end."""
    many = FEW + 57
    store.prepare()

    with store._database.writing() as connection:
        list_people(connection, many)

    for wanted in (PeopleFilter(), PeopleFilter(page=1)):
        for descending in (True, False):
            with store._database.reading() as connection:
                order = order_of("last_access", descending, store._database.backend)
                found = [
                    find_users(connection, wanted, order, n, 499) for n in range(1, 12)
                ]

            assert {one.total for one in found} == {many - 1}
            assert found[-1].pages == found[-1].page
            assert [id for one in found for id in one.ids] == in_order(many, descending)


def list_people(connection, many):
    """Users who all saw a page, in figures: see ``in_order``."""
    figures = schema.user_figures
    numbers = range(1, many + 1)
    users = [(n, True, f"P{n}", NOW, n == 30) for n in numbers]
    names = ("id", "verified", "name", "created_at", "team")
    add_rows(connection, schema.user, names, users)
    links = [(n, n, "session", NOW, NOW) for n in numbers]
    names = ("visitor_id", "user_id", "reason", "since", "until")
    add_rows(connection, schema.link, names, links)
    names = ("page_id", "visitor_id", "user_id", "whose_id", "last_at")
    saw = [(1, n, n, n, NOW) for n in numbers]
    add_rows(connection, schema.page_visitor, names, saw)
    rewrite_users(connection, numbers)

    for odd in (0, 1):
        some = sa.and_(figures.c.user_id > 20, figures.c.user_id % 2 == odd)
        seen = sa.update(figures).where(some).values(last_seen=NOW + odd)
        connection.execute(seen)


def in_order(many, descending):
    """Odd ones were seen later, the first twenty never, number 30 is of the team."""
    seen = [n for n in range(21, many + 1) if n != 30]
    seen.sort(key=lambda n: (n % 2, n), reverse=descending)
    never = sorted(range(1, 21), reverse=descending)
    return [*seen, *never]


def test_search_knows_letters_beyond_ascii(store):
    store.declare_email(visitor(1), "éva@example.com", NOW)
    store.declare_email(visitor(2), "straße@example.com", NOW)

    assert emails(store, search="ÉVA") == {"éva@example.com"}
    assert emails(store, search="STRASSE@") == {"straße@example.com"}


def test_columns_of_the_site_are_shown_sorted_and_filtered(store):
    store.write([view(1, 1000, user=ADA), view(2, 1000, user=BEN)], NOW)
    plans = {"ada@example.com": {"plan": "pro", "seats": 3}, "ben@example.com": {}}

    with store._database.writing() as connection:
        for email, columns in plans.items():
            row = {"host_columns": json.dumps(columns), "host_columns_at": NOW}
            where = schema.user.c.email == email
            connection.execute(sa.update(schema.user).where(where).values(row))

    assert emails(store, column=("plan", "pro")) == {"ada@example.com"}
    assert emails(store, column=("plan", "free")) == set()
    assert emails(store, column=("seats", "3")) == {"ada@example.com"}

    for descending in (True, False):
        rows = store.users(now=NOW, sort="column:plan", descending=descending).rows
        assert [row.columns.get("plan") for row in rows] == ["pro", None]
        assert rows[0].columns_at == NOW


def test_who_turns_out_a_bot_has_seen_no_page(store):
    """Their earlier views had been noted, and count no more."""
    store.write([view(1, 9 * MINUTE_MS, "/seen")], NOW)
    bring_up_to_date(store)
    assert store.visitors(wanted=PeopleFilter(page="/seen")).total == 1
    store.write([view(1, 8 * MINUTE_MS, "/next", agent=GOOGLEBOT)], NOW)
    bring_up_to_date(store)

    with store._database.reading() as connection:
        assert connection.execute(sa.select(schema.page_visitor)).all() == []


def test_the_team_is_listed_only_on_demand(store):
    store.write([view(1, 1000, user=ADA)], NOW)

    with store._database.writing() as connection:
        connection.execute(sa.update(schema.user).values(team=True))

    assert emails(store) == set()
    assert emails(store, team=True) == {"ada@example.com"}


def test_who_was_merged_is_listed_once_with_all_figures(store):
    store.write([view(1, 5000, "/one", user=ADA), view(2, 1000, user=BEN)], NOW)
    store.write([view(1, 4000, "/two", user=BEN)], NOW)
    ada, ben = (
        row.id for row in store.users(now=NOW, sort="email", descending=False).rows
    )
    before = {row.id: row.views for row in store.users(now=NOW).rows}
    store.merge_users(ben, ada, NOW, "me")
    [row] = store.users(now=NOW).rows

    assert before == {ada: 1, ben: 2}
    assert (row.id, row.views) == (ada, 3)
    assert emails(store, page="/two") == {"ada@example.com"}
    assert emails(store, search="ben@") == {"ada@example.com"}
    store.take_back_merge(ben)
    assert {row.id: row.views for row in store.users(now=NOW).rows} == before
    assert emails(store, page="/two") == {"ben@example.com"}


def test_what_was_anonymous_is_theirs_from_then_on(store):
    store.write([view(1, 9 * DAY_MS, "/before")], NOW)
    assert store.visitors().total == 1
    store.declare_email(visitor(1), "ada@example.com", NOW)

    assert emails(store, page="/before") == {"ada@example.com"}
    assert store.visitors().total == 0


def test_the_forgotten_are_in_no_figures(store):
    store.write([view(1, 5000, "/one", user=ADA), view(2, 4000, "/two", user=ADA)], NOW)
    store.write([view(2, 1000, "/ben", user=BEN)], NOW)
    bring_up_to_date(store)
    store.forget_visitor(visitor(1), NOW)

    assert emails(store, page="/one") == set()
    assert [row.views for row in store.users(now=NOW, search="ada").rows] == [1]
    store.forget_email("ada@example.com", NOW)
    assert emails(store) == {"ben@example.com"}
    assert emails(store, page="/two") == set()
    assert emails(store, page="/ben") == {"ben@example.com"}


def test_what_is_pruned_is_in_no_figures(database_url):
    with opened(database_url, retention_days=30) as store:
        store.write([view(1, 40 * DAY_MS, "/old"), view(1, DAY_MS, "/new")], NOW)
        store.write([view(2, 50 * DAY_MS, "/old")], NOW)
        bring_up_to_date(store)
        assert store.visitors().total == 2
        store.prune(NOW)
        bring_up_to_date(store)
        [row] = store.visitors().rows

        assert (row.views, row.visits) == (1, 1)
        assert store.visitors(wanted=PeopleFilter(page="/old")).total == 0
        assert store.visitors(wanted=PeopleFilter(page="/new")).total == 1


def test_a_set_of_words_is_a_text_and_back():
    assert as_set([]) == ""
    assert as_set(["mobile", "desktop"]) == ",desktop,mobile,"
    assert of_set(",desktop,mobile,") == ("desktop", "mobile")
    assert of_set("") == ()
