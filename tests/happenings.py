"""Events and entries made by hand, and what a store has made of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from flask_unt.events import Custom
from flask_unt.events import Entry
from flask_unt.events import Event
from flask_unt.events import Identity
from flask_unt.events import Leave
from flask_unt.events import View
from flask_unt.events import stored_key
from flask_unt.store import Store
from flask_unt.store import StoreSettings
from flask_unt.store import schema
from flask_unt.store.engine import Database

START = 1_790_000_000_000
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
ANN = "11111111-1111-4111-8111-111111111111"
BEN = "22222222-2222-4222-8222-222222222222"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
MARK_KEY = b"key of the marks"
CRAWLER = "Googlebot/2.1 (+http://www.google.com/bot.html)"


def view(
    id: str = "v1", visitor: str | None = ANN, time: int = START, **more: Any
) -> View:
    known: dict[str, Any] = {
        "tz": 60,
        "host": "site.example",
        "path": "/",
        "title": "Home",
        "referrer": None,
        "campaign": (),
        "from_key": None,
        "kind": "load",
        "width": 390,
        "lang": "en",
        "status": None,
        "skewed": False,
        "mark": None,
    }

    return View(
        key=stored_key(visitor, id, time),
        id=id,
        visitor=visitor,
        time=time,
        **{**known, **more},
    )


def leave(of: View, engaged: int = 1000, scroll: int = 50, **more: Any) -> Leave:
    known = {"visitor": of.visitor, "time": of.time + 1000, "title": None}

    return Leave(key=of.key, engaged=engaged, scroll=scroll, **{**known, **more})


def custom(
    id: str = "c1", visitor: str | None = ANN, time: int = START, **more: Any
) -> Custom:
    known: dict[str, Any] = {
        "tz": 60,
        "view_key": None,
        "name": "signup",
        "props": "{}",
        "skewed": False,
        "mark": None,
    }

    return Custom(
        key=stored_key(visitor, id, time),
        id=id,
        visitor=visitor,
        time=time,
        **{**known, **more},
    )


def person(
    email: str | None, id: str | None = None, name: str | None = None
) -> Identity:
    return Identity(email, id, name)


def entry(*events: Event, received: int | None = None, **more: Any) -> Entry:
    known = {"agent": FIREFOX, "zone": "UTC", "webdriver": False, "user": None}
    latest = max(event.time for event in events)

    return Entry(
        received=latest if received is None else received,
        events=events,
        **{**known, **more},
    )


@contextmanager
def open_store(url: str, **settings: Any) -> Iterator[Store]:
    """A store whose connections are closed at the end."""
    store = Store(url, StoreSettings(**settings), mark_keys=(MARK_KEY,))

    try:
        yield store
    finally:
        store.dispose()


def rows(store: Store, table: sa.Table, *columns: str) -> list[Any]:
    """All rows of a table: whole, or these columns of them."""
    wanted = [table.c[name] for name in columns] or [table]
    first = next(iter(table.primary_key.columns))

    with store._database.reading() as connection:
        return list(connection.execute(sa.select(*wanted).order_by(first)))


def only(store: Store, table: sa.Table) -> Any:
    """The one row of a table."""
    (row,) = rows(store, table)

    return row


def empty(store: Store) -> None:
    """Delete everything but what was set up."""
    with store._database.writing() as connection:
        for table in schema.metadata.sorted_tables:
            if table is not schema.site:
                connection.execute(sa.delete(table))


def database(url: str) -> Any:
    """A database whose connections are closed at the end of a ``with``."""
    return closing_database(Database(url))


@contextmanager
def closing_database(database: Database) -> Iterator[Database]:
    try:
        yield database
    finally:
        database.dispose()
