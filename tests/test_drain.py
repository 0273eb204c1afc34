"""From a real stream into real databases, with trouble on the way."""

from __future__ import annotations

import logging
import random
import threading
import time
import uuid
from collections.abc import Callable
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import entries
import pytest
import redis
import sqlalchemy as sa
from happenings import open_store
from happenings import rows as rows_of

from flask_unt.drain import Drained
from flask_unt.drain import drain
from flask_unt.drain.suspects import DEADLY
from flask_unt.errors import VisitorForgotten
from flask_unt.events import Identity
from flask_unt.events import encode_entry
from flask_unt.events import event_payload
from flask_unt.events import payload_entry
from flask_unt.events import stored_key
from flask_unt.store import Store
from flask_unt.store import StoreSettings
from flask_unt.store import engine
from flask_unt.store import schema
from flask_unt.stream import Stream

OTHER = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


@pytest.fixture
def stream(redis_url: str) -> Stream:
    return Stream(redis_url, queue="unt", max_backlog=100_000)


@pytest.fixture
def rows(database_url: str) -> entries.Rows:
    return entries.Rows(database_url)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    yield from made_store(database_url)


@pytest.fixture
def small_store(sqlite_url: str) -> Iterator[Store]:
    yield from made_store(sqlite_url)


def made_store(url: str) -> Iterator[Store]:
    store = Store(url, StoreSettings())
    yield store
    store.dispose()


def drain_now(stream: Stream, store: Store, **options: Any) -> Drained:
    wanted = {"consumer": "test", "stop": lambda: False, "linger": 0.0}

    return drain(stream, store, now=lambda: entries.NOW, **wanted | options)


def test_every_view_ends_up_in_the_database_once(
    stream: Stream, store: Store, rows: entries.Rows
) -> None:
    twice = entries.data()

    for data in [twice, twice, entries.data(entries.view(), entries.view())]:
        stream.add(data)

    assert drain_now(stream, store) == Drained(entries=3, stored=3, duplicates=1)
    assert rows.views() == 3
    assert stream.waiting() == 0


def test_one_poison_entry_among_500_is_set_aside_alone(
    stream: Stream, store: Store, rows: entries.Rows
) -> None:
    for number in range(500):
        stream.add(entries.data(entries.poison() if number == 321 else entries.view()))

    drained = drain_now(stream, store)

    assert (drained.stored, drained.set_aside) == (499, 1)
    assert rows.views() == 499
    assert len(rows.set_aside()) == 1
    assert (stream.waiting(), stream.status(0).pending) == (0, 0)


def test_the_neighbours_in_a_poison_entry_are_stored(
    stream: Stream, store: Store, rows: entries.Rows
) -> None:
    stream.add(entries.data(entries.view(), entries.poison(), entries.view()))

    assert drain_now(stream, store) == Drained(entries=1, stored=2, set_aside=1)
    assert rows.views() == 2


def test_garbage_is_set_aside_and_does_not_come_again(
    stream: Stream, store: Store, rows: entries.Rows
) -> None:
    for data in [b"", b"\xff\x00", b"{}", b"[1]", b"[" * 9000, entries.data()]:
        stream.add(data)

    assert drain_now(stream, store) == Drained(entries=6, stored=1, set_aside=5)
    assert len(rows.set_aside()) == 5
    assert stream.waiting() == 0


def test_garbage_is_kept_with_what_is_wrong_with_it(
    stream: Stream, store: Store, rows: entries.Rows
) -> None:
    stream.add(b"\xff\x00caf\xc3\xa9")
    stream.add(b'[1, 5, "Mozilla/5.0", null]')
    stream.add("ü".encode() * 40_000)
    drain_now(stream, store)

    assert rows.payloads() == ["\\xff\\x00café", '[1, 5, "", null]', "ü" * 32_767]
    assert "can't decode byte 0xff" in rows.set_aside()[0]
    assert all(reason.strip() for reason in rows.set_aside())


def test_a_poison_event_keeps_when_it_came_and_who_was_signed_in(
    stream: Stream, store: Store, rows: entries.Rows
) -> None:
    """That is what it takes to put it back; a lone surrogate in it is harmless."""
    user = Identity("ana@shop.example", "7", None)
    poison = replace(entries.poison(), title="\ud800")
    entry = replace(entries.entry(poison), user=user, agent="Mozilla/5.0 (Secret)")
    stream.add(encode_entry(entry).replace(b'"?"', b'"\\ud800"'))

    assert drain_now(stream, store).set_aside == 1
    (payload,) = rows.payloads()
    again = payload_entry(payload, "agent")
    assert (again.received, again.user) == (entry.received, user)
    assert again.events == (replace(poison, title="?"),)
    assert "Secret" not in payload


