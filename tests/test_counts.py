"""What all processes count together: every event is accounted for."""

from __future__ import annotations

from pathlib import Path

import entries
import pytest
from entries import NOW
from flask import Flask
from tracked import ELSEWHERE
from tracked import batch
from tracked import close
from tracked import send
from tracked import settle
from tracked import site
from tracked import state_of
from tracked import view

from flask_unt.events import decode_entry
from flask_unt.state import Figures
from flask_unt.store import Store
from flask_unt.stream import Stream


@pytest.fixture
def stream(redis_url: str) -> Stream:
    stream = Stream(redis_url, queue="unt", max_backlog=5000)
    stream.ensure_group()

    return stream


def figures(stream: Stream) -> dict[str, int]:
    return stream.counts()[0]


def test_what_is_added_is_accepted(stream: Stream) -> None:
    stream.add(entries.data(), events=1)
    stream.add(entries.data(), events=3)

    assert figures(stream) == {"accepted": 4}


def test_what_became_of_entries_is_counted_as_they_are_acknowledged(
    stream: Stream,
) -> None:
    for _ in range(3):
        stream.add(b"entry")

    ids = [waiting.id for waiting in stream.read("a", 10, 0)]
    stream.acknowledge(ids, {"stored": 2, "duplicates": 1, "forgotten": 0}, NOW)

    assert figures(stream) == {
        "accepted": 3,
        "stored": 2,
        "duplicates": 1,
        "last-drain": NOW,
    }


def test_who_acknowledges_late_counts_nothing_again(stream: Stream) -> None:
    """A worker that was frozen, while another took its entries."""
    stream.add(b"entry")
    stream.add(b"entry")
    ids = [waiting.id for waiting in stream.read("frozen", 10, 0)]
    stream.acknowledge(ids, {"stored": 2}, NOW)
    stream.acknowledge(ids, {"duplicates": 2}, NOW + 1)

    assert figures(stream) == {"accepted": 2, "stored": 2, "last-drain": NOW}


def test_who_acknowledges_some_too_late_counts_the_others(stream: Stream) -> None:
    for _ in range(4):
        stream.add(b"entry")

    ids = [waiting.id for waiting in stream.read("a", 10, 0)]
    stream.acknowledge(ids[:3], {"stored": 3}, NOW)
    stream.acknowledge(ids, {"duplicates": 4}, NOW)

    assert figures(stream)["duplicates"] == 1


def test_a_long_batch_is_acknowledged_whole(stream: Stream) -> None:
    for _ in range(1001):
        stream.add(b"entry")

    ids = [waiting.id for waiting in stream.read("a", 1001, 0)]
    stream.acknowledge(ids, {"stored": 1001}, NOW)

    assert (stream.waiting(), figures(stream)["stored"]) == (0, 1001)


def test_figures_add_up_and_notes_are_replaced(
    stream: Stream, database_url: str
) -> None:
    store = Store(database_url)
    store.prepare()

    for keep in (
        store.add_counts,
        lambda counts, notes: stream.count(counts, notes, NOW),
    ):
        keep({"refused:rate": 2, "stored": 0}, {"proxy": (NOW, "old ü")})
        keep({"refused:rate": 3}, {"proxy": (NOW + 1, "new ü")})

    assert store.counts() == ({"refused:rate": 5}, {"proxy": (NOW + 1, "new ü")})
    store.dispose()
    counts, notes = stream.counts()

    assert counts["refused:rate"] == 5
    assert counts["since"] == NOW
    assert notes == {"proxy": (NOW + 1, "new ü")}


def read(app: Flask) -> Figures:
    """As another process would: what this one did not hand on yet is not seen."""
    counts = state_of(app).counts
    counts._counts.clear()
    found: Figures = counts.read()

    return found


@pytest.fixture
def app(sqlite_url: str) -> Flask:
    return site(sqlite_url)


def test_what_a_process_counted_is_handed_on_after_an_answer(app: Flask) -> None:
    bad = view(url="javascript:alert(1)")
    send(app, view(), bad).close()
    found = read(app)
    close(app)

    assert (found.accepted, found.stored, found.refused) == (1, 1, {"bad-url": 1})


def test_the_rest_follows_some_seconds_later(app: Flask) -> None:
    counts = state_of(app).counts

    for _ in range(3):
        send(app, view(), headers=ELSEWHERE).close()

    assert counts.read().refused == {"foreign-origin": 3}
    assert not counts.is_due()
    counts._next = 0.0
    send(app, view(), headers=ELSEWHERE).close()
    found = read(app)
    close(app)

    assert found.refused == {"foreign-origin": 4}
    assert found.notes["refused-sender"][1] == "elsewhere.example"


def test_an_answer_costs_nothing_when_nothing_was_counted(
    sqlite_url: str, redis_url: str
) -> None:
    app = site(sqlite_url, UNT_REDIS_URL=redis_url)
    send(app, view()).close()

    assert not state_of(app).counts.is_due()
    assert read(app).accepted == 1
    close(app)


def test_what_nobody_takes_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    app = site(f"sqlite:///{folder}/unt.db")
    send(app, view(), headers=ELSEWHERE).close()
    folder.mkdir()
    counts = state_of(app).counts
    counts.hand_on()
    found = read(app)
    close(app)

    assert found.refused == {"foreign-origin": 1}
    assert found.notes["refused-sender"][1] == "elsewhere.example"


def test_accepted_is_the_sum_of_what_became_of_it(
    sqlite_url: str, redis_url: str
) -> None:
    """By way of Redis and by way of the database, with doubles and poison."""
    app = site(sqlite_url, UNT_REDIS_URL=redis_url)
    event = view()
    send(app, event, view()).close()
    send(app, event).close()
    state_of(app).stream.add(entries.data(entries.poison(), entries.view()), events=2)
    settle(app)
    without = site(sqlite_url)
    send(without, view(), event).close()
    close(without)
    found = state_of(app).counts.read()
    close(app)

    assert (found.accepted, found.stored, found.duplicates) == (7, 4, 2)
    assert (found.set_aside, found.forgotten) == (1, 0)
    assert found.last_drain is not None


def test_a_worker_killed_before_it_acknowledges_leaves_the_sum_right(
    sqlite_url: str, redis_url: str
) -> None:
    """It stored what the next one then finds: a duplicate, as the decision says."""
    app = site(sqlite_url, UNT_REDIS_URL=redis_url)
    state = state_of(app)
    send(app, view(), view()).close()
    state.stream.ensure_group()
    (waiting,) = state.stream.read("killed", 10, 0)
    state.store.write([decode_entry(waiting.data)], NOW)
    state.stream.release("killed", [waiting.id])
    send(app, view()).close()
    settle(app)
    found = state.counts.read()
    close(app)

    assert (found.accepted, found.stored, found.duplicates) == (3, 1, 2)


def test_the_browsers_that_ask_for_privacy_are_counted_as_refused(app: Flask) -> None:
    headers = {"Origin": "http://localhost", "Sec-GPC": "1"}
    send(app, json=batch(view(), view()), headers=headers).close()
    found = read(app)
    close(app)

    assert (found.accepted, found.refused) == (0, {"gpc": 2})
