"""A row of the inbox counts as deadly only where its processes really ended."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import entries
import pytest
import sqlalchemy as sa
from happenings import open_store
from happenings import rows

from flask_unt.store import Store
from flask_unt.store import schema
from flask_unt.store.claimant import LEASE_MS
from flask_unt.store.claimant import Claimant
from flask_unt.store.portions import DEADLY
from flask_unt.store.portions import GROUP
from flask_unt.store.portions import Portion
from flask_unt.store.portions import take_portion

NOW = entries.NOW


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as store:
        store.prepare()
        yield store


def put(store: Store, *data: bytes) -> None:
    for one in data:
        store.inbox.put(one, [entries.VISITOR])


def take(store: Store, claimant: Claimant, now: int = NOW) -> Portion:
    return store._transactions.write(lambda c: take_portion(c, 500, claimant, now))


def became(store: Store) -> tuple[int, int, int]:
    """How many views are stored, events set aside, and entries still waiting."""
    tables = (schema.page_view, schema.set_aside, schema.inbox)
    stored, aside, waiting = (len(rows(store, table)) for table in tables)

    return stored, aside, waiting


def rename(store: Store, name: str) -> None:
    """Have the claims be those of another process."""
    with store._database.writing() as connection:
        claims = sa.update(schema.inbox).where(schema.inbox.c.tried_by.is_not(None))
        connection.execute(claims.values(tried_by=name))


def test_any_number_of_processes_that_are_slow_set_nothing_aside(store: Store) -> None:
    put(store, entries.data(), entries.data())

    for _ in range(2 * DEADLY):
        portion = take(store, Claimant())
        assert (len(portion.rows), portion.is_deadly) == (2, False)

    store.inbox.drain(NOW)
    assert became(store) == (2, 0, 0)


def test_of_processes_elsewhere_those_count_that_are_silent(store: Store) -> None:
    put(store, entries.data())
    counted = []

    for number in range(4 * DEADLY):
        take(store, Claimant(), NOW + number * LEASE_MS // 2)
        rename(store, "elsewhere:1:x")
        counted.append(rows(store, schema.inbox)[0].tries)

    assert counted[:6] == [1, 1, 2, 2, 3, 3]
    store.inbox.drain(NOW + 3 * DEADLY * LEASE_MS)
    assert became(store) == (0, 1, 0)


def test_what_is_refused_is_found_while_others_are_at_it(store: Store) -> None:
    """The mark of a portion that failed is nobody's any more."""
    good = [entries.data() for _ in range(2 * GROUP)]
    put(store, *good[:GROUP], entries.data(entries.poison()), *good[GROUP:])
    take(store, Claimant())
    store.inbox.drain(NOW, 60)
    assert became(store) == (2 * GROUP, 1, 0)


def test_who_may_still_be_at_it() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    ours, other = Claimant(), Claimant()
    host = ours.name.split(":")[0]
    dead, away = f"{host}:{ended.pid}:x", f"elsewhere:{ended.pid}:x"

    assert ours.has_ended(None, NOW, NOW)
    assert ours.has_ended(ours.name, NOW, NOW), "one at a time in this process"
    assert not ours.has_ended(other.name, NOW, NOW + LEASE_MS - 1)
    assert not ours.has_ended(f"{host}:1:x", NOW, NOW), "not ours to signal"
    assert ours.has_ended(other.name, NOW, NOW + LEASE_MS)
    assert ours.has_ended(dead, NOW, NOW)
    assert not ours.has_ended(away, NOW, NOW)
    assert ours.has_ended(away, NOW, NOW + LEASE_MS)