def test_an_entry_of_a_newer_release_is_left_for_a_newer_worker(
    stream: Stream, small_store: Store
) -> None:
    stream.add(entries.newer())
    stream.add(entries.data())

    assert drain_now(stream, small_store) == Drained(entries=1, stored=1, left=1)
    assert (stream.waiting(), stream.status(0).pending) == (1, 1)


def test_entries_of_a_dead_consumer_are_claimed(
    stream: Stream, small_store: Store
) -> None:
    stream.add(entries.data())
    stream.read("dead", 10, 0)

    assert drain_now(stream, small_store).entries == 0

    time.sleep(0.05)

    assert drain_now(stream, small_store, claim_idle_ms=20).entries == 1


def test_more_than_a_batch_is_drained(
    stream: Stream, small_store: Store, sqlite_url: str
) -> None:
    batches: list[int] = []

    for _ in range(25):
        stream.add(entries.data())

    drain_now(
        stream, small_store, count=10, on_batch=lambda done: batches.append(done.stored)
    )

    assert batches == [10, 20, 25]
    assert entries.Rows(sqlite_url).views() == 25


def test_rollups_are_up_to_date_when_nothing_waits(
    stream: Stream, small_store: Store, sqlite_url: str
) -> None:
    stream.add(entries.data())
    drain_now(stream, small_store)
    rows = entries.Rows(sqlite_url)

    assert rows.number("SELECT count(*) FROM unt_mark") == 0
    assert rows.number("SELECT sum(views) FROM unt_hour") == 1


def test_it_lingers_for_entries_that_come_a_moment_later(
    stream: Stream, small_store: Store
) -> None:
    done: list[Drained] = []
    timer = threading.Timer(0.3, stream.add, [entries.data()])
    timer.start()
    drained = drain_now(
        *(stream, small_store),
        linger=60.0,
        on_batch=done.append,
        stop=lambda: bool(done),
    )

    assert drained.entries == 1

    timer.join()


def test_it_returns_when_it_has_worked_long_enough(
    stream: Stream, small_store: Store
) -> None:
    started = time.monotonic()
    drain_now(stream, small_store, linger=60.0, work_for=0.3)

    assert time.monotonic() - started < 30


def test_it_stops_between_two_batches(stream: Stream, small_store: Store) -> None:
    done: list[Drained] = []

    for _ in range(20):
        stream.add(entries.data())

    drain_now(
        stream, small_store, count=5, on_batch=done.append, stop=lambda: len(done) > 0
    )

    assert (stream.waiting(), stream.status(0).pending) == (15, 0)


def test_a_stream_of_another_site_is_not_touched(
    stream: Stream, small_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    stream.add(entries.data(), site="another")

    assert drain_now(stream, small_store) == Drained(foreign=True)
    assert stream.waiting() == 1
    assert "belongs to another site" in caplog.text


# -- the database in trouble --------------------------------------------


class Background:
    """A drain in a thread of its own, that a test can watch and stop."""

    def __init__(self, stream: Stream, store: Store, **options: Any) -> None:
        self.drained = Drained()
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(stream, store), kwargs=options
        )
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def _run(self, stream: Stream, store: Store, **options: Any) -> None:
        self.drained = drain_now(
            stream, store, stop=self._stop.is_set, linger=0.2, **options
        )

    def join(self) -> None:
        self._thread.join(60)
        assert not self._thread.is_alive()


