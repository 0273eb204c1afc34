"""Every report equals a recount of the rows in plain Python, on every database."""

from __future__ import annotations

import statistics
import uuid
from collections import Counter
from datetime import timedelta
from itertools import product
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from flask_unt.events import Entry
from flask_unt.events import Identity
from flask_unt.events import View
from flask_unt.events import stored_key
from flask_unt.store import Store
from flask_unt.store import StoreSettings
from flask_unt.store import schema
from flask_unt.store.demo import make_demo
from flask_unt.store.hours import day_of
from flask_unt.store.hours import day_start

NOW = 1_790_000_000_000
DAY_MS = 86_400_000
MINUTE_MS = 60_000
HOST = "www.example.com"
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/138.0.0.0 Safari/537.36"
)
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
ADA = Identity("ada@example.com", "1", "Ada")
BEN = Identity("ben@example.com", "2", "Ben")
ZONES = ("UTC", "Asia/Kolkata", "America/Sao_Paulo")


def visitor(number):
    return str(uuid.UUID(int=number, version=4))


def view(number, ago, path="/", title="", **changes):
    """One page view in an entry of its own, ``ago`` milliseconds before NOW."""
    time = NOW - ago
    id = f"{number}-{ago}-{path}"
    fields = {
        "key": stored_key(visitor(number), id, time),
        "id": id,
        "visitor": visitor(number),
        "time": time,
        "tz": -180,
        "host": HOST,
        "path": path,
        "title": title or path,
        "referrer": None,
        "campaign": (),
        "from_key": None,
        "kind": "load",
        "width": 1280,
        "lang": "en",
        "status": None,
        "skewed": False,
        "mark": None,
    }
    entry = {
        "received": time + 200,
        "agent": CHROME,
        "zone": "America/Sao_Paulo",
        "webdriver": False,
        "user": None,
    }
    fields |= {name: changes[name] for name in changes if name in fields}
    entry |= {name: changes[name] for name in changes if name in entry}

    return Entry(**entry, events=(View(**fields),))


def shared_browser():
    """Ada's browser, to which Ben signs in while some views are nobody's."""
    return [
        view(9001, 50 * MINUTE_MS, "/", user=ADA),
        view(9001, 49 * MINUTE_MS, "/info"),
        view(9001, 15 * MINUTE_MS, "/"),
        view(9001, 14 * MINUTE_MS, "/contact"),
        view(9001, 13 * MINUTE_MS, "/ben", user=BEN),
        view(9001, 12 * MINUTE_MS, "/bens"),
        view(9001, 11 * MINUTE_MS, "/ben", user=BEN),
        view(9002, 2 * MINUTE_MS, "/now"),
        view(9003, 1 * MINUTE_MS, "/now", agent=GOOGLEBOT),
        view(9004, 70 * MINUTE_MS, "/counted", visitor=None),
    ]


@pytest.fixture
def open_store(database_url):
    stores = []

    def open_it(**settings):
        stores.append(Store(database_url, StoreSettings(**settings)))

        return stores[-1]

    yield open_it

    for store in stores:
        store.dispose()


@pytest.fixture
def store(open_store):
    return open_store()


def fill(store):
    make_demo(store, NOW - 3 * 60 * MINUTE_MS, weeks=3, host=HOST, crowd=(10, 40, 3))
    store.write(shared_browser(), NOW)
    store.declare_email(visitor(9005), "idle@example.com", NOW)


