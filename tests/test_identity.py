from __future__ import annotations

import asyncio
import logging

import flask_login
import pytest
from flask import g
from flask import request
from flask import session
from flask_login import LoginManager
from flask_login import UserMixin
from tracked import PREFIX
from tracked import bare_app
from tracked import site
from tracked import state_of
from werkzeug.test import EnvironBuilder

from flask_unt import UNT
from flask_unt.events import Identity
from flask_unt.identity import Asked
from flask_unt.identity import resolve_identity


class User(UserMixin):
    id = 7
    email = " Ada@Site.example "
    name = "Ada\u202e Lovelace"


def login_app(user=None):
    """A site with Flask-Login, where /in signs in."""
    app = bare_app(UNT_DATABASE_URL="sqlite://")
    manager = LoginManager(app)
    manager.user_loader(lambda user_id: user or User())

    @app.get("/in")
    def sign_in():
        flask_login.login_user(user or User(), remember="remember" in request.args)
        return ""

    UNT(app)
    return app


def cookies_of(app, path):
    client = app.test_client()
    client.get(path)
    return {"Cookie": "; ".join(f"{c.key}={c.value}" for c in client._cookies.values())}


def environ(headers=None, body=b"{}"):
    builder = EnvironBuilder(f"{PREFIX}/e", method="POST", headers=headers, data=body)
    return builder.get_environ()


def user_of(app, sent):
    return resolve_identity(app, sent).user


def asked(identify):
    app = site(unt=UNT(identify=identify))
    return user_of(app, environ())


def test_nobody_without_identify_or_flask_login():
    assert user_of(site(), environ()) is None


def test_flask_login():
    app = login_app()
    found = user_of(app, environ(cookies_of(app, "/in")))
    assert found == Identity("ada@site.example", "7", "Ada Lovelace")
    assert user_of(app, environ()) is None


def test_flask_login_by_its_own_cookie_alone():
    app = login_app()
    cookies = cookies_of(app, "/in?remember=1")["Cookie"]
    kept = next(c for c in cookies.split("; ") if c.startswith("remember_token"))
    assert user_of(app, environ({"Cookie": kept})).id == "7"


def test_flask_login_user_without_an_email():
    class Bare(UserMixin):
        id = "ada"
        name = property(lambda self: ["not text"])

    app = login_app(Bare())
    found = user_of(app, environ(cookies_of(app, "/in")))
    assert found == Identity(None, "ada", None)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, None),
        ("", None),
        ({}, None),
        ({"email": None, "id": None}, None),
        ("Ada@Site.example", Identity("ada@site.example", None, None)),
        ("ada", Identity(None, "ada", None)),
        ({"email": "ada@site.example"}, Identity("ada@site.example", None, None)),
        ({"id": 7, "name": "Ada"}, Identity(None, "7", "Ada")),
        (
            {"email": "ada@site.example", "id": "7", "name": None},
            Identity("ada@site.example", "7", None),
        ),
        ({"email": "not an email", "id": 7}, Identity(None, "7", None)),
    ],
)
def test_answers_of_identify(answer, expected):
    assert asked(lambda: answer) == expected


def test_identify_may_be_asynchronous():
    """As the site's views may: Flask turns it into an ordinary function."""

    async def identify():
        return "ada@site.example"

    app = site(unt=UNT(identify=identify))
    app.ensure_sync = lambda function: lambda: asyncio.run(function())
    assert user_of(app, environ()).email == "ada@site.example"


def test_identify_wins_over_flask_login():
    app = bare_app(UNT_DATABASE_URL="sqlite://")
    LoginManager(app)
    UNT(app, identify=lambda: "ada@site.example")
    assert user_of(app, environ()).email == "ada@site.example"


def test_context_is_our_own():
    """The session is there; hooks did not run; the body is not there to be read."""
    app = bare_app(UNT_DATABASE_URL="sqlite://")
    torn_down = []
    app.get("/in")(lambda: session.update(email="ada@site.example") or "")
    app.before_request(lambda: setattr(g, "ran", True))
    app.teardown_request(lambda error: torn_down.append("request"))
    app.teardown_appcontext(lambda error: torn_down.append("app"))
    seen = {}

    def identify():
        seen.update(ran="ran" in g, body=request.get_data(), path=request.path)
        return session.get("email")

    UNT(app, identify=identify)
    cookies = cookies_of(app, "/in")
    torn_down.clear()
    sent = environ(cookies, body=b'{"events": []}')
    assert user_of(app, sent).email == "ada@site.example"
    assert seen == {"ran": False, "body": b"", "path": f"{PREFIX}/e"}
    assert torn_down == ["request", "app"]
    assert sent["wsgi.input"].read() == b'{"events": []}'


def test_errors_make_it_nobody_and_are_said_once(caplog):
    works = []

    def identify():
        if not works:
            raise RuntimeError("no database for ada@site.example\nhere")

        return "ada@site.example"

    app = site(unt=UNT(identify=identify))

    with caplog.at_level(logging.INFO):
        assert user_of(app, environ()) is None
        assert user_of(app, environ()) is None

    assert len(caplog.records) == 1
    text = "RuntimeError: no database for [email] here"
    assert text in caplog.text
    assert state_of(app).noticed.identity_error == text

    works.append(True)
    assert user_of(app, environ()).email == "ada@site.example"
    works.clear()
    user_of(app, environ())
    assert len(caplog.records) == 2


def test_one_that_failed_is_never_taken_for_nobody():
    """Whatever another thread's request was told while this one was asked."""
    works = []

    def identify():
        if not works:
            works.append(True)
            assert resolve_identity(app, environ()) == Asked(told=True)
            raise RuntimeError("no database")

        return None

    app = site(unt=UNT(identify=identify))
    assert resolve_identity(app, environ()) == Asked()


def test_answer_of_the_wrong_type_is_an_error():
    app = site(unt=UNT(identify=lambda: 7))
    assert user_of(app, environ()) is None
    assert "must return an email" in state_of(app).noticed.identity_error


def test_failing_teardown_is_no_trouble():
    app = bare_app(UNT_DATABASE_URL="sqlite://")

    @app.teardown_request
    def fail(error):
        raise RuntimeError("teardown")

    UNT(app, identify=lambda: "ada@site.example")
    assert user_of(app, environ()) is None
    assert "teardown" in state_of(app).noticed.identity_error
