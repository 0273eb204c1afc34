"""Sizes of tables, quick however large they are."""

from __future__ import annotations

import uuid

import pytest
from happenings import START
from happenings import entry
from happenings import open_store
from happenings import view

from flask_unt.store import Store
from flask_unt.store import StoreStatus
from flask_unt.store import sizes

ROWS = 300


def filled(store: Store) -> StoreStatus:
    """The status of a database with so many views, each of another visitor."""
    names = [str(uuid.UUID(int=number, version=4)) for number in range(1, ROWS + 1)]
    events = (view(f"v{at}", name, START + at) for at, name in enumerate(names))
    store.write([entry(*events)], START)

    return store.status()


def test_few_rows_are_counted(database_url: str) -> None:
    with open_store(database_url) as store:
        found = filled(store)

    assert (found.views, found.visitors, found.users) == (ROWS, ROWS, 0)
    assert found.about == ()


def test_many_rows_are_estimated_and_said_to_be(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "COUNTED_UP_TO", 50)

    with open_store(database_url) as store:
        found = filled(store)

    assert found.about == ("views", "visitors")
    assert ROWS / 5 < found.views < ROWS * 5
    assert ROWS / 5 < found.visitors < ROWS * 5
    assert found.users == 0
