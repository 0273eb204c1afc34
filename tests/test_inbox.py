"""What waits in the database: each entry written once, whatever ends in between."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import entries
import pytest
from happenings import open_store
from happenings import rows
from processes import Process
from tracked import close
from tracked import now
from tracked import send
from tracked import site
from tracked import state_of
from tracked import view

from flask_unt.dashboard.health import health
from flask_unt.doctor import Look
from flask_unt.doctor.database import check_inbox
from flask_unt.drain import drain
from flask_unt.errors import VisitorForgotten
from flask_unt.events import encode_entry
from flask_unt.store import Store
from flask_unt.store import schema
from flask_unt.store.inbox import AT_ONCE
from flask_unt.store.portions import GROUP
from flask_unt.stream import Stream

NOW = entries.NOW
HERE = Path(__file__).parent
SITE = """
import sys
from tracked import send, site, view
app = site(sys.argv[1])
print(send(app, view(title=sys.argv[2])).status_code)
"""
Start = Callable[..., Process]


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as store:
        store.prepare()
        yield store


def put(store: Store, *data: bytes) -> None:
    for one in data:
        store.inbox.put(one, [entries.VISITOR])


def stored(store: Store) -> int:
    return len(rows(store, schema.page_view))


def counted(store: Store) -> dict[str, int]:
    return {name: count for name, count in store.counts()[0].items() if count}


def test_what_waits_is_written_once_and_counted(store: Store) -> None:
    twice = entries.data()
    put(store, entries.data(), twice, twice)
    assert store.inbox.waiting().entries == 3
    assert stored(store) == 0

    store.inbox.drain(NOW)
    store.inbox.drain(NOW)
    assert stored(store) == 2
    assert not store.inbox.is_waiting()
    assert counted(store) == {"accepted": 3, "stored": 2, "duplicates": 1}


def test_oldest_is_told_and_it_does_not_matter_if_it_is_none(store: Store) -> None:
    first = entries.entry()
    put(store, encode_entry(first), entries.data())
    assert store.inbox.waiting().oldest == first.received
    store.inbox.drain(NOW)
    put(store, b"\0 no entry")
    assert store.inbox.waiting().oldest is None


def test_user_agent_is_not_kept(store: Store) -> None:
    entry = entries.entry()
    store.put(entry)
    (row,) = rows(store, schema.inbox)
    assert b"Mozilla" not in row.data
    assert b"X11" not in row.data
    store.inbox.drain(NOW)
    (agent,) = rows(store, schema.agent)
    assert (agent.browser, agent.system, agent.device) == (
        "Firefox",
        "Linux",
        "desktop",
    )


def test_who_reads_sees_what_waits(store: Store) -> None:
    put(store, entries.data())
    assert store.export_visitor(entries.VISITOR) is not None
    put(store, entries.data())
    assert store.overview(since=NOW, until=NOW + 9_999_999, now=NOW).views == 2


def test_many_write_at_once(store: Store, database_url: str) -> None:
    """Threads and processes: each row is in one transaction's hands."""
    data = [entries.data() for _ in range(60)]

    with open_store(database_url) as other, ThreadPoolExecutor(4) as threads:
        puts = [threads.submit(put, one, d) for one in (store, other) for d in data]
        works = [threads.submit(one.inbox.drain, NOW) for one in (store, other) * 4]

        for done in (*puts, *works):
            done.result()

        store.inbox.drain(NOW)
        other.inbox.drain(NOW)

    assert stored(store) == 60
    assert rows(store, schema.inbox) == []
    assert counted(store) == {"accepted": 120, "stored": 60, "duplicates": 60}


def test_what_cannot_be_written_is_set_aside_without_its_neighbours(
    store: Store,
) -> None:
    """Refused by the database, not readable, and of a release that is to come."""
    good = [entries.data() for _ in range(2 * GROUP)]
    mixed = entries.data(entries.view(), entries.poison(), entries.view())
    put(store, *good, mixed, b"no entry", *good[:3], entries.newer())
    store.inbox.drain(NOW)

    reasons = sorted(row.reason for row in rows(store, schema.set_aside))
    assert stored(store) == 2 * GROUP + 2
    assert len(reasons) == 3
    assert any("version 99" in reason for reason in reasons)
    assert rows(store, schema.inbox) == []
    assert counted(store) == {
        "accepted": 2 * GROUP + 8,
        "stored": 2 * GROUP + 2,
        "duplicates": 3,
        "set_aside": 3,
    }