class Rows:
    """All rows, and the rule of whose they are."""

    def __init__(self, url, bots="apart", zone="UTC"):
        engine = sa.create_engine(url)

        with engine.connect() as connection:
            for name in ("page_view", "visit", "visitor", "user", "page", "link"):
                found = connection.execute(sa.select(getattr(schema, name)))
                rows = [SimpleNamespace(**row) for row in found.mappings()]
                setattr(self, name, {row.id: row for row in rows})

        engine.dispose()
        self.zone = zone
        self.views = [
            row for row in self.page_view.values() if bots == "count" or not row.bot
        ]
        self.visits = [
            row for row in self.visit.values() if bots == "count" or not row.bot
        ]
        self.bot_visits = [row for row in self.visit.values() if row.bot]

    def whose(self, row):
        if row.user_id is not None or row.visitor_id is None:
            return row.user_id

        return self.visitor[row.visitor_id].owner_id

    def views_of(self, user_id):
        found = [row for row in self.views if self.whose(row) == user_id]

        return sorted(found, key=lambda row: (row.local_time, row.id), reverse=True)

    def figures(self, since, until):
        views = [row for row in self.views if since <= row.local_time < until]
        visits = [row for row in self.visits if since <= row.started_at < until]
        engaged = [row.engaged_ms for row in visits]

        return {
            "visitors": len({row.visitor_id for row in views} - {None}),
            "views": len(views),
            "visits": len(visits),
            "engaged_ms_median": int(statistics.median(engaged)) if engaged else 0,
            "newly_known": sum(
                since <= row.created_at < until for row in self.user.values()
            ),
        }

    def series(self, since, until):
        views, visitors = Counter(), {}

        for row in self.views:
            day = day_of(row.local_time, self.zone)
            visitors.setdefault(day, set()).add(row.visitor_id)
            views[day] += since <= row.local_time < until

        day, last = day_of(since, self.zone), day_of(until - 1, self.zone)
        series = []

        while day <= last:
            series.append((day, len(visitors.get(day, set()) - {None}), views[day]))
            day += timedelta(days=1)

        return series

    def share(self, views, limit):
        counts = Counter(row.page_id for row in views)
        order = sorted(counts, key=lambda id: (-counts[id], id))[:limit]
        rows = [(id, self.page[id].path, counts[id]) for id in order]
        rest = len(views) - sum(row[2] for row in rows)

        return rows + ([(None, "", rest)] if rest else [])


def named(answer, names):
    return {name: getattr(answer, name) for name in names}


@pytest.mark.parametrize("bots", ["apart", "count"])
@pytest.mark.parametrize("zone", ZONES)
def test_overview_equals_a_recount(open_store, database_url, zone, bots):
    """Whole days, days that are cut, and the quiet first half, in three zones."""
    store = open_store(timezone=zone, bots=bots)
    fill(store)
    rows = Rows(database_url, bots, zone)
    today = day_start(day_of(NOW, zone), zone)
    periods = [
        (day_start(day_of(NOW - 6 * DAY_MS, zone), zone), NOW),
        (today - 7 * DAY_MS, today),
        (NOW - 9 * DAY_MS + 1234, NOW - 2 * DAY_MS - 777),
        (NOW - 20 * MINUTE_MS, NOW - 5),
        (NOW - 400 * DAY_MS, NOW - 399 * DAY_MS),
    ]

    for since, until in periods:
        found = store.overview(since=since, until=until, now=NOW)
        wanted = rows.figures(since, until)
        before = rows.figures(2 * since - until, since)
        series = [(day.day, day.visitors, day.views) for day in found.series]
        bot_views = [
            row.views for row in rows.bot_visits if since <= row.started_at < until
        ]

        assert named(found, wanted) == wanted
        assert named(found.previous, wanted) == before
        assert series == rows.series(since, until)
        assert found.not_counted_bots == (0 if bots == "count" else sum(bot_views))
        assert found.first_view_at == min(row.local_time for row in rows.views)
        assert found.here_now == (2 if bots == "count" else 1)


def test_overview_of_an_empty_database(store):
    found = store.overview(since=NOW - 7 * DAY_MS, until=NOW, now=NOW)

    assert (found.visitors, found.views, found.visits, found.here_now) == (0, 0, 0, 0)
    assert found.first_view_at is None
    assert len(found.series) == 8


def test_a_change_after_a_report_is_in_the_next(store):
    """A rollup is never older than its rows."""
    fill(store)
    period = {"since": NOW - DAY_MS, "until": NOW, "now": NOW}
    before = store.overview(**period).views
    store.write([view(9010, 5 * MINUTE_MS), view(9010, 15 * 60 * MINUTE_MS)], NOW)

    assert store.overview(**period).views == before + 2


def test_page_share_equals_a_recount(store, database_url):
    fill(store)
    rows = Rows(database_url)
    cut = (NOW - 9 * DAY_MS + 1234, NOW - 13 * MINUTE_MS)

    for since, until in ((None, None), cut, (cut[0], None), (None, cut[1])):
        views = [
            row
            for row in rows.views
            if (since or 0) <= row.local_time < (until or NOW + 1)
        ]
        found = store.page_share(since=since, until=until, limit=3)
        shares = [(row.page_id, row.path, row.views) for row in found.rows]

        assert found.total == len(views)
        assert shares == rows.share(views, 3)
        assert sum(row.share for row in found.rows) == pytest.approx(1)


def test_page_share_of_a_user_equals_a_recount(store, database_url):
    fill(store)
    rows = Rows(database_url)

    for user_id in rows.user:
        found = store.page_share(user_id=user_id, limit=2)
        shares = [(row.page_id, row.path, row.views) for row in found.rows]

        assert shares == rows.share(rows.views_of(user_id), 2)


