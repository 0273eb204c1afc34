"""Whatever comes to the door or to the dashboard: never 500, and what is taken is kept.

A few examples of each run with the other tests; ``make fuzz`` runs many.
"""

from __future__ import annotations

import io
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from dashboards import BOARD
from flask import Flask
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from tracked import HERE
from tracked import OTHER_VISITOR
from tracked import PAGE
from tracked import PREFIX
from tracked import VISITOR
from tracked import bare_app
from tracked import close
from tracked import now
from tracked import state_of
from tracked import view
from werkzeug.test import create_environ
from werkzeug.test import run_wsgi_app

from flask_unt import UNT
from flask_unt.events import Custom
from flask_unt.events import Identify
from flask_unt.events import Rules
from flask_unt.events import View
from flask_unt.events import parse_batch
from flask_unt.store import schema

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "100"))
# The others take ten times as long.
BACKENDS = ("sqlite", "postgres", "mariadb")[
    : 3 if "FUZZ_EXAMPLES" in os.environ else 1
]
fuzz = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

OF_VISITOR = ("track", "email")
TAKEN = {"/e": {202, 410}, "/email": {200, 410}, "track": {200, 410}}
REFUSED = {400, 403, 405, 413, 415}
SHOWN = {200, 302, 303, 304, 400, 403, 404, 405, 413, 415}
ID = "01978c2e-aaaa-7bbb-8ccc-0123456789ab"
VIEW = {**view(id=ID), "lang": "pt", "width": 390, "from": "x", "referrer": "http://a/"}
LEAVE = {"type": "leave", "view": ID, "visitor": VISITOR, "time": 1, "engaged": 5}
CUSTOM = {"type": "event", "id": "c1", "visitor": VISITOR, "time": 1, "name": "buy"}
IDENTIFY = {"type": "identify", "id": "i1", "visitor": VISITOR, "time": 1, "token": "t"}
KINDS = (VIEW, LEAVE, CUSTOM, IDENTIFY)
FIELDS = sorted({name for kind in KINDS for name in kind})
FIELDS += ["tz", "as", "scroll", "props", "status", "kind", "__proto__"]

# What a server hands on of a header or a path: any byte but line ends and NUL.
LATIN = st.characters(max_codepoint=255, exclude_characters="\r\n\0")
HEADER = st.text(LATIN, max_size=60)
PATH = st.text(st.characters(max_codepoint=255), max_size=40)
SCALAR = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([VISITOR, ID, "http://localhost/x", "view", now(), 10**400, -1])
    | st.sampled_from(["\ud800", "a\0b", "=cmd()", "<script>", "{{7*7}}", "é" * 5000])
)
JSON = st.recursive(
    SCALAR,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8) | st.sampled_from(FIELDS), inner)
    ),
    max_leaves=10,
)
EVENT = st.builds(
    lambda event, changes, gone: {
        name: value for name, value in {**event, **changes}.items() if name != gone
    },
    st.sampled_from(KINDS),
    st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=3),
    st.none() | st.sampled_from(FIELDS),
)
FRESH_VIEW = st.builds(
    lambda id, visitor, title: view(id=id, visitor=visitor, title=title),
    st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
    st.sampled_from([VISITOR, OTHER_VISITOR, None]),
    st.text(max_size=300),
)
BATCH = st.builds(
    lambda events, changes: {"v": 1, "sent": now(), "events": events, **changes},
    st.lists(FRESH_VIEW | EVENT | JSON, max_size=6),
    st.dictionaries(
        st.sampled_from(
            ["v", "sent", "zone", "dropped", "webdriver", "fresh", "clear", "events"]
        ),
        JSON,
        max_size=1,
    ),
)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            *("HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE", "HTTP_COOKIE", "HTTP_USER_AGENT"),
            *("HTTP_HOST", "HTTP_REFERER", "HTTP_X_FORWARDED_FOR", "HTTP_SEC_GPC"),
            *("CONTENT_TYPE", "HTTP_CONTENT_ENCODING", "HTTP_ACCEPT_LANGUAGE"),
            *("REMOTE_ADDR", "HTTP_IF_NONE_MATCH", "HTTP_TRANSFER_ENCODING"),
        ]
    ),
    HEADER
    | st.sampled_from(
        [
            *("http://localhost", "null", "same-origin", "https://[", "a:b:c", "::1"),
            *("text/plain", "application/json", "text/plain; charset=utf-16", "gzip"),
            *(f"unt={VISITOR}", "unt=", "unt=%00; session=.x.y", "1", "chunked"),
            *("10.0.0.1", "9.9.9.9, ::1", "localhost:99999", "xn--", "é"),
        ]
    ),
    max_size=4,
)
LENGTH = st.sampled_from([None, "", "-1", "x", "999999999999", "1e3", "٣", "0"])