@pytest.fixture
def start(stream: Stream) -> Iterator[Callable[..., Background]]:
    started: list[Background] = []

    def begin(store: Store, **options: Any) -> Background:
        started.append(Background(stream, store, **options))
        return started[-1]

    yield begin

    for background in started:
        background.stop()


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage().partition(":")[0] for record in caplog.records]


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60

    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_forgotten_migration_stalls_and_sets_nothing_aside(
    stream: Stream,
    store: Store,
    rows: entries.Rows,
    start: Callable[..., Background],
    caplog: pytest.LogCaptureFixture,
) -> None:
    store.prepare()
    stream.add(entries.data())
    rows.execute("ALTER TABLE unt_link RENAME TO away")
    rows.execute("ALTER TABLE unt_page RENAME TO away2")
    background = start(store)
    wait_for(lambda: len(caplog.records) > 0)
    time.sleep(1)

    assert (stream.waiting(), stream.status(0).pending) == (1, 1)
    assert rows.set_aside() == []

    rows.execute("ALTER TABLE away RENAME TO unt_link")
    rows.execute("ALTER TABLE away2 RENAME TO unt_page")
    background.join()

    assert (background.drained.stored, background.drained.set_aside) == (1, 0)
    assert lines(caplog) == [
        "The database cannot be written to, entries wait",
        "The database can be written to again.",
    ]


def test_a_deadly_entry_is_counted_with_all_its_events(
    stream: Stream, store: Store
) -> None:
    views = [entries.view() for _ in range(3)]
    stream.add(entries.data(*views), events=len(views))
    [waiting] = stream.read("dead", 10, 0)

    for _ in range(DEADLY):
        stream.begin_try([waiting.id])

    time.sleep(0.05)
    drained = drain_now(stream, store, claim_idle_ms=20)
    assert drained == Drained(entries=1, set_aside=3)
    assert sum(store.set_aside_reasons().values()) == 3

    (id,) = store.set_aside_ids()
    replayed = store.replay(id, entries.NOW)
    assert replayed is not None
    assert replayed.stored == 3
    assert store.counts()[0] == {"set_aside": -3, "stored": 3}


def test_what_is_set_aside_is_so_once_though_its_worker_was_killed_after_that(
    stream: Stream, store: Store, rows: entries.Rows
) -> None:
    entry = entries.entry(entries.poison())
    stream.add(encode_entry(entry))
    before = store.set_aside([event_payload(entry.events[0], entry)], "odd", 0)

    assert before == 1
    assert drain_now(stream, store) == Drained(entries=1, duplicates=1)
    assert len(rows.set_aside()) == 1


@pytest.mark.parametrize("tries", [0, 9])
def test_nothing_is_called_deadly_while_the_database_takes_nothing(
    stream: Stream,
    small_store: Store,
    sqlite_url: str,
    start: Callable[..., Background],
    caplog: pytest.LogCaptureFixture,
    tries: int,
) -> None:
    """Whoever is ended while it waits for a database was not ended by an entry."""
    small_store.prepare()
    stream.add(entries.data())
    [waiting] = stream.read("dead", 10, 0)

    for _ in range(tries):
        stream.begin_try([waiting.id])

    rows = entries.Rows(sqlite_url)
    rows.execute("ALTER TABLE unt_page RENAME TO away")
    time.sleep(0.05)
    start(small_store, claim_idle_ms=20)
    wait_for(lambda: len(caplog.records) > 0)

    assert stream.tries([waiting.id]) == {waiting.id: tries}
    assert rows.set_aside() == []

    rows.execute("ALTER TABLE away RENAME TO unt_page")


def test_a_stop_during_an_outage_is_heard_and_lets_go(
    stream: Stream,
    small_store: Store,
    sqlite_url: str,
    start: Callable[..., Background],
    caplog: pytest.LogCaptureFixture,
) -> None:
    small_store.prepare()
    stream.add(entries.data())
    rows = entries.Rows(sqlite_url)
    rows.execute("ALTER TABLE unt_page RENAME TO away")
    background = start(small_store)
    wait_for(lambda: len(caplog.records) > 0)

    background.stop()

    rows.execute("ALTER TABLE away RENAME TO unt_page")

    assert drain_now(stream, small_store).stored == 1


def test_held_entries_are_not_taken_by_others_during_an_outage(
    stream: Stream,
    small_store: Store,
    sqlite_url: str,
    start: Callable[..., Background],
    caplog: pytest.LogCaptureFixture,
) -> None:
    small_store.prepare()
    stream.add(entries.data())
    rows = entries.Rows(sqlite_url)
    rows.execute("ALTER TABLE unt_page RENAME TO away")
    start(small_store, claim_idle_ms=1500)
    wait_for(lambda: len(caplog.records) > 0)
    idle = [0]

    def is_kept() -> bool:
        with stream.connection() as client:
            (entry,) = client.xpending_range(stream.key, "unt", "-", "+", 1)

        idle.append(entry["time_since_delivered"])

        return idle[-1] < idle[-2]

    wait_for(is_kept)


