from __future__ import annotations

import pytest
from flask import Flask
from flask import abort
from flask import request
from flask import session
from flask_wtf import CSRFProtect
from tracked import ELSEWHERE
from tracked import HERE
from tracked import PREFIX
from tracked import VISITOR
from tracked import bare_app
from tracked import batch
from tracked import post
from tracked import send
from tracked import site
from tracked import state_of
from tracked import view
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

from flask_unt import UNT
from flask_unt.config import derive_prefix
from flask_unt.ingest.middleware import Door

ADDRESSES = ("/e", "/email", f"/user/{VISITOR}/track", f"/user/{VISITOR}/email")


@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_405(path, method):
    response = site().test_client().open(PREFIX + path, method=method)
    assert response.status_code == 405
    assert response.headers["Allow"] == "OPTIONS, POST"


@pytest.mark.parametrize("path", ADDRESSES)
def test_foreign_sites_are_403(path):
    app = site(unt=UNT(identify=lambda: pytest.fail("asked for a foreign site")))
    response = post(app, path, json={}, headers=ELSEWHERE)
    assert (response.status_code, response.json) == (403, {"error": "foreign-origin"})
    assert "Access-Control-Allow-Origin" not in response.headers
    assert post(app, path, json={}, headers={"Origin": "null"}).status_code == 403
    assert state_of(app).counts.read().refused == {
        "foreign-origin": 1,
        "null-origin": 1,
    }


def test_answers_carry_nothing_of_the_site(sqlite_url):
    """The session is neither read into the answer nor refreshed."""
    app = site(sqlite_url, UNT_COOKIE=None)
    app.before_request(lambda: session.update(seen=True))
    app.after_request(lambda response: abort(500))
    response = send(app, view())
    assert response.status_code == 202
    assert dict(response.headers) == {
        "Content-Type": "application/json",
        "Content-Length": str(len(response.data)),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }


def test_both_down_is_503():
    app = site("postgresql+psycopg://nobody@127.0.0.1:1/nowhere")
    response = send(app, view())
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    email = {"visitor": VISITOR, "email": "ada@site.example"}
    assert post(app, "/email", json=email).status_code == 503


def test_unexpected_error_is_503_without_a_word_of_it(caplog):
    app = site(unt=UNT())
    state_of(app).is_exempt = lambda *arguments: 1 / 0
    response = send(app, view())
    assert response.status_code == 503
    assert response.json == {"error": "failed"}
    assert response.headers["Retry-After"]
    send(app, view())
    assert caplog.text.count("ZeroDivisionError") == 1


def test_rest_of_the_prefix_is_the_sites_own():
    app = site()
    app.errorhandler(404)(lambda error: ("the site's own", 404))
    client = app.test_client()

    for path in (
        "",
        "/",
        "/x",
        "/e/",
        "/E",
        f"/user/{VISITOR}/x",
        "/user//track",
        "x/e",
    ):
        response = client.post(PREFIX + path, json={})
        assert (response.status_code, response.text) == (404, "the site's own"), path


def test_walls_of_the_site_do_not_apply(sqlite_url):
    app = site(sqlite_url)
    CSRFProtect(app)
    app.before_request(lambda: abort(401))
    assert app.test_client().get("/").status_code == 401
    assert send(app, view()).status_code == 202


def test_middleware_placed_before_stays_outside(sqlite_url):
    """So that it changes what we see."""
    app = bare_app(UNT_DATABASE_URL=sqlite_url, UNT_RATE_LIMIT="1/day")
    app.wsgi_app = ProxyFix(ProxyFix(app.wsgi_app, x_for=1))
    UNT(app)
    assert isinstance(app.wsgi_app, ProxyFix)
    assert isinstance(app.wsgi_app.app.app, Door)
    headers = [{**HERE, "X-Forwarded-For": f"203.0.113.{n}"} for n in (1, 2, 1)]
    assert [send(app, view(), headers=h).status_code for h in headers] == [
        202,
        202,
        429,
    ]
    assert not state_of(app).noticed.behind_proxy


def test_middleware_placed_after_is_outside(sqlite_url):
    app = site(sqlite_url, UNT_RATE_LIMIT="1/day")
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1)
    headers = [{**HERE, "X-Forwarded-For": f"203.0.113.{n}"} for n in (1, 2, 1)]
    assert [send(app, view(), headers=h).status_code for h in headers] == [
        202,
        202,
        429,
    ]


def test_middleware_by_another_name(sqlite_url):
    class Other:
        def __init__(self, app):
            self.app = app
            self.wsgi_app = app.wsgi_app

        def __call__(self, environ, start_response):
            return self.wsgi_app(environ, start_response)

    app = bare_app(UNT_DATABASE_URL=sqlite_url)
    app.wsgi_app = Other(app)
    UNT(app)
    assert isinstance(app.wsgi_app.wsgi_app, Door)
    assert send(app, view()).status_code == 202


def test_closure_stays_inside_and_is_noted(sqlite_url):
    app = bare_app(UNT_DATABASE_URL=sqlite_url)
    inner = app.wsgi_app

    def closure(environ, start_response):
        return inner(environ, start_response)

    app.wsgi_app = ProxyFix(closure)
    UNT(app)
    assert isinstance(app.wsgi_app.app, Door)
    assert "closure" in state_of(app).noticed.wrapped_inside
    assert send(app, view()).status_code == 202
    assert state_of(site()).noticed.wrapped_inside is None


def test_site_under_a_path(sqlite_url):
    unt = UNT()
    app = bare_app(UNT_DATABASE_URL=sqlite_url)
    app.add_url_rule("/quiet", "quiet", unt.exempt(lambda: ""))
    unt.init_app(app)
    mounted = Client(DispatcherMiddleware(Flask("root"), {"/shop": app}))
    events = [
        view(url="http://localhost/shop/quiet"),
        view(url="http://localhost/quiet"),
    ]
    path = f"/shop{PREFIX}/e"
    response = mounted.post(path, json=batch(*events), headers=HERE)
    assert response.json == {
        "accepted": 1,
        "rejected": [{"index": 0, "reason": "exempt"}],
    }


def test_prefixes_of_old_keys_keep_working(sqlite_url):
    app = Flask("site")
    app.config.update(
        SECRET_KEY="new", SECRET_KEY_FALLBACKS=["old"], UNT_DATABASE_URL=sqlite_url
    )
    UNT(app)
    client = app.test_client()
    old = derive_prefix("old")
    response = client.post(f"{old}/e", json=batch(view()), headers=HERE)
    assert response.status_code == 202
    assert client.get(f"{old}/unt.js").status_code == 200
    assert client.get(f"{old}/dashboard").status_code == 404


def test_site_reads_its_own_bodies():
    app = bare_app(UNT_DATABASE_URL="sqlite://")
    app.post("/")(lambda: request.get_data())
    UNT(app)
    assert app.test_client().post("/", data=b"hello").data == b"hello"
