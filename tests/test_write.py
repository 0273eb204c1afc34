from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait
from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

import happenings
import pytest
import sqlalchemy as sa
import world
from happenings import ANN
from happenings import BEN
from happenings import CRAWLER
from happenings import FIREFOX
from happenings import HOUR
from happenings import MARK_KEY
from happenings import MINUTE
from happenings import START
from happenings import custom
from happenings import entry
from happenings import leave
from happenings import only
from happenings import open_store
from happenings import person
from happenings import rows
from happenings import view
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from flask_unt.errors import StoreUnavailable
from flask_unt.errors import WriteFailed
from flask_unt.events import Entry
from flask_unt.events import Identity
from flask_unt.events import Leave
from flask_unt.events import mark_of
from flask_unt.events import payload_event
from flask_unt.store import Store
from flask_unt.store import Written
from flask_unt.store import schema
from flask_unt.store.write import write_entries

NOW = START + 12 * HOUR
USERS = (None, None, person("a@site.example"), person("b@site.example"))


@st.composite
def entry_lists(draw: st.DrawFn) -> list[Entry]:
    """Some hours of two visitors, who sign in and out, leave pages and click."""
    moments = st.integers(0, 16).map(lambda step: START + step * 11 * MINUTE)
    views = [
        view(
            f"v{number}",
            draw(st.sampled_from((ANN,) * 6 + (BEN, None))),
            draw(moments),
            path=draw(st.sampled_from(("/", "/a", "/b"))),
            lang=f"l{number}",
            referrer=draw(st.sampled_from((None, f"https://from.example/{number}"))),
        )
        for number in range(draw(st.integers(1, 16)))
    ]
    events: list[Any] = list(views)

    for of in draw(st.lists(st.sampled_from(views), max_size=6)):
        events.append(leave(of, draw(st.integers(0, 9)), draw(st.integers(0, 9))))

    for number in range(draw(st.integers(0, 3))):
        of = draw(st.sampled_from(views))
        key = draw(st.sampled_from((None, of.key)))
        at = draw(moments) + draw(st.sampled_from((0, 0, 4 * HOUR)))
        events.append(custom(f"c{number}", of.visitor, at, view_key=key))

    return [
        entry(
            marked(event, user),
            received=NOW + number,
            user=user,
            agent=draw(st.sampled_from((FIREFOX,) * 6 + (CRAWLER,))),
        )
        for number, event in enumerate(events)
        for user in (draw(st.sampled_from(USERS)) if event.visitor else None,)
    ]


def marked(event: Any, user: Identity | None) -> Any:
    """With its mark, whose an event is does not depend on what was seen before."""
    if isinstance(event, Leave) or event.visitor is None:
        return event

    return replace(event, mark=mark_of(MARK_KEY, event.visitor, user))


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Entry], list[list[Entry]]]:
    """Entries, and the batches they come in: in any order, some of them twice."""
    entries = draw(entry_lists())
    again = draw(st.lists(st.sampled_from(entries), max_size=5))
    order = draw(st.permutations([*entries, *again]))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=5)))
    borders = [0, *cuts, len(order)]
    batches = [order[a:b] for a, b in pairwise(borders)]

    return entries, [batch for batch in batches if batch]


def check(store: Store, entries: list[Entry], batches: list[list[Entry]]) -> None:
    happenings.empty(store)

    for batch in batches:
        store.write(batch, NOW)

        while store.recompute_marks(3, NOW):
            pass

    expected, found = world.expected(entries), world.found(store)

    for name, table in expected.items():
        assert found[name] == table, name