@pytest.fixture(scope="module", params=BACKENDS)
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('fuzz') / 'unt.db'}"
        return

    server = request.getfixturevalue(f"{request.param}_server")
    url = server.fresh_database()
    yield url
    server.drop_database(url)


@pytest.fixture(scope="module")
def app(database: str) -> Iterator[Flask]:
    """A site where everybody may see and change everything, without limits."""
    made = bare_app(UNT_DATABASE_URL=database)
    made.config.update(UNT_RATE_LIMIT=None, UNT_NEW_PER_DAY=None)
    made.get("/")(lambda: PAGE)
    may = {"can_view": lambda: True, "can_manage": lambda: True}
    UNT(identify=lambda: None, **may).init_app(made)
    state_of(made).store.prepare()
    yield made
    close(made)


@contextmanager
def no_complaint() -> Iterator[None]:
    """Nothing is logged as an error: no traceback, no failure that is swallowed."""
    said: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)

    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)

    assert said == []


def ask(
    app: Flask,
    method: str,
    path: str,
    body: bytes = b"",
    *,
    query: str = "",
    length: str | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, bytes]:
    """Ask as a server would that hands on whatever it was sent."""
    environ = create_environ("/", "http://localhost")
    environ.update(REQUEST_METHOD=method, PATH_INFO=path, QUERY_STRING=query)
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body)) if length is None else length
    environ["CONTENT_TYPE"] = "text/plain"
    environ["HTTP_ORIGIN"] = HERE["Origin"]
    environ.update(headers or {})

    with no_complaint():
        answer, status, _ = run_wsgi_app(app.wsgi_app, environ)
        return int(status.split()[0]), b"".join(answer)


def stored_keys(app: Flask) -> set[bytes]:
    """The keys of all that is stored, or set aside."""
    store = state_of(app).store
    store.inbox.drain(now())

    with store._database.reading() as connection:
        views = connection.scalars(sa.select(schema.page_view.c.id)).all()
        customs = connection.scalars(sa.select(schema.event.c.id)).all()
        aside = connection.scalars(sa.select(schema.set_aside.c.payload)).all()

    named = [bytes.fromhex(json.loads(payload)["key"]) for payload in aside]
    return {*views, *customs, *named}


@fuzz
@given(
    st.sampled_from(
        ["/e", "/email", f"/user/{VISITOR}/track", f"/user/{VISITOR}/email"]
    )
    | PATH.map(lambda text: f"/user/{text}/track"),
    st.sampled_from(["POST", "OPTIONS", "GET", "PUT", "HEAD", "X"]),
    st.binary(max_size=200) | JSON.map(lambda data: json.dumps(data).encode()),
    HEADERS,
    LENGTH,
)
def test_no_request_breaks_the_door(
    app: Flask,
    path: str,
    method: str,
    body: bytes,
    headers: dict[str, str],
    length: str | None,
) -> None:
    status, _ = ask(app, method, PREFIX + path, body, length=length, headers=headers)

    allowed = TAKEN.get(path, TAKEN["track"]) | REFUSED | {204, 404}
    assert status in allowed, status