def test_page_share_of_nothing_is_empty(store):
    assert store.page_share().rows == ()
    assert store.page_share(user_id=7).total == 0


@pytest.mark.parametrize("bots", ["apart", "count"])
def test_users_equal_a_recount(open_store, database_url, bots):
    store = open_store(bots=bots)
    fill(store)
    rows = Rows(database_url, bots)
    found = store.users(now=NOW)

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
        assert row.first_seen == (views[-1].local_time if views else None)
        assert row.last_page_path == (
            rows.page[views[0].page_id].path if views else None
        )
        assert row.days == tuple(
            days[today - timedelta(ago)] for ago in range(13, -1, -1)
        )


def test_anonymous_visitors_equal_a_recount(store, database_url):
    fill(store)
    rows = Rows(database_url)
    anonymous = {
        row.visitor_id
        for row in rows.views
        if row.visitor_id is not None and rows.whose(row) is None
    }

    assert store.users(now=NOW).anonymous_visitors == len(anonymous)


def test_users_without_views_are_last_in_both_directions(store):
    fill(store)

    for descending in (True, False):
        rows = store.users(now=NOW, sort="last_access", descending=descending).rows
        moments = [row.last_access for row in rows]

        assert rows[-1].email == "idle@example.com"
        assert moments[:-1] == sorted(moments[:-1], reverse=descending)
        assert moments[-1] is None


def test_users_are_sorted_by_any_column(store):
    fill(store)

    for sort in ("first_seen", "email", "visits", "views"):
        for descending in (True, False):
            rows = store.users(now=NOW, sort=sort, descending=descending).rows
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


def test_a_page_out_of_range_is_the_nearest(store):
    fill(store)
    everybody = [row.id for row in store.users(now=NOW).rows]
    pages = -(-len(everybody) // 5)

    for asked, given in ((1, 1), (2, 2), (0, 1), (-7, 1), (10**9, pages)):
        found = store.users(now=NOW, page=asked, per_page=5)

        assert (found.page, found.pages) == (given, pages)
        assert [row.id for row in found.rows] == everybody[5 * given - 5 : 5 * given]


def test_user_equals_a_recount(store, database_url):
    fill(store)
    rows = Rows(database_url)

    for id, row in rows.user.items():
        found = store.user(id, now=NOW)
        views = rows.views_of(id)
        days = Counter(day_of(one.local_time, "UTC") for one in views)

        assert (found.email, found.verified) == (row.email, row.verified)
        assert found.views == len(views)
        assert found.engaged_ms == sum(one.engaged_ms for one in views)
        assert found.visits == len({one.visit_id for one in views})
        assert found.days == tuple(sorted(days.items()))
        assert len(found.browsers) == len(
            {one.visitor_id for one in rows.link.values() if one.user_id == id}
        )

        if views:
            assert found.first_touch.at == found.first_seen == views[-1].local_time
            assert found.last_access == views[0].local_time


def test_user_who_is_not_there_is_none(store):
    assert store.user(12345, now=NOW) is None
    assert store.visitor(12345) is None


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


def test_log_of_every_user_is_whole_and_in_order(store, database_url):
    fill(store)
    rows = Rows(database_url)

    for id, limit in product(rows.user, (1, 7, 1000)):
        pages = read_log(lambda id=id, **page: store.navigation_log(id, **page), limit)
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


def test_log_of_a_visitor_is_whole(store, database_url):
    fill(store)
    rows = Rows(database_url)
    owner = max(
        rows.visitor,
        key=lambda id: sum(row.visitor_id == id for row in rows.views),
    )
    pages = read_log(lambda **page: store.visitor_log(owner, **page), 7)
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


def test_uuid_leads_to_its_visitor_and_their_user(store):
    store.write([view(1, 1000, user=ADA), view(2, 1000)], NOW)
    [row] = store.users(now=NOW).rows
    known = store.visitor_user(visitor(1))
    other = store.visitor_user(visitor(2).upper())

    assert known.user_id == row.id
    assert other.user_id is None
    assert store.visitor(known.visitor_id).views == 1
    assert store.visitor(other.visitor_id).user_id is None
    assert store.visitor_user(visitor(3)) is None
    assert store.visitor_user("../etc") is None


def test_number_of_queries_does_not_grow_with_the_list(store):
    fill(store)
    asked = []

    def note(*seen):
        asked.append(seen[2])

    sa.event.listen(sa.Engine, "before_cursor_execute", note)

    for per_page in (2, 50):
        asked.clear()
        store.users(now=NOW, per_page=per_page)

        assert 0 < len(asked) < 12

    sa.event.remove(sa.Engine, "before_cursor_execute", note)
