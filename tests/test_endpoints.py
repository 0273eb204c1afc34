from __future__ import annotations

import json
import uuid

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


def answered_mark(app, *events, **options):
    return send(app, *events, **options).json.get("as")


@pytest.fixture
def members(database_url, redis_url):
    """A site that asks who is signed in: whoever ``signed_in`` holds."""
    signed_in = []
    unt = UNT(identify=lambda: signed_in[-1] if signed_in else None)
    app = site(database_url, unt, UNT_REDIS_URL=redis_url)
    yield app, signed_in
    close(app)


def test_mark_of_who_is_signed_in(members):
    app, signed_in = members
    assert answered_mark(app, view()) == ""
    signed_in.append("ada@site.example")
    ada = answered_mark(app, view())
    assert ada
    assert "ada" not in ada
    assert answered_mark(app, view()) == ada
    assert answered_mark(app, view(visitor=OTHER_VISITOR)) not in ("", ada)
    signed_in.append("bob@site.example")
    assert answered_mark(app, view()) not in ("", ada)


def test_mark_is_given_where_it_will_be_of_use(members):
    """To a batch of this site, of one visitor, with more than leaves."""
    app, signed_in = members
    signed_in.append("ada@site.example")
    shown = view()
    left = {"type": "leave", "view": str(uuid.uuid4()), "visitor": VISITOR}
    clicked = {"type": "event", "id": "c", "visitor": VISITOR, "name": "x"}
    left, clicked = ({**event, "time": shown["time"]} for event in (left, clicked))
    assert answered_mark(app, clicked)
    assert answered_mark(app, view(url="x")) is None
    assert answered_mark(app, left) is None
    assert answered_mark(app, shown, view(visitor=OTHER_VISITOR)) is None
    assert answered_mark(app, view(visitor=None)) is None
    assert answered_mark(app, view(), headers={}) is None
    assert answered_mark(app, view(), headers={**HERE, "DNT": "1"}) is None
    assert answered_mark(app, json=batch(clear=True)) is None


def test_mark_is_not_given_where_nobody_knows(sqlite_url):
    """The site's answer failed: that is not "nobody is signed in"."""
    app = site(sqlite_url, UNT(identify=lambda: 1 / 0))
    assert answered_mark(app, view()) is None
    app = site(sqlite_url)
    assert answered_mark(app, view()) is None
    app = bare_app(UNT_DATABASE_URL=sqlite_url)
    app.config["SECRET_KEY"] = None
    UNT(app, identify=lambda: None)
    assert answered_mark(app, view()) is None


WHOSE = (
    "SELECT path, email FROM unt_page_view JOIN unt_page ON unt_page.id = page_id"
    " LEFT JOIN unt_user ON unt_user.id = unt_page_view.user_id"
)


def test_marked_event_is_its_users_after_somebody_else_signed_in(members):
    app, signed_in = members
    signed_in.append("ada@site.example")
    ada = answered_mark(app, view(url="http://localhost/first"))
    signed_in.append("bob@site.example")
    bob = answered_mark(app, view(url="http://localhost/bobs"))
    signed_in.clear()
    send(
        app,
        view(url="http://localhost/late", **{"as": ada}),
        view(url="http://localhost/later", **{"as": bob}),
        view(url="http://localhost/nobodys", **{"as": ""}),
        view(url="http://localhost/forged", **{"as": "0" * 32}),
    )
    settle(app)
    assert dict(rows(app, WHOSE)) == {
        "/first": "ada@site.example",
        "/bobs": "bob@site.example",
        "/late": "ada@site.example",
        "/later": "bob@site.example",
        "/nobodys": None,
        "/forged": None,
    }


def test_mark_of_an_old_key_is_still_told(sqlite_url):
    app = site(sqlite_url, UNT(identify=lambda: "ada@site.example"))
    ada = answered_mark(app, view(url="http://localhost/first"))
    close(app)
    keys = {"SECRET_KEY_FALLBACKS": ["secret"]}
    app = site(sqlite_url, UNT(identify=lambda: None), **keys)
    app.config["SECRET_KEY"] = "new"
    send(app, view(url="http://localhost/late", **{"as": ada}))
    assert dict(rows(app, WHOSE))["/late"] == "ada@site.example"
    close(app)
