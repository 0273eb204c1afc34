"""Entries as ingest makes them, and what the database made of them."""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from flask_unt.events import Entry
from flask_unt.events import View
from flask_unt.events import encode_entry
from flask_unt.events import stored_key

NOW = 1_790_000_000_000
VISITOR = "0f8fad5b-d9cb-469f-a165-70867728950e"
# Passes every check of an entry's shape, and no database has room for it.
TOO_WIDE = 2**70

_numbers = itertools.count(1)


def view(*, time: int | None = None, **changes: Any) -> View:
    """A page view with a key of its own, a second after the last one."""
    number = next(_numbers)
    time = NOW + number * 1000 if time is None else time
    id = f"{number}-{uuid.uuid4().hex}"
    fields: dict[str, Any] = {
        "key": stored_key(VISITOR, id, time),
        "id": id,
        "visitor": VISITOR,
        "time": time,
        "tz": -180,
        "host": "shop.example",
        "path": f"/{number % 7}",
        "title": "A page",
        "referrer": None,
        "campaign": (),
        "from_key": None,
        "kind": "load",
        "width": 390,
        "lang": "pt-BR",
        "status": 200,
        "skewed": False,
        "mark": None,
    }

    return View(**fields | changes)


def entry(*views: View) -> Entry:
    """What one request brought: these views, or one."""
    views = views or (view(),)

    return Entry(
        received=views[0].time + 100,
        agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
        zone="America/Sao_Paulo",
        webdriver=False,
        user=None,
        events=views,
    )


def data(*views: View) -> bytes:
    return encode_entry(entry(*views))


def poison() -> View:
    """A view that every database refuses."""
    return view(width=TOO_WIDE)


def newer() -> bytes:
    """An entry of a release that is not written yet."""
    packed = json.loads(data())

    return json.dumps([99, *packed[1:], "more"]).encode()


class Rows:
    """Looks into the tables, without any code of ours."""

    def __init__(self, url: str) -> None:
        self.url = url

    @contextmanager
    def connection(self) -> Iterator[sa.Connection]:
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)

        with engine.begin() as connection:
            yield connection

        engine.dispose()

    def execute(self, statement: str) -> None:
        with self.connection() as connection:
            connection.execute(sa.text(statement))

    def views(self) -> int:
        return self.number("SELECT count(*) FROM unt_page_view")

    def set_aside(self) -> list[str]:
        with self.connection() as connection:
            found = connection.execute(sa.text("SELECT reason FROM unt_set_aside"))
            return [str(reason) for (reason,) in found]

    def payloads(self) -> list[str]:
        with self.connection() as connection:
            found = connection.execute(sa.text("SELECT payload FROM unt_set_aside"))
            return [str(payload) for (payload,) in found]

    def number(self, statement: str) -> int:
        with self.connection() as connection:
            return int(connection.execute(sa.text(statement)).scalar_one())
