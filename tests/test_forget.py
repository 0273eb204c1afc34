"""A forgotten visitor is gone, and nothing of it is stored again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait
from typing import Any

import pytest
import sqlalchemy as sa
import world
from happenings import ANN
from happenings import BEN
from happenings import DAY
from happenings import HOUR
from happenings import START
from happenings import custom
from happenings import entry
from happenings import leave
from happenings import only
from happenings import open_store
from happenings import person
from happenings import rows
from happenings import view

from flask_unt.errors import VisitorForgotten
from flask_unt.events import Entry
from flask_unt.events import event_payload
from flask_unt.events import forgotten_hash
from flask_unt.store import Store
from flask_unt.store import Written
from flask_unt.store import schema
from flask_unt.store.write import write_entries

NOW = START + DAY
CAT = "33333333-3333-4333-8333-333333333333"
ADA, BOB = person("ada@site.example"), person("bob@site.example")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as store:
        store.prepare()
        yield store


def everything(visitor: str, **more: Any) -> list[Entry]:
    """Some of all that a visitor can leave behind."""
    first = view("v1", visitor, START, path=f"/{visitor[0]}")
    second = view("v2", visitor, START + 2 * HOUR)
    lost = view("v3", visitor, START + 3 * HOUR)
    events = [
        first,
        leave(first),
        second,
        leave(lost, title="Lost"),
        custom("c", visitor),
    ]

    return [entry(event, **more) for event in events]


def sum_up(store: Store) -> None:
    while store.recompute_marks(9, NOW):
        pass


def places(store: Store, *needles: str) -> set[str]:
    """The tables that have a row in which one of these can be read."""
    return {
        table.name
        for table in schema.metadata.sorted_tables
        for row in rows(store, table)
        if any(needle in str(value) for value in row for needle in needles)
    }


def of_visitor(store: Store, id: int) -> set[str]:
    return {
        table.name
        for table in schema.metadata.sorted_tables
        if "visitor_id" in table.c
        and any(row.visitor_id == id for row in rows(store, table))
    }


def test_all_of_a_visitor_goes_and_nothing_of_others(store: Store) -> None:
    others = everything(BEN, user=BOB)
    store.write([*everything(ANN, user=ADA), *others], NOW)
    store.declare_email(ANN, "ann@site.example", NOW)
    store.set_aside([event_payload(view("bad"))], "bad", NOW)
    store.set_aside([event_payload(view("bad", BEN))], "bad", NOW)
    sum_up(store)
    id = next(r.id for r in rows(store, schema.visitor) if r.uuid[0] == 0x11)
    assert of_visitor(store, id) == {
        "unt_event",
        "unt_leave",
        "unt_link",
        "unt_page_view",
        "unt_visit",
        "unt_visitor_day",
    }

    store.forget_visitor(ANN, NOW)
    assert of_visitor(store, id) == set()
    assert places(store, ANN, "ada@", "ann@") == set()
    assert len(rows(store, schema.set_aside)) == 1
    sum_up(store)
    found, expected = world.found(store), world.expected(others)
    assert {name: found[name] == expected[name] for name in expected} == dict.fromkeys(
        expected, True
    )


def test_of_a_forgotten_visitor_only_a_hash_is_kept(store: Store) -> None:
    store.forget_visitor(ANN, NOW)
    row = only(store, schema.forgotten)
    assert (row.hash, row.at) == (forgotten_hash(ANN), NOW)
    assert list(store.forgotten_hashes()) == [forgotten_hash(ANN)]
    assert rows(store, schema.visitor) == []


def test_what_comes_later_is_dropped_and_counted(store: Store) -> None:
    """Neither stored nor known before; the others of its batch are stored."""
    batch = everything(ANN, user=ADA)
    store.write(batch, NOW)
    store.forget_visitor(ANN, NOW)
    other = entry(view("b", BEN), view("a", ANN), cookie=ANN)
    assert store.write([*batch, other], NOW) == Written(1, 0, 6, frozenset({ANN}))
    assert len(rows(store, schema.page_view)) == 1
    assert places(store, ANN, "ada@") == set()

    with pytest.raises(VisitorForgotten):
        store.declare_email(ANN, "ann@site.example", NOW)

    assert rows(store, schema.user) == []
    assert len(rows(store, schema.visitor)) == 1


def test_a_cookie_does_not_bring_the_old_id_back(store: Store) -> None:
    store.forget_visitor(ANN, NOW)
    assert store.write([entry(view("b", BEN), cookie=ANN)], NOW) == Written(1, 0)
    assert only(store, schema.visitor).alias_of is None


def test_a_user_with_another_browser_stays(store: Store) -> None:
    store.write([entry(view("a", who), user=ADA) for who in (ANN, BEN)], NOW)
    store.forget_visitor(ANN, NOW)
    assert only(store, schema.user).email == ADA.email
    assert only(store, schema.link).visitor_id == only(store, schema.visitor).id


def test_another_id_of_the_browser_stays_but_loses_the_user(store: Store) -> None:
    store.write([entry(view("a"), user=ADA)], NOW)
    store.write([entry(view("b", BEN, START + 1), cookie=ANN)], NOW)
    store.forget_visitor(ANN, NOW)
    left = only(store, schema.visitor)
    assert (left.alias_of, left.owner_id, left.user_id) == (None, None, None)
    assert rows(store, schema.user) == rows(store, schema.link) == []


def test_forgetting_twice_or_whom_nobody_knows(store: Store) -> None:
    for who in (ANN, ANN, CAT):
        store.forget_visitor(who, NOW)

    assert len(rows(store, schema.forgotten)) == 2


def test_closed_hours_only_lose_the_person(store: Store) -> None:
    """Their rows are gone, so their figures stay what they were."""
    old = [entry(view("o", who, START - 400 * DAY)) for who in (ANN, BEN)]
    store.write(old, NOW)
    sum_up(store)
    store.prune(NOW)
    hours = rows(store, schema.hour)
    assert hours
    store.write([entry(view("n", ANN, START))], NOW)
    sum_up(store)
    store.forget_visitor(ANN, NOW)
    sum_up(store)
    assert rows(store, schema.hour) == hours


def test_forgetting_waits_for_a_write_that_has_begun(store: Store) -> None:
    """Even of a visitor whom nobody else can see yet."""
    with ThreadPoolExecutor(1) as thread:
        with store._database.writing() as connection:
            write_entries(connection, everything(ANN), store._rules(), NOW)
            done = thread.submit(store.forget_visitor, ANN, NOW)
            assert wait([done], timeout=0.3).done == set()

        done.result()

    assert rows(store, schema.page_view) == rows(store, schema.visitor) == []


def test_a_write_at_the_same_time_brings_nothing_back(store: Store) -> None:
    """Whoever is first, the other one waits for the visitor's row."""

    def write(number: int) -> None:
        shown = (view(f"v{number}-{n}", ANN, START + n) for n in range(20))
        store.write([entry(one) for one in shown], NOW)

    with ThreadPoolExecutor(3) as threads:
        done = [threads.submit(write, number) for number in range(10)]
        done.insert(3, threads.submit(store.forget_visitor, ANN, NOW))
        done += [threads.submit(write, number) for number in range(10, 20)]

        for one in done:
            one.result()

    assert rows(store, schema.page_view) == rows(store, schema.visitor) == []
    with store._database.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count(schema.visit.c.id))) == 0
