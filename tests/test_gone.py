"""410: the door refuses what comes of a forgotten visitor."""

from __future__ import annotations

import pytest
from tracked import HERE
from tracked import OTHER_VISITOR
from tracked import VIEWS
from tracked import VISITOR
from tracked import close
from tracked import cookies_of
from tracked import is_deleted
from tracked import now
from tracked import post
from tracked import rows
from tracked import send
from tracked import sent_with
from tracked import settle
from tracked import site
from tracked import state_of
from tracked import view

from flask_unt.state import forget_visitor

GONE = {"gone": [VISITOR]}
EMAIL = {"email": "ada@site.example"}
OLD_VIEW = {"title": "", "url": "http://localhost/", "datetime": 1_700_000_000_000}


@pytest.fixture(params=["database", "redis"])
def tracked_site(request, database_url):
    config = {}

    if request.param == "redis":
        config["UNT_REDIS_URL"] = request.getfixturevalue("redis_url")

    app = site(database_url, **config)
    yield app
    close(app)


def test_every_address_tells_it(tracked_site):
    send(tracked_site, view())
    settle(tracked_site)
    forget_visitor(state_of(tracked_site), VISITOR, now())
    requests = [
        ("/e", {"json": {"v": 1, "sent": now(), "events": [view()]}}),
        ("/email", {"json": {"visitor": VISITOR, **EMAIL}}),
        (f"/user/{VISITOR}/track", {"json": OLD_VIEW}),
        (f"/user/{VISITOR}/email", {"json": EMAIL}),
    ]

    for path, options in requests:
        response = post(tracked_site, path, **options)
        assert (response.status_code, response.json) == (410, GONE), path
        assert cookies_of(response) == []

    settle(tracked_site)
    assert (
        rows(tracked_site, VIEWS) == rows(tracked_site, "SELECT 1 FROM unt_user") == []
    )


def test_its_cookie_is_deleted_and_no_other(tracked_site):
    forget_visitor(state_of(tracked_site), VISITOR, now())
    assert is_deleted(send(tracked_site, view(), headers=sent_with(VISITOR)))
    response = send(tracked_site, view(), headers=sent_with(OTHER_VISITOR))
    assert (response.status_code, cookies_of(response)) == (410, [])


def test_only_the_forgotten_ones_are_named(tracked_site):
    """The browser keeps the others' events and sends them again."""
    forget_visitor(state_of(tracked_site), VISITOR, now())
    other = view(visitor=OTHER_VISITOR)
    response = send(tracked_site, other, view())
    assert (response.status_code, response.json) == (410, GONE)
    assert send(tracked_site, other).status_code == 202
    settle(tracked_site)
    assert len(rows(tracked_site, VIEWS)) == 1


def test_others_and_nobody_are_taken(tracked_site):
    forget_visitor(state_of(tracked_site), VISITOR, now())
    assert send(tracked_site, view(visitor=OTHER_VISITOR)).status_code == 202
    assert send(tracked_site, view(visitor=None)).status_code == 202


def test_what_waits_in_the_stream_is_dropped(database_url, redis_url):
    """Also after Redis has lost whom to refuse; the drain tells it again."""
    app = site(database_url, UNT_REDIS_URL=redis_url)
    state = state_of(app)
    send(app, view())
    forget_visitor(state, VISITOR, now())
    state.stream.connection().delete("{unt}:forgotten")
    assert send(app, view()).status_code == 202
    settle(app)
    assert rows(app, VIEWS) == rows(app, "SELECT 1 FROM unt_visitor") == []
    assert send(app, view()).status_code == 410
    close(app)


def test_redis_alone_knows_it(sqlite_url, redis_url, monkeypatch):
    """The web process asks no database."""
    app = site(sqlite_url, UNT_REDIS_URL=redis_url)
    state = state_of(app)
    send(app, view())
    forget_visitor(state, VISITOR, now())
    monkeypatch.setattr(state, "_store", None)
    monkeypatch.setattr(state, "_find_database", lambda: pytest.fail("asked"))
    assert send(app, view(), headers=sent_with(VISITOR)).status_code == 410


def test_database_serves_while_redis_is_away(database_url):
    app = site(database_url, UNT_REDIS_URL="redis://127.0.0.1:1/0")
    forget_visitor(state_of(app), VISITOR, now())
    assert send(app, view(), headers=HERE).status_code == 410
    close(app)
