"""A tiny site with UNT on it, and what a browser sends to it."""

from __future__ import annotations

import itertools
import time
import uuid
from typing import Any

import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from flask_unt import UNT
from flask_unt.drain import drain

PREFIX = "/k3x9"
HERE = {"Origin": "http://localhost"}
ELSEWHERE = {"Origin": "https://elsewhere.example"}
VISITOR = "0f8fad5b-d9cb-469f-a165-70867728950e"
OTHER_VISITOR = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
VIEWS = (
    "SELECT title, host, path FROM unt_page_view JOIN unt_page ON unt_page.id = page_id"
)
PAGE = "<!doctype html><html><body><h1>Hello</h1></body></html>"

_numbers = itertools.count()


def bare_app(**config: Any) -> Flask:
    """A Flask app that knows nothing of UNT yet."""
    app = Flask("site", instance_path="/nonexistent")
    app.config.update(SECRET_KEY="secret", UNT_PREFIX=PREFIX, **config)
    return app


def site(
    database_url: str = "sqlite://", unt: UNT | None = None, **config: Any
) -> Flask:
    """A site of one page, with UNT on it."""
    app = bare_app(UNT_DATABASE_URL=database_url, **config)
    app.get("/")(lambda: PAGE)
    (unt or UNT()).init_app(app)
    return app


def state_of(app: Flask) -> Any:
    return app.extensions["unt"]


def now() -> int:
    return time.time_ns() // 1_000_000


def view(**changes: Any) -> dict[str, Any]:
    """A page view as unt.js sends it, each with an id of its own."""
    event = {
        "type": "view",
        "id": f"v{next(_numbers)}-{uuid.uuid4().hex}",
        "visitor": VISITOR,
        "time": now(),
        "tz": 60,
        "url": "http://localhost/shop",
        "title": "Shop",
        "kind": "load",
    }
    return {**event, **changes}


def batch(*events: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"v": 1, "sent": now(), "events": list(events), **changes}


def post(app: Flask, path: str, **options: Any) -> TestResponse:
    """Post to one of the tracking addresses the way the site's own page does."""
    options.setdefault("headers", HERE)
    client = app.test_client(use_cookies=False)
    return client.post(PREFIX + path, **options)


def send(app: Flask, *events: dict[str, Any], **options: Any) -> TestResponse:
    """Post a batch the way the site's own page does."""
    options.setdefault("json", batch(*events))
    return post(app, "/e", **options)


def sent_with(cookie: str, **more: str) -> dict[str, str]:
    """The headers of the site's own page, with the visitor's cookie among others."""
    return {**HERE, "Cookie": f"a=b; unt={cookie}; c=d", **more}


def cookies_of(response: TestResponse) -> list[tuple[str, set[str]]]:
    """Name and value, and the attributes, of each cookie that is set."""
    found = []

    for header in response.headers.getlist("Set-Cookie"):
        pair, *attributes = header.split("; ")
        found.append((pair, set(attributes)))

    return found


def is_deleted(response: TestResponse) -> bool:
    """Whether the visitor's cookie is."""
    return any(p == "unt=" and "Max-Age=0" in a for p, a in cookies_of(response))


def url_of(app: Flask) -> sa.URL:
    """The database that the app's UNT uses."""
    url: sa.URL = state_of(app).store._database.url
    return url


def close(app: Flask) -> None:
    """Close the connections of the app's UNT."""
    state_of(app).store.dispose()


def settle(app: Flask) -> None:
    """Have what waits in the stream and the inbox written, as the worker does."""
    state = state_of(app)
    state.store.catch_up()

    if state.stream is not None:
        state.stream.ensure_group()
        drain(state.stream, state.store, consumer="c", stop=lambda: False, linger=0)


def rows(app: Flask, query: str) -> list[tuple[Any, ...]]:
    """What the site's owner reads in SQL, once what waits in the inbox is written."""
    state_of(app).store.catch_up()
    engine = sa.create_engine(url_of(app))

    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(sa.text(query))]

    engine.dispose()
    return found