def test_a_database_that_goes_away_and_comes_back_loses_nothing(
    stream: Stream,
    own_postgres: Callable[..., Any],
    start: Callable[..., Background],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    server = own_postgres()
    url = server.fresh_database()
    store = next(made_store(url))
    store.prepare()
    server.stop()

    for _ in range(20):
        stream.add(entries.data())

    background = start(store, count=5)
    wait_for(lambda: len(caplog.records) > 0)
    server.start()
    background.join()
    store.dispose()

    assert background.drained == Drained(entries=20, stored=20)
    assert entries.Rows(url).views() == 20
    assert lines(caplog) == [
        "The database cannot be written to, entries wait",
        "The database can be written to again.",
    ]


@pytest.mark.slow
def test_what_somebody_locks_is_left_for_later_and_not_set_aside(
    stream: Stream, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The canary works meanwhile, and so do the views of other visitors."""
    limits = engine.POSTGRESQL_LIMITS.text.replace("'3000'", "'300'")
    monkeypatch.setattr(engine, "POSTGRESQL_LIMITS", sa.text(limits))
    store = next(made_store(postgres_url))
    stream.add(entries.data())
    drain_now(stream, store)
    rows = entries.Rows(postgres_url)
    stream.add(entries.data())
    stream.add(entries.data(entries.view(visitor=OTHER)))

    with rows.connection() as connection:
        connection.exec_driver_sql("SELECT * FROM unt_visitor FOR UPDATE").all()

        assert drain_now(stream, store) == Drained(entries=1, stored=1, locked=1)

    assert drain_now(stream, store, claim_idle_ms=1) == Drained(entries=1, stored=1)
    assert (rows.views(), rows.set_aside()) == (3, [])

    store.dispose()


def test_everything_flushed_meanwhile_is_survived(
    stream: Stream,
    small_store: Store,
    redis_url: str,
    start: Callable[..., Background],
) -> None:
    background = start(small_store, work_for=5.0)

    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()

    stream.add(entries.data())
    background.join()

    assert background.drained.stored == 1


def test_entries_of_a_forgotten_visitor_are_dropped_and_refused_from_then_on(
    stream: Stream, store: Store, rows: entries.Rows
) -> None:
    store.forget_visitor(entries.VISITOR, entries.NOW)
    stream.add(entries.data(entries.view(), entries.view()))

    assert drain_now(stream, store) == Drained(entries=1, forgotten=2)
    assert rows.views() == 0

    with pytest.raises(VisitorForgotten):
        stream.add(entries.data(), visitors=[entries.VISITOR])


# -- several drains at once ---------------------------------------------


@pytest.mark.parametrize("database_url", ["postgresql", "mariadb"], indirect=True)
def test_two_drains_over_the_same_visitors_make_the_visits_of_one(
    stream: Stream, database_url: str, sqlite_url: str
) -> None:
    """Views of twelve visitors in any order: each visit is touched by both drains."""
    chance = random.Random(11)
    visitors = [str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(12)]
    views = [
        entries.view(
            visitor=chance.choice(visitors),
            time=entries.NOW + chance.randrange(9_000_000),
        )
        for _ in range(600)
    ]
    views = [replace(v, key=stored_key(v.visitor, v.id, v.time)) for v in views]

    for view in views:
        stream.add(entries.data(view))

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(drain_alone, stream, database_url, n) for n in "ab"]
        drained = [one.result() for one in both]

    assert sum(one.stored for one in drained) == 600
    assert min(one.stored for one in drained) > 100

    with open_store(sqlite_url) as alone:
        alone.write([entries.entry(*views)], entries.NOW)
        wanted = visits(alone)

    with open_store(database_url) as store:
        assert visits(store) == wanted


def drain_alone(stream: Stream, url: str, consumer: str) -> Drained:
    with open_store(url) as store:
        return drain_now(stream, store, consumer=consumer, count=8, linger=0.5)


def visits(store: Store) -> list[tuple[Any, ...]]:
    columns = ("id", "started_at", "last_at", "last_id", "views", "engaged_ms")
    found = [tuple(row) for row in rows_of(store, schema.visit, *columns)]

    return [*found, *map(tuple, rows_of(store, schema.page_view, "id", "visit_id"))]
