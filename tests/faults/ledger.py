"""What clients sent and were promised, held against what the database has."""

from __future__ import annotations

import json
import threading
import uuid
from collections import Counter
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import sqlalchemy as sa

from faults.recounts import differences
from flask_unt.events import stored_key
from flask_unt.store import schema

# What was shown or happened, whose, when: no two events of a visitor share a time,
# so that rows are told apart by what was sent, whatever key they are stored under.
Identity = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Sent:
    """A view or custom event as a client made it."""

    type: str
    visitor: str
    id: str
    time: int

    @property
    def identity(self) -> Identity:
        return self.type, self.visitor, self.time

    @property
    def key(self) -> bytes:
        return stored_key(self.visitor, self.id, self.time)


@dataclass(frozen=True, slots=True)
class Verdict:
    """``lost`` were acknowledged and are nowhere, ``twice`` are there more than once.

    ``strangers`` are rows that nobody sent under that key, ``unread`` views whose
    engaged time is not the highest one sent, ``reports`` what differs from a recount.
    """

    tried: int
    acknowledged: int
    views: int
    stored: int
    set_aside: int
    again: int
    lost: int
    twice: int
    strangers: int
    unread: int
    reports: tuple[str, ...]
    answers: Counter[int] = field(default_factory=Counter)

    @property
    def troubles(self) -> dict[str, Any]:
        """What is wrong; empty when the guarantee held."""
        names = ("lost", "twice", "strangers", "unread", "reports")
        found = {name: getattr(self, name) for name in names}
        return {name: value for name, value in found.items() if value}


class Ledger:
    """Every event tried and acknowledged, by threads that send at the same time."""

    def __init__(self) -> None:
        self.tried: dict[bytes, Sent] = {}
        self.acknowledged: dict[bytes, Sent] = {}
        self.read: dict[bytes, int] = {}
        self.answers: Counter[int] = Counter()
        self.odd: list[str] = []
        self.again = 0
        self._lock = threading.Lock()

    def trying(self, events: Iterable[dict[str, Any]]) -> None:
        """Note what is about to be sent."""
        with self._lock:
            for sent in sent_events(events):
                self.again += sent.key in self.tried
                self.tried[sent.key] = sent

    def answered(self, status: int, answer: bytes) -> None:
        """Note an answer; no answer is 0, and only that and 503 are ordinary."""
        with self._lock:
            self.answers[status] += 1

            if status not in (0, 202, 503):
                self.odd.append(f"{status} {answer[:200]!r}")

    def promised(self, events: Iterable[dict[str, Any]]) -> None:
        """Note what was answered with 202."""
        events = list(events)

        with self._lock:
            for sent in sent_events(events):
                self.acknowledged[sent.key] = sent

            for leave in events:
                if leave["type"] == "leave":
                    key = stored_key(leave["visitor"], leave["view"], 0)
                    self.read[key] = max(self.read.get(key, 0), leave["engaged"])

    def verdict(self, url: str, now: int) -> Verdict:
        """Hold it against this database, in which nothing is written any more."""
        found = Found(url)
        counts = Counter(identity for identity, _, _ in found.rows)
        kept = counts.keys() | found.aside
        engaged = {key: value for _, key, value in found.rows}

        return Verdict(
            tried=len(self.tried),
            acknowledged=len(self.acknowledged),
            views=sum(sent.type == "view" for sent in self.acknowledged.values()),
            stored=len(found.rows),
            set_aside=found.set_aside,
            again=self.again,
            lost=sum(s.identity not in kept for s in self.acknowledged.values()),
            twice=sum(count - 1 for count in counts.values()),
            strangers=sum(key not in self.tried for _, key, _ in found.rows),
            unread=sum(
                engaged[key] != longest
                for key, longest in self.read.items()
                if key in engaged
            ),
            reports=tuple(differences(url, now)),
            answers=self.answers,
        )


class Found:
    """``rows``: what a view or custom event is, its key, its engaged time."""

    def __init__(self, url: str) -> None:
        engine = sa.create_engine(url, poolclass=sa.NullPool)

        with engine.connect() as connection:
            self.rows = [
                *_rows(connection, "view", schema.page_view),
                *_rows(connection, "event", schema.event),
            ]
            payloads = connection.scalars(sa.select(schema.set_aside.c.payload)).all()

        engine.dispose()
        self.set_aside = len(payloads)
        self.aside = set(_identities(payloads))


def only_taken(ledger: Ledger) -> bool:
    """Whether each answer was a 202; a busy machine may have given none in time."""
    return set(ledger.answers) <= {0, 202} and not ledger.odd


def sent_events(events: Iterable[dict[str, Any]]) -> Iterator[Sent]:
    """The views and custom events of a batch; leaves become no rows."""
    for event in events:
        if event["type"] != "leave":
            yield Sent(event["type"], event["visitor"], event["id"], event["time"])


def _rows(
    connection: sa.Connection, type: str, table: sa.Table
) -> Iterator[tuple[Identity, bytes, int]]:
    engaged = table.c.get("engaged_ms", sa.literal(0))
    statement = sa.select(
        table.c.id, table.c.local_time, schema.visitor.c.uuid, engaged
    ).join(schema.visitor, schema.visitor.c.id == table.c.visitor_id)

    for key, time, visitor, engaged_ms in connection.execute(statement):
        yield (type, str(uuid.UUID(bytes=visitor)), time), key, engaged_ms


def _identities(payloads: Iterable[str]) -> Iterator[Identity]:
    for payload in payloads:
        try:
            event = json.loads(payload)
            yield event["type"], event["visitor"], event["time"]
        except (ValueError, TypeError, KeyError):
            continue