@fuzz
@given(BATCH | JSON, HEADERS)
def test_what_is_accepted_is_kept(
    app: Flask, data: Any, headers: dict[str, str]
) -> None:
    body = json.dumps(data).encode()
    headers = {
        name: value
        for name, value in headers.items()
        if name in ("HTTP_COOKIE", "HTTP_USER_AGENT", "HTTP_REFERER", "REMOTE_ADDR")
    }
    status, text = ask(app, "POST", f"{PREFIX}/e", body, headers=headers)

    assert status in {202, 400, 413}

    if status != 202:
        return

    said = json.loads(text)
    rules = Rules(frozenset({"localhost"}), ("utm_*", "ref"), lambda host, path: False)
    read = parse_batch(body, rules, now())

    refused = {one["index"] for one in said["rejected"]}
    # Of tokens only the site knows whether they are right.
    tokens = sum(isinstance(event, Identify) for event in read.events)

    assert {one.index for one in read.rejected} <= refused
    assert len(refused) <= len(read.rejected) + tokens
    assert said["accepted"] == read.accepted + len(read.rejected) - len(refused)
    kept = {event.key for event in read.events if isinstance(event, (View, Custom))}
    assert kept <= stored_keys(app)


def test_all_that_was_accepted_is_counted(app: Flask) -> None:
    """After all that the tests before this one have sent."""
    state = state_of(app)
    state.store.inbox.drain(now())
    state.counts.hand_on()
    found = state.counts.read()
    became = found.stored + found.duplicates + found.set_aside + found.forgotten

    assert found.accepted == became


@fuzz
@given(
    st.sampled_from(["/unt.js", "/unt.js.map", "/me", "/me/forget", "/", "", "//"])
    | PATH.map(lambda text: f"/{text}"),
    st.sampled_from(["GET", "HEAD", "POST", "DELETE"]),
    st.text(LATIN, max_size=60),
    st.binary(max_size=60),
    HEADERS,
)
def test_no_address_under_the_prefix_breaks(
    app: Flask,
    path: str,
    method: str,
    query: str,
    body: bytes,
    headers: dict[str, str],
) -> None:
    status, _ = ask(app, method, PREFIX + path, body, query=query, headers=headers)

    assert status in SHOWN | {304}, status


@fuzz
@given(
    st.sampled_from(
        [
            *("", "/users", "/visitors", "/pages", "/search", "/live"),
            *("/status", "/more", "/x", "/export/log.json"),
            *("/user/1", "/visitor/1", "/page/1", "/user/99999999999999999999"),
            *("/export/users.csv", "/export/pages.csv", "/api/users", "/api/pages"),
        ]
    )
    | PATH.map(lambda text: f"/{text}"),
    st.dictionaries(
        st.sampled_from(
            [
                *("q", "page", "sort", "order", "from", "to", "days", "before"),
                *("after", "seen", "of", "who", "bots", "team", "visits", "view"),
                *("limit", "country", "device", "period", "since", "until", "known"),
                *("by", "route", "clock", "range", "whole"),
            ]
        ),
        st.text(max_size=30)
        | st.integers().map(str)
        | st.sampled_from(
            ["2026-01-01", "9999-99-99", "7", "-1", "today", "1e9", "\0", "route"]
        ),
        max_size=4,
    )
    | st.text(LATIN, max_size=60),
    HEADERS,
)
def test_no_address_breaks_the_dashboard(
    app: Flask, path: str, query: Any, headers: dict[str, str]
) -> None:
    text = query if isinstance(query, str) else _encoded(query)
    status, _ = ask(app, "GET", BOARD + path, query=text, headers=headers)

    assert status in SHOWN, status


@fuzz
@given(
    st.sampled_from(["/sign-out", "/user/1/forget", "/user/1/merge", "/login/x", ""])
    | PATH.map(lambda text: f"/{text}"),
    st.binary(max_size=100)
    | st.text(max_size=50).map(lambda text: f"a={text}".encode()),
    HEADERS,
)
def test_no_form_breaks_the_dashboard(
    app: Flask, path: str, body: bytes, headers: dict[str, str]
) -> None:
    form = {"CONTENT_TYPE": "application/x-www-form-urlencoded", **headers}
    status, _ = ask(app, "POST", BOARD + path, body, headers=form)

    assert status in SHOWN, status


def _encoded(query: dict[str, str]) -> str:
    return urlencode(query, errors="replace")