def test_of_a_forgotten_visitor_nothing_is_put_and_what_waits_is_dropped(
    store: Store,
) -> None:
    store.forget_visitor(entries.VISITOR, NOW)

    with pytest.raises(VisitorForgotten):
        store.put(entries.entry())

    store.inbox.put(entries.data(), [])
    store.inbox.drain(NOW)
    assert stored(store) == 0
    assert counted(store) == {"accepted": 1, "forgotten": 1}


def test_forgetting_takes_what_waits(store: Store) -> None:
    put(store, entries.data())
    store.forget_visitor(entries.VISITOR, NOW)
    assert rows(store, schema.inbox) == rows(store, schema.page_view) == []


def test_quiet_process_writes_at_once_and_busy_one_leaves_it(store: Store) -> None:
    put(store, entries.data())
    store.inbox.settle(NOW)
    assert stored(store) == 1

    store.inbox._quiet.spend(60.0)
    store.inbox._busy.spend(60.0)
    put(store, *(entries.data() for _ in range(3)))
    store.inbox.settle(NOW)
    assert not store.inbox.is_due
    assert stored(store) == 1

    store.inbox._busy.spend(-60.0)
    assert store.inbox.is_due
    store.inbox.work_off(NOW)
    assert stored(store) == 4
    assert not store.inbox.is_due


def test_a_long_backlog_is_written_portion_by_portion(sqlite_url: str) -> None:
    with open_store(sqlite_url) as store:
        put(store, *(entries.data() for _ in range(AT_ONCE + 3)))
        store.inbox.drain(NOW)
        assert stored(store) == AT_ONCE + 3


def test_a_worker_writes_what_came_while_redis_was_away(
    sqlite_url: str, redis_url: str
) -> None:
    stream = Stream(redis_url, queue="unt", max_backlog=5000)
    stream.ensure_group()

    with open_store(sqlite_url) as store:
        put(store, entries.data())
        drain(stream, store, consumer="c", stop=lambda: False, linger=0)
        assert stored(store) == 1


def test_what_cannot_be_written_now_is_said(sqlite_url: str) -> None:
    """By the command and by the dashboard's dot."""
    app = site(sqlite_url)
    send(app, view())
    state = state_of(app)
    before = state.store.status().views
    rename = "ALTER TABLE unt_page_view RENAME TO elsewhere"

    with state.store._database.writing() as connection:
        connection.exec_driver_sql(rename)

    assert send(app, view()).status_code == 202
    (finding,) = check_inbox(Look(state, now()))
    assert finding.problem.startswith("1 entry waits in unt_inbox, the oldest for 0")
    assert health(state, now()).words.startswith("1 waiting, oldest ")
    assert before == 1
    close(app)


@pytest.fixture
def start(spawn: Start, sqlite_url: str) -> Start:
    """Run a site that takes one view, in a process of its own."""

    def start(title: str, **environment: str) -> Process:
        command = [sys.executable, "-c", SITE, sqlite_url, title]
        path = {"PYTHONPATH": f"{HERE}:{HERE.parent}"}
        return spawn(command, environment={**path, **environment})

    return start


@pytest.mark.fault
@pytest.mark.parametrize(
    ("failpoint", "there"),
    [("after-put", 0), ("inbox-before-commit", 0), ("inbox-after-commit", 1)],
)
def test_killed_process_neither_loses_nor_doubles_a_view(
    start: Start, sqlite_url: str, failpoint: str, there: int
) -> None:
    killed = start("first", UNT_FAILPOINT=failpoint)
    assert killed.wait() == -signal.SIGKILL

    with open_store(sqlite_url) as store:
        assert stored(store) == there
        assert store.inbox.waiting().entries == 1 - there
        store.inbox.drain(NOW)
        assert stored(store) == 1
        assert counted(store) == {"accepted": 1, "stored": 1}


@pytest.mark.fault
def test_an_entry_that_ends_every_process_is_set_aside(
    start: Start, sqlite_url: str
) -> None:
    deaths = 0

    while start(f"deadly {deaths}", UNT_FATAL_ENTRY="deadly 0").wait() and deaths < 9:
        deaths += 1

    with open_store(sqlite_url) as store:
        store.inbox.drain(NOW)
        (aside,) = rows(store, schema.set_aside)
        assert "deadly 0" in aside.payload
        assert stored(store) == deaths

    assert 3 <= deaths <= 6
