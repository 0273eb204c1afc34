"""Figures of the whole site equal a recount of the rows, on every database."""

from __future__ import annotations

from collections import Counter

import pytest
from recount import DAY_MS
from recount import MINUTE_MS
from recount import NOW
from recount import ZONES
from recount import Rows
from recount import fill
from recount import opened
from recount import view

from flask_unt.store.hours import day_of
from flask_unt.store.hours import day_start
from flask_unt.store.reports import overview


@pytest.fixture
def store(database_url):
    with opened(database_url) as store:
        yield store


def named(answer, names):
    return {name: getattr(answer, name) for name in names}


@pytest.mark.parametrize("bots", ["apart", "count"])
@pytest.mark.parametrize("zone", ZONES)
def test_overview_equals_a_recount(database_url, zone, bots):
    """Whole days, days that are cut, and the quiet first half, in three zones."""
    today = day_start(day_of(NOW, zone), zone)
    periods = [
        (day_start(day_of(NOW - 6 * DAY_MS, zone), zone), NOW),
        (today - 7 * DAY_MS, today),
        (NOW - 9 * DAY_MS + 1234, NOW - 2 * DAY_MS - 777),
        (NOW - 20 * MINUTE_MS, NOW - 5),
        (NOW - 400 * DAY_MS, NOW - 399 * DAY_MS),
    ]

    with opened(database_url, timezone=zone, bots=bots) as store:
        fill(store)
        add_up(store)
        rows = Rows(database_url, bots, zone)

        for since, until in periods:
            found = store.overview(since=since, until=until, now=NOW)
            check_overview(found, rows, since, until)
            assert found.here_now == (2 if bots == "count" else 1)


def add_up(store):
    """A report alone gives up after a while, and says so."""
    while store.overview(since=NOW, until=NOW, now=NOW).hours_behind:
        pass


def check_overview(found, rows, since, until):
    wanted = rows.figures(since, until)
    before = rows.figures(2 * since - until, since)
    series = [(day.day, day.visitors, day.views) for day in found.series]

    assert named(found, wanted) == wanted
    assert named(found.previous, wanted) == before
    assert series == rows.series(since, until)
    assert found.not_counted_bots == rows.bot_views(since, until)
    assert found.first_view_at == min(row.local_time for row in rows.views)


def test_overview_says_which_hours_it_has_not_added_up(store):
    fill(store)

    with store._transactions.reading() as connection:
        found = overview(connection, since=NOW, until=NOW, now=NOW)

    assert found.hours_behind > 0
    add_up(store)
    assert store.overview(since=NOW, until=NOW, now=NOW).hours_behind == 0


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


def test_page_share_equals_a_recount(filled, filled_url):
    rows = Rows(filled_url)
    cut = (NOW - 9 * DAY_MS + 1234, NOW - 13 * MINUTE_MS)

    for since, until in ((None, None), cut, (cut[0], None), (None, cut[1])):
        views = [
            row
            for row in rows.views
            if (since or 0) <= row.local_time < (until or NOW + 1)
        ]
        found = filled.page_share(since=since, until=until, limit=3)
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


@pytest.mark.parametrize("end", ["entry", "exit"])
def test_visit_ends_equal_a_recount(filled, filled_url, end):
    rows = Rows(filled_url)

    for since, until in ((0, NOW), (NOW - 9 * DAY_MS, NOW - 13 * MINUTE_MS)):
        visits = [row for row in rows.visits if since <= row.started_at < until]
        counts = Counter(getattr(row, f"{end}_page_id") for row in visits)
        bounces = sum(row.views == 1 for row in visits)
        found = filled.visit_ends(end, since=since, until=until, limit=2)
        every = filled.visit_ends(end, since=since, until=until, limit=99)

        assert {row.page_id: row.visits for row in every.rows} == counts
        assert found.total == every.total == len(visits) > 0
        assert sum(row.visits for row in found.rows) == len(visits)
        assert [row.visits for row in every.rows] == sorted(counts.values())[::-1]
        for one in (found, every):
            assert sum(row.bounces for row in one.rows) == bounces
            assert sum(row.share for row in one.rows) == pytest.approx(1)


def test_pages_are_sorted_by_their_titles_too(filled):
    rows = filled.page_share(sort="page", descending=False, limit=99).rows
    back = filled.page_share(sort="page", descending=True, limit=99).rows

    assert len(rows) > 2
    assert [row.title.lower() for row in rows] == sorted(r.title.lower() for r in rows)
    assert {row.page_id for row in back} == {row.page_id for row in rows}
    assert back[0].title == rows[-1].title

    with pytest.raises(ValueError, match="sorted by"):
        filled.page_share(sort="colour")

    with pytest.raises(ValueError, match="entry, exit"):
        filled.visit_ends("middle", since=0, until=NOW)


def test_page_share_of_nothing_is_empty(store):
    assert store.visit_ends("entry", since=0, until=NOW).rows == ()
    assert store.page_share().rows == ()
    assert store.page_share(user_id=7).total == 0
