"""``unt.track``: custom events from the server, whose they are, and when they land."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime

import pytest
import sqlalchemy as sa
from flask import Response
from flask import request
from flask import session
from flask import stream_with_context
from flask_sqlalchemy import SQLAlchemy
from happenings import ANN
from happenings import BEN
from happenings import MINUTE
from happenings import START
from happenings import entry
from happenings import open_store
from happenings import person
from happenings import rows as rows_of
from happenings import view as view_at
from tracked import HERE
from tracked import OTHER_VISITOR
from tracked import VISITOR
from tracked import bare_app
from tracked import close
from tracked import rows
from tracked import settle
from tracked import state_of
from tracked import view

from flask_unt import UNT
from flask_unt.events import Tracked
from flask_unt.events import make_tracked
from flask_unt.events import stored_key
from flask_unt.state import forget_visitor
from flask_unt.store import schema

EVENTS = """
SELECT e.name, e.props, u.email, e.visitor_id IS NOT NULL, e.visit_id IS NOT NULL
  FROM unt_event e LEFT JOIN unt_user u ON u.id = e.user_id ORDER BY e.local_time, e.id
"""
ADA = person("ada@site.example", "7")


class Shop:
    """A site whose views track, with a client that may be signed in."""

    def __init__(self, **config):
        self.unt = UNT(identify=lambda: session.get("email"))
        self.app = bare_app(**config)
        self.app.post("/in")(self.sign_in)
        self.app.post("/order")(self.order)
        self.unt.init_app(self.app)
        self.client = self.app.test_client()

    def sign_in(self):
        session["email"] = request.form["email"]
        return ""

    def order(self):
        self.unt.track("order", {"total": 42}, **request.args)
        assert self.events() == [], "kept until the view has ended"
        return self.unt.current_visitor() or ""

    def post(self, path, **options):
        return self.client.post(path, **options)

    def send(self, *events):
        """What the browser of this client sends."""
        options = {"headers": HERE, "json": _batch(events)}
        return self.client.post(f"{self.app.config['UNT_PREFIX']}/e", **options)

    def events(self):
        settle(self.app)
        return rows(self.app, EVENTS)


def _batch(events):
    return {"v": 1, "sent": view()["time"], "events": list(events)}


@pytest.fixture(params=["database", "redis"])
def shop(request, sqlite_url):
    config = {"UNT_DATABASE_URL": sqlite_url, "UNT_COOKIE": "site"}

    if request.param == "redis":
        config["UNT_REDIS_URL"] = request.getfixturevalue("redis_url")

    shop = Shop(**config)
    state_of(shop.app).store.prepare()
    yield shop
    close(shop.app)


def test_it_is_nobodys_without_a_cookie_or_a_user(shop):
    assert shop.post("/order").text == ""
    assert shop.events() == [("order", '{"total":42}', None, 0, 0)]


def test_it_is_the_signed_in_users_and_in_their_open_visit(shop):
    """Without the cookie: the visit is found by who is signed in to it."""
    shop.post("/in", data={"email": "Ada@Site.example"})
    shop.send(view())
    shop.client.delete_cookie("unt")
    shop.post("/order")
    assert shop.events() == [("order", '{"total":42}', "ada@site.example", 0, 1)]


def test_it_is_the_cookies_visitors_too(shop):
    shop.send(view())
    assert shop.post("/order").text == VISITOR
    assert shop.events() == [("order", '{"total":42}', None, 1, 1)]


def test_the_cookie_is_not_looked_at_where_views_do_not_see_it(sqlite_url):
    shop = Shop(UNT_DATABASE_URL=sqlite_url)
    state_of(shop.app).store.prepare()
    shop.client.set_cookie("unt", VISITOR)
    sent = shop.post("/order")
    assert sent.text == "" and shop.events()[0][3] == 0
    close(shop.app)


def test_a_named_user_counts_alone(shop):
    """Whoever is signed in, and whichever browser it is, has nothing to do with it."""
    shop.post("/in", data={"email": "ada@site.example"})
    shop.send(view())
    shop.post("/order?user=ben@site.example")
    assert shop.events() == [("order", '{"total":42}', "ben@site.example", 0, 0)]
    links = "SELECT email FROM unt_link JOIN unt_user u ON u.id = user_id"
    assert rows(shop.app, links) == [("ada@site.example",)]


def test_a_browser_that_asks_for_privacy_is_not_tracked(shop):
    shop.client.set_cookie("unt", VISITOR)

    for header in ("Sec-GPC", "DNT"):
        shop.post("/order", headers={header: "1"})

    assert shop.events() == []
    shop.post("/order?user=ben@site.example", headers={"Sec-GPC": "1"})
    assert len(shop.events()) == 1


def test_of_a_forgotten_visitor_only_a_users_event_is_kept(shop):
    forget_visitor(state_of(shop.app), OTHER_VISITOR, 1)
    shop.client.set_cookie("unt", OTHER_VISITOR)
    shop.post("/order")
    assert shop.events() == []

    with shop.client.session_transaction() as kept:
        kept["email"] = "ada@site.example"

    shop.post("/order")
    assert shop.events() == [("order", '{"total":42}', "ada@site.example", 0, 0)]


def test_outside_of_a_request_it_is_accepted_at_once(shop):
    with shop.app.app_context():
        shop.unt.track("paid", user={"id": 7, "email": "ada@site.example"})
        assert shop.unt.current_visitor() is None

    assert shop.events() == [("paid", "{}", "ada@site.example", 0, 0)]


def test_a_view_that_fails_has_ended_too(shop):
    @shop.app.post("/broken")
    def broken():
        shop.unt.track("broken")
        raise ZeroDivisionError

    assert shop.post("/broken").status_code == 500
    shop.app.config["PROPAGATE_EXCEPTIONS"] = True

    with pytest.raises(ZeroDivisionError):
        shop.post("/broken")

    assert [row[0] for row in shop.events()] == ["broken", "broken"]


def test_a_view_that_streams_ends_with_its_answer(shop):
    @shop.app.get("/stream")
    def stream():
        def lines():
            yield "a"
            shop.unt.track("streamed")
            yield "b"

        return Response(stream_with_context(lines()))

    answer = shop.client.get("/stream", buffered=False)
    assert shop.events() == []
    assert answer.text == "ab"
    answer.close()
    assert [row[0] for row in shop.events()] == ["streamed"]


def test_what_nobody_takes_is_lost_and_logged(caplog):
    shop = Shop(UNT_DATABASE_URL="sqlite:////dev/null/x.db")

    with shop.app.app_context():
        shop.unt.track("order", {"secret": "42"})

    (line,) = [r.message for r in caplog.records if "lost" in r.message]
    assert "order" in line and "42" not in line


@pytest.mark.parametrize(
    ("error", "name", "props"),
    [
        (TypeError, None, None),
        (TypeError, b"order", None),
        (ValueError, "", None),
        (ValueError, " \t", None),
        (ValueError, "\x00", None),
        (ValueError, "x" * 65, None),
        (TypeError, "order", ["total"]),
        (TypeError, "order", {1: 2}),
        (TypeError, "order", {"at": datetime(2026, 1, 1)}),
        (TypeError, "order", {"items": [1]}),
        (ValueError, "order", {"total": float("nan")}),
        (ValueError, "order", {"note": "x" * 5000}),
    ],
)
def test_what_cannot_be_stored_is_said_at_once(shop, error, name, props):
    with shop.app.test_request_context(), pytest.raises(error, match=r"."):
        shop.unt.track(name, props)


@pytest.mark.parametrize(
    ("error", "user"),
    [(ValueError, ""), (ValueError, "ada"), (ValueError, {}), (TypeError, 7)],
)
def test_a_user_who_is_none_is_an_error(shop, error, user):
    with shop.app.app_context(), pytest.raises(error, match=r"."):
        shop.unt.track("order", user=user)


def test_two_events_of_a_millisecond_are_two():
    made = {make_tracked("a", None, id=id, now=START).key for id in ("x", "y")}
    assert len(made) == 2


def test_a_host_in_its_own_transaction_is_not_waited_for(tmp_path):
    """On one SQLite file, which the view has locked until its session is released."""
    url = f"sqlite:///{tmp_path}/host.db"
    app = bare_app(SQLALCHEMY_DATABASE_URI=url, UNT_DATABASE_URL=url)
    db = SQLAlchemy(app)
    unt = UNT(app, identify=lambda: None)

    @app.post("/order")
    def order():
        db.session.execute(sa.text("INSERT INTO orders VALUES (1)"))
        unt.track("order")
        locked = sqlite3.connect(f"{tmp_path}/host.db", timeout=0)

        with pytest.raises(sqlite3.OperationalError, match="locked"):
            locked.execute("INSERT INTO orders VALUES (2)")

        locked.close()
        db.session.commit()
        db.session.execute(sa.text("INSERT INTO orders VALUES (3)"))
        return ""

    with app.app_context():
        db.session.execute(sa.text("CREATE TABLE orders (number INTEGER)"))
        db.session.commit()

    state_of(app).store.prepare()
    assert app.test_client().post("/order").status_code == 200
    assert [row[0] for row in rows(app, EVENTS)] == ["order"]
    assert rows(app, "SELECT number FROM orders") == [(1,)]
    close(app)

    with app.app_context():
        db.engine.dispose()


def tracked(time, visitor=None, user=None):
    id = f"t{time}"
    made = make_tracked("order", None, id=id, now=time, visitor=visitor, user=user)
    assert isinstance(made, Tracked) and made.key == stored_key(visitor, id, time)
    return entry(made, agent="")


def test_the_open_visit_is_found_whichever_comes_first(database_url):
    """The visit may come later, may begin earlier, and may go."""
    late = entry(view_at("v0", time=START - 5 * MINUTE), user=ADA)
    first = entry(view_at("v1", time=START), user=ADA)
    other = entry(view_at("v2", BEN, time=START), user=person("ben@site.example"))
    events = [tracked(START + MINUTE, user=ADA), tracked(START + 90 * MINUTE, user=ADA)]

    with open_store(database_url) as store:
        for one in (events[0], first, other, events[1], late):
            store.write([one], START)

        found = {r.local_time: r.visit_id for r in rows_of(store, schema.event)}
        assert found[START + MINUTE] == late.events[0].key
        assert found[START + 90 * MINUTE] is None
        store.forget_visitor(ANN, START)
        assert rows_of(store, schema.event) == []


def test_a_visit_that_goes_leaves_a_users_event(database_url):
    with open_store(database_url) as store:
        store.write([entry(view_at("v1", time=START), user=ADA)], START)
        store.write([entry(view_at("v2", BEN, time=START - MINUTE), user=ADA)], START)
        store.write([tracked(START + MINUTE, user=ADA)], START)
        store.forget_visitor(ANN, START)
        (left,) = rows_of(store, schema.event)
        assert left.user_id is not None and left.visit_id is None
        store.forget_email("ada@site.example", START)
        assert rows_of(store, schema.event) == []


def test_it_never_says_whose_browser_it_is(database_url):
    """A user and a cookie in one event of the server link nobody."""
    with open_store(database_url) as store:
        store.write([tracked(START, ANN, ADA)], START)
        assert rows_of(store, schema.link) == []
        (event,) = rows_of(store, schema.event)
        assert event.user_id is not None and event.visitor_id is not None


def test_the_props_are_kept_as_they_are():
    props = {"a": "é", "b": 1.5, "c": None, "d": True}
    assert json.loads(make_tracked("x", props, id="i", now=1).props) == props