class TestAnyOrder:
    """Whatever comes twice, late or apart, the tables are the same in the end."""

    @pytest.fixture
    def store(self, database_url: str) -> Any:
        with open_store(database_url) as store:
            store.prepare()
            yield store

    def test_gives_the_same_tables(self, store: Store) -> None:
        many = store._database.backend == "sqlite"

        @settings(
            max_examples=100 if many else 25,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(deliveries())
        def run(delivery: tuple[list[Entry], list[list[Entry]]]) -> None:
            check(store, *delivery)

        run()


@pytest.fixture
def store(database_url: str) -> Any:
    with open_store(database_url) as store:
        yield store


def test_counts_what_is_new_and_what_was_known(store: Store) -> None:
    shown = view()
    batch = [entry(shown, leave(shown), custom())]

    assert store.write(batch, NOW) == Written(3, 0)
    assert store.write(batch, NOW) == Written(0, 3)
    assert store.write([*batch, *batch], NOW) == Written(0, 6)


def test_a_visit_is_from_the_country_of_its_zone_or_of_its_address(
    sqlite_url: str,
) -> None:
    there = {"zone": "Europe/Lisbon"}

    with open_store(sqlite_url) as store:
        store.write([entry(view(), **there)], NOW)
        store.write([entry(view("v2", BEN), **there, country="BR")], NOW)
        store.write([entry(view("v3", None), zone="UTC")], NOW)
        found = sorted(row.country for row in rows(store, schema.visit))
        agents = {row.country for row in rows(store, schema.agent)}

    assert found == ["BR", "PT"]
    assert agents == {"BR", "PT", None}


def test_keeps_a_view_as_it_was_sent(store: Store) -> None:
    before = view("v0")
    shown = view(
        referrer="https://search.example/",
        campaign=(("utm_medium", "mail"), ("utm_source", "letter")),
        from_key=before.key,
        status=404,
        skewed=True,
    )
    store.write([entry(shown, received=START + 5)], NOW)
    row = only(store, schema.page_view)

    assert (row.id, row.visit_id, row.from_id) == (shown.key, shown.key, before.key)
    assert (row.local_time, row.server_time, row.utc_offset) == (START, START + 5, 60)
    assert (row.kind, row.status, row.skewed, row.width) == ("load", 404, True, 390)
    assert (row.referrer, row.utm_source) == ("https://search.example/", "letter")
    visit = only(store, schema.visit)
    assert (visit.browser, visit.system, visit.device) == (
        "Firefox",
        "Linux",
        "desktop",
    )
    assert (visit.language, visit.zone, visit.utm_medium) == ("en", "UTC", "mail")


def test_text_of_any_script_comes_back(store: Store) -> None:
    title, path = "Ünïcødé 🦆 漢字 'quoted\\", "/🦆"
    store.write([entry(view(title=title, path=path))], NOW)

    assert (only(store, schema.page).title, only(store, schema.page).path) == (
        title,
        path,
    )


def test_pages_that_differ_in_case_or_accent_are_two(store: Store) -> None:
    paths = ("/cafe", "/café", "/CAFE")
    store.write([entry(view(path, path=path)) for path in paths], NOW)

    assert {row.path for row in rows(store, schema.page)} == set(paths)


def test_a_view_from_the_same_host_has_no_referrer(store: Store) -> None:
    store.write([entry(view(referrer="https://site.example/before"))], NOW)

    assert only(store, schema.page_view).referrer is None


def test_an_anonymous_view_has_neither_visit_nor_visitor_nor_user(
    store: Store,
) -> None:
    user = person("a@site.example")
    store.write([entry(view(visitor=None), user=user)], NOW)
    row = only(store, schema.page_view)

    assert (row.visit_id, row.visitor_id, row.user_id) == (None, None, None)
    assert rows(store, schema.visit) == rows(store, schema.visitor) == []


def test_a_leave_waits_for_its_view(store: Store) -> None:
    shown = view()
    store.write([entry(leave(shown, 900, 10, title="Late"))], NOW)
    store.write([entry(leave(shown, 100, 80))], NOW)
    assert only(store, schema.leave).engaged_ms == 900

    store.write([entry(shown)], NOW)
    row = only(store, schema.page_view)
    assert (row.engaged_ms, row.scroll) == (900, 80)
    assert only(store, schema.visit).engaged_ms == 900
    assert only(store, schema.page).title == "Late"
    assert rows(store, schema.leave) == []


def test_a_title_changes_at_most_once_a_minute(store: Store) -> None:
    titles = ("First", "Second", "Third", "Fourth")

    def shown(number: int, time: int) -> str:
        store.write([entry(view(f"v{number}", time=time, title=titles[number]))], NOW)
        return str(only(store, schema.page).title)

    assert shown(0, START) == "First"
    assert shown(1, START + 1) == "Second"
    assert shown(2, START + MINUTE) == "Second"
    assert shown(3, START + 1 + MINUTE) == "Fourth"


def test_an_older_title_does_not_come_back(store: Store) -> None:
    store.write([entry(view("v2", time=START + HOUR, title="New"))], NOW)
    store.write([entry(view("v1", time=START, title="Old"))], NOW)

    assert only(store, schema.page).title == "New"


def test_the_hours_that_changed_are_marked(store: Store) -> None:
    shown = view()
    store.write([entry(shown, view("v2", time=START + HOUR))], NOW)
    hours = [row.hour for row in rows(store, schema.mark)]
    assert hours == [START // HOUR * HOUR, START // HOUR * HOUR + HOUR]

    store.recompute_marks(9, NOW)
    store.write([entry(shown)], NOW)
    assert rows(store, schema.mark) == []

    store.write([entry(leave(shown))], NOW)
    assert [row.hour for row in rows(store, schema.mark)] == hours[:1]


def test_a_long_visit_is_not_read_again(store: Store) -> None:
    """A screen on the wall is one endless visit; a view more must stay cheap."""
    views = [view(f"v{n}", time=START + n * MINUTE) for n in range(600)]
    store.write([entry(one) for one in views], NOW)
    asked: list[str] = []
    sa.event.listen(
        store._database.engine,
        "before_cursor_execute",
        lambda *args: asked.append(args[2]),
    )
    last = view("last", time=START + 601 * MINUTE)
    store.write([entry(last)], NOW)

    assert only(store, schema.visit).views == 601
    assert not [sql for sql in asked if "JOIN unt_agent" in sql]


def test_an_event_the_database_refuses_is_told_from_an_outage(store: Store) -> None:
    bad = view("bad", tz=10**30)

    with pytest.raises(WriteFailed):
        store.write([entry(view("good")), entry(bad)], NOW)

    assert store.canary()
    assert rows(store, schema.page_view) == rows(store, schema.visitor) == []


@pytest.mark.parametrize("table", ["unt_page_view", "unt_leave", "unt_mark"])
def test_a_missing_table_is_an_outage(store: Store, table: str) -> None:
    store.prepare()

    with store._database.writing() as connection:
        connection.execute(sa.text(f"ALTER TABLE {table} RENAME TO unt_moved"))

    assert not store.canary()

    with pytest.raises(StoreUnavailable):
        store.write([entry(view())], NOW)

    with store._database.writing() as connection:
        connection.execute(sa.text(f"ALTER TABLE unt_moved RENAME TO {table}"))

    assert store.write([entry(view())], NOW) == Written(1, 0)


def test_the_canary_leaves_nothing(store: Store) -> None:
    store.prepare()

    assert store.canary()
    assert rows(store, schema.page_view) == rows(store, schema.page) == []
    assert rows(store, schema.visitor) == rows(store, schema.mark) == []


def test_an_anonymous_event_that_comes_twice_at_once_is_stored_once(
    database_url: str,
) -> None:
    """No visitor's lock keeps two writers of it apart."""
    sent = entry(view(visitor=None), custom(visitor=None))

    with open_store(database_url) as store, ThreadPoolExecutor(1) as threads:
        store.write([entry(view("before"))], NOW)

        with store._database.writing() as connection:
            first = write_entries(connection, [sent], store._rules(), NOW)
            other = threads.submit(store.write, [sent], NOW)
            # On SQLite it has not begun; elsewhere it waits for our rows.
            wait([other], timeout=1)

        second = other.result()

    assert (first.stored, first.duplicates) == (2, 0)
    assert (second.stored, second.duplicates) == (0, 2)


def test_the_same_events_at_once_are_stored_once(store: Store) -> None:
    """Workers and web processes meet over the same visitors, pages and hours."""
    users = [person("a@site.example"), person("b@site.example"), None]
    entries = [
        entry(marked(shown, users[n % 3]), received=NOW + n, user=users[n % 3])
        for n in range(60)
        for shown in (
            view(
                f"v{n}", (ANN, BEN, None)[n % 3], START + n * MINUTE, path=f"/{n % 7}"
            ),
        )
    ]

    def write(seed: int) -> None:
        mine = entries[:]
        Random(seed).shuffle(mine)

        for n in range(0, len(mine), 10):
            store.write(mine[n : n + 10], NOW)
            store.recompute_marks(3, NOW)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))

    while store.recompute_marks(9, NOW):
        pass

    expected, found = world.expected(entries), world.found(store)
    assert {name: found[name] == expected[name] for name in expected} == dict.fromkeys(
        expected, True
    )


def test_events_are_set_aside_with_the_reason(store: Store) -> None:
    store.set_aside([view()], "does not fit", NOW)
    row = only(store, schema.set_aside)

    assert payload_event(row.payload) == view()
    assert (row.reason, row.created_at) == ("does not fit", NOW)
    assert store.status().set_aside == 1
