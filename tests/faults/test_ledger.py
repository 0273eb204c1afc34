"""The ledger and the recount see what is planted: else they would prove nothing."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from tracked import close
from tracked import send
from tracked import settle
from tracked import site

from faults.clients import Memory
from faults.clients import now_ms
from faults.ledger import Ledger
from flask_unt.store import schema

Change = Callable[[sa.Connection], Any]


@pytest.fixture
def ledger(sqlite_url: str) -> Ledger:
    """Thirty batches that a site has answered and stored."""
    app = site(sqlite_url, UNT_HOSTS=["shop.example"])
    memory = Memory(random.Random(5))
    ledger = Ledger()

    for _ in range(30):
        events = memory.batch()
        ledger.trying(events)
        answer = send(app, *events)

        assert answer.get_json()["rejected"] == []

        ledger.promised(events)

    settle(app)
    close(app)

    return ledger


def change(url: str, work: Change) -> None:
    engine = sa.create_engine(url)

    with engine.begin() as connection:
        work(connection)

    engine.dispose()


def some_view(connection: sa.Connection) -> sa.Row[Any]:
    return connection.execute(sa.select(schema.page_view).limit(1)).one()


def troubles(ledger: Ledger, url: str) -> dict[str, Any]:
    return ledger.verdict(url, now_ms()).troubles


def test_all_is_well_where_all_is_well(ledger: Ledger, sqlite_url: str) -> None:
    verdict = ledger.verdict(sqlite_url, now_ms())

    assert verdict.troubles == {}
    assert verdict.stored == verdict.acknowledged == verdict.tried > 50
    assert ledger.read


def test_a_row_that_is_missing_is_lost(ledger: Ledger, sqlite_url: str) -> None:
    def delete(connection: sa.Connection) -> None:
        view = some_view(connection)
        connection.execute(
            sa.delete(schema.page_view).where(schema.page_view.c.id == view.id)
        )

    change(sqlite_url, delete)
    found = troubles(ledger, sqlite_url)

    assert found["lost"] == 1
    assert found["reports"]


def test_what_is_set_aside_is_not_lost(ledger: Ledger, sqlite_url: str) -> None:
    event = Memory(random.Random(6)).batch()[0]
    ledger.promised([event])

    assert troubles(ledger, sqlite_url) == {"lost": 1}

    change(
        sqlite_url,
        lambda connection: connection.execute(
            sa.insert(schema.set_aside).values(
                payload=str(event).replace("'", '"'),
                reason="test",
                created_at=0,
                hash=bytes(16),
                events=1,
            )
        ),
    )

    assert troubles(ledger, sqlite_url) == {}


def test_a_second_row_of_an_event_is_twice(ledger: Ledger, sqlite_url: str) -> None:
    """Under another key: what was sent tells, not the key."""

    def copy(connection: sa.Connection) -> None:
        row = some_view(connection)._asdict()
        connection.execute(
            sa.insert(schema.page_view).values(row | {"id": row["id"][:6] + bytes(10)})
        )

    change(sqlite_url, copy)
    found = troubles(ledger, sqlite_url)

    assert (found["twice"], found["strangers"]) == (1, 1)


def test_a_row_that_nobody_sent_is_a_stranger(ledger: Ledger, sqlite_url: str) -> None:
    key = next(iter(ledger.tried))
    del ledger.tried[key]

    assert troubles(ledger, sqlite_url) == {"strangers": 1}


def test_a_leave_that_was_not_applied_is_seen(ledger: Ledger, sqlite_url: str) -> None:
    key = next(iter(ledger.read))
    change(
        sqlite_url,
        lambda connection: connection.execute(
            sa.update(schema.page_view)
            .where(schema.page_view.c.id == key)
            .values(engaged_ms=0)
        ),
    )

    assert troubles(ledger, sqlite_url)["unread"] == 1


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE unt_hour SET views = views + 1", "overview views"),
        ("UPDATE unt_page_day SET views = views + 1", "pages of everybody"),
        ("UPDATE unt_visit SET views = views + 1", "visits"),
        ("DELETE FROM unt_visit WHERE id = (SELECT min(id) FROM unt_visit)", "a view"),
        ("DELETE FROM unt_visitor_day", "overview"),
    ],
)
def test_a_report_that_differs_is_named(
    ledger: Ledger, sqlite_url: str, statement: str, named: str
) -> None:
    assert troubles(ledger, sqlite_url) == {}

    change(sqlite_url, lambda connection: connection.execute(sa.text(statement)))
    found = troubles(ledger, sqlite_url)

    assert any(named in report for report in found["reports"]), found


def test_no_two_events_of_a_visitor_share_a_time() -> None:
    memory = Memory(random.Random(7))
    events = memory.batches(300)
    made = {
        (event["visitor"], event["time"], event["id"])
        for event in events
        if event["type"] != "leave"
    }

    assert len({(visitor, time) for visitor, time, _ in made}) == len(made)
    assert any(len(id) == 36 and uuid.UUID(id).version == 7 for _, _, id in made)
