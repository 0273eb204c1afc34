from __future__ import annotations

import json

import pytest
from tracked import HERE
from tracked import OTHER_VISITOR
from tracked import VIEWS
from tracked import VISITOR
from tracked import bare_app
from tracked import batch
from tracked import close
from tracked import post
from tracked import rows
from tracked import send
from tracked import settle
from tracked import site
from tracked import view

from flask_unt import UNT


@pytest.fixture(params=["database", "redis"])
def tracked_site(request, database_url):
    """A site on each database, with and without Redis, and what moves its views."""
    config = {}

    if request.param == "redis":
        config["UNT_REDIS_URL"] = request.getfixturevalue("redis_url")

    app = site(database_url, **config)
    yield app
    close(app)


def test_batch_is_stored(tracked_site):
    response = send(
        tracked_site, view(title="Shop"), view(url="http://localhost/a?b=c")
    )
    assert response.status_code == 202
    assert response.json == {"accepted": 2, "rejected": []}
    settle(tracked_site)
    assert sorted(rows(tracked_site, VIEWS)) == [
        ("Shop", "localhost", "/a"),
        ("Shop", "localhost", "/shop"),
    ]


def test_rejected_events_do_not_harm_their_neighbours(tracked_site):
    response = send(tracked_site, view(url="javascript:1"), view(), view(id=None))
    assert response.status_code == 202
    assert response.json["accepted"] == 1
    assert [event["index"] for event in response.json["rejected"]] == [0, 2]
    assert response.json["rejected"][0]["reason"] == "bad-url"
    settle(tracked_site)
    assert len(rows(tracked_site, VIEWS)) == 1


def test_same_event_again_is_accepted_and_stored_once(tracked_site):
    event = view()
    assert send(tracked_site, event).json["accepted"] == 1
    assert send(tracked_site, event, event).json["accepted"] == 2
    settle(tracked_site)
    assert len(rows(tracked_site, VIEWS)) == 1


def test_batch_of_nothing_writes_nothing():
    """Not even tables."""
    app = site("postgresql+psycopg://nobody@127.0.0.1:1/nowhere")
    for content in (batch(), batch(clear=True), batch(view(url="x"))):
        assert send(app, json=content).status_code == 202


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"NaN", b'{"events": []}', "{}".encode("utf-16"), b"\xff"],
)
def test_what_is_no_batch_is_400(body):
    response = post(site(), "/e", data=body, content_type="text/plain")
    assert response.status_code == 400
    assert response.json["error"]


def test_unknown_version_is_400():
    response = send(site(), json=batch(view(), v=2))
    assert (response.status_code, response.json) == (400, {"error": "version"})


def test_text_is_taken_as_well(tracked_site):
    """As a beacon sends it, which needs no preflight."""
    body = json.dumps(batch(view()))
    kind = "text/plain;charset=UTF-8"
    assert post(tracked_site, "/e", data=body, content_type=kind).status_code == 202


def test_pages_of_other_hosts_are_rejected():
    response = send(site(), view(url="https://elsewhere.example/"))
    assert response.json["accepted"] == 0


def test_exempt_pages_are_rejected():
    unt = UNT()
    app = bare_app(UNT_DATABASE_URL="sqlite://")
    app.add_url_rule("/quiet", "quiet", unt.exempt(lambda: ""))
    unt.init_app(app)
    response = send(app, view(url="http://localhost/quiet"))
    assert response.json == {
        "accepted": 0,
        "rejected": [{"index": 0, "reason": "exempt"}],
    }


@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_privacy_signals_are_honoured(header):
    app = site("postgresql+psycopg://nobody@127.0.0.1:1/nowhere")
    response = send(app, view(), view(url="x"), headers={**HERE, header: "1"})
    assert response.status_code == 202
    assert response.json["accepted"] == 0
    assert [event["reason"] for event in response.json["rejected"]] == ["gpc", "gpc"]
    email = {"visitor": VISITOR, "email": "ada@site.example"}
    response = post(app, "/email", json=email, headers={**HERE, header: "1"})
    assert (response.status_code, response.json) == (400, {"error": "gpc"})


def test_privacy_signals_may_be_overruled(sqlite_url):
    app = site(sqlite_url, UNT_RESPECT_GPC=False)
    assert send(app, view(), headers={**HERE, "DNT": "1"}).json["accepted"] == 1


def test_email_is_written_live(tracked_site):
    send(tracked_site, view())
    content = {"visitor": VISITOR, "email": " Ada@Site.example "}
    response = post(tracked_site, "/email", json=content)
    assert (response.status_code, response.json) == (200, {"message": "success"})
    users = rows(tracked_site, "SELECT email, verified FROM unt_user")
    assert [(email, bool(verified)) for email, verified in users] == [
        ("ada@site.example", False)
    ]


@pytest.mark.parametrize(
    "content",
    [
        {"visitor": VISITOR, "email": "ada"},
        {"visitor": VISITOR},
        {"visitor": "1", "email": "ada@site.example"},
        {"email": "ada@site.example"},
        [],
    ],
)
def test_wrong_emails_are_400(content):
    assert post(site(), "/email", json=content).status_code == 400


def test_answer_does_not_tell_who_is_known(sqlite_url):
    app = site(sqlite_url)
    answers = []

    for visitor in (VISITOR, VISITOR, OTHER_VISITOR):
        content = {"visitor": visitor, "email": "ada@site.example"}
        response = post(app, "/email", json=content)
        answers.append((response.status, response.data, dict(response.headers)))

    assert answers[0] == answers[1] == answers[2]
