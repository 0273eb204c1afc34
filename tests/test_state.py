from __future__ import annotations

import logging
import threading
from functools import wraps

import pytest
from flask import Blueprint
from flask import Flask
from flask.views import MethodView
from tracked import bare_app
from tracked import site
from tracked import state_of

from flask_unt import UNT
from flask_unt import ConfigError
from flask_unt import UNTError
from flask_unt.errors import StoreUnavailable
from flask_unt.state import Outage
from flask_unt.state import get_state
from flask_unt.store import StoreSettings


def test_state_of_the_current_app():
    app = site()

    with app.app_context():
        assert get_state() is state_of(app) is get_state(app)


def test_app_without_unt_says_what_to_do():
    with pytest.raises(UNTError, match="call UNT\\(app\\)"):
        get_state(Flask("bare"))


def test_parts_are_built_once_and_late():
    app = site("postgresql+psycopg://nobody@127.0.0.1:1/nowhere")
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(state_of(app).store))
        for _ in range(8)
    ]

    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    assert len(set(map(id, found))) == 1


def test_settings_reach_the_store():
    settings = {
        "UNT_TIMEZONE": "America/Sao_Paulo",
        "UNT_VISIT_TIMEOUT": 60,
        "UNT_BOTS": "count",
        "UNT_RETENTION_DAYS": None,
    }
    found = state_of(site(**settings)).store.settings
    assert found == StoreSettings("America/Sao_Paulo", 60, "count", None)


def test_secrets_differ_by_purpose_and_key():
    state = state_of(site())
    assert state.keys.one("a") == state.keys.one("a") != state.keys.one("b")
    assert len(state.keys.one("a")) == 32
    state.app.config["SECRET_KEY"] = "another"
    assert state.keys.one("a") != state_of(site()).keys.one("a")


def test_secret_without_a_key_says_what_to_do():
    app = Flask("site")
    app.config["UNT_PREFIX"] = "/k3"
    UNT(app)
    state = state_of(app)

    with pytest.raises(ConfigError, match="Set SECRET_KEY"):
        state.keys.one("a")

    assert state.keys.one_or_random("a") == state.keys.one_or_random("a")


def test_site_id_is_kept_and_an_outage_is_no_error(sqlite_url):
    state = state_of(site(sqlite_url))
    assert state.site_id() == state.site_id() == state.store.site_id()
    away = state_of(site("postgresql+psycopg://nobody@127.0.0.1:1/nowhere"))
    assert away.site_id() is None


def test_outage_is_said_once(caplog):
    outage = Outage("It takes no events now", "It takes events again.")
    error = StoreUnavailable("refused for ada@site.example\nand more")

    with caplog.at_level(logging.INFO):
        outage.end()
        outage.begin(error)
        outage.begin(error)
        outage.end()
        outage.end()

    first, second = (record.getMessage() for record in caplog.records)
    assert first == ("It takes no events now: refused for [email] and more")
    assert second == "It takes events again."


def test_failures_are_logged_once_for_each_place(caplog):
    state = state_of(site())

    for _ in range(3):
        try:
            raise ValueError("odd\nthing")
        except ValueError as error:
            state.failures.note(error)

    assert caplog.text.count("ValueError: odd thing") == 1


def test_first_request_runs_what_waits_once():
    app = site()
    calls = []
    state_of(app).at_first_request(lambda: calls.append(1))
    app.test_client().get("/")
    app.test_client().get("/")
    assert calls == [1]


# -- exemptions -------------------------------------------------------------


def exempting(unt):
    """A site with quiet pages of every kind."""
    app = bare_app(UNT_DATABASE_URL="sqlite://")
    app.get("/")(lambda: "")

    @app.get("/quiet/<name>")
    @unt.exempt
    def quiet(name):
        return name

    def decorated(view):
        @wraps(view)
        def inner():
            return view()

        return inner

    @app.post("/wrapped")
    @decorated
    @unt.exempt
    def wrapped():
        return ""

    @unt.exempt
    class Class(MethodView):
        def get(self):
            return ""

    app.add_url_rule("/class/", view_func=Class.as_view("class_"))
    outer = unt.exempt(Blueprint("outer", __name__, url_prefix="/outer"))
    inner = Blueprint("inner", __name__, url_prefix="/inner")
    inner.get("/page")(lambda: "")
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    unt.init_app(app)
    return state_of(app)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", False),
        ("/quiet/a", True),
        ("/quiet/a?ref=x", True),
        ("/quiet/a#/route", True),
        ("/quiet/%C3%A9", True),
        ("/wrapped", True),
        ("/class/", True),
        ("/class", True),
        ("/outer/inner/page", True),
        ("/nowhere", False),
        ("/k3x9/dashboard", True),
        ("/k3x9/dashboard/users", True),
    ],
)
def test_exempt_paths(path, expected):
    assert exempting(UNT()).is_exempt("localhost", path) is expected


def test_exempt_path_of_a_site_under_a_path():
    state = exempting(UNT())
    assert state.is_exempt("localhost", "/shop/quiet/a", "/shop")
    assert not state.is_exempt("localhost", "/quiet/a", "/shop")
    assert not state.is_exempt("localhost", "/shopquiet/a", "/shop")


@pytest.mark.parametrize("path", ["", "//", "/%", "/%ff", "/\udcff", "/" + "a" * 3000])
def test_odd_paths_are_no_trouble(path):
    exempting(UNT()).is_exempt("localhost", path)
    exempting(UNT()).is_exempt("[::1", path)


def test_subdomains():
    unt = UNT()
    app = bare_app(UNT_DATABASE_URL="sqlite://", SERVER_NAME="site.example")
    app.url_map.default_subdomain = ""
    app.subdomain_matching = True
    app.add_url_rule("/", "api", unt.exempt(lambda: ""), subdomain="api")
    app.add_url_rule("/", "home", lambda: "")
    unt.init_app(app)
    state = state_of(app)
    assert state.is_exempt("api.site.example", "/")
    assert not state.is_exempt("site.example", "/")
