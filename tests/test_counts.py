"""What all processes count together: every event is accounted for."""

from __future__ import annotations

import entries
import pytest
from entries import NOW

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
