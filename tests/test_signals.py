"""Signals: a visit began, a browser is a user's; whatever receivers do."""

from __future__ import annotations

from datetime import datetime
from datetime import timezone

import pytest
from flask import current_app
from flask import session
from happenings import entry
from happenings import person
from happenings import view as made_view
from tracked import HERE
from tracked import PREFIX
from tracked import VISITOR
from tracked import batch
from tracked import close
from tracked import now
from tracked import post
from tracked import rows
from tracked import settle
from tracked import site
from tracked import state_of
from tracked import view

from flask_unt import UNT
from flask_unt import identified
from flask_unt import visit_started
from flask_unt.errors import WriteFailed
from flask_unt.store.write import write_entries

CRAWLER = {**HERE, "User-Agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}


class Heard:
    """What a site hears."""

    def __init__(self, app):
        self.visits, self.users = [], []
        visit_started.connect(self.visit, app)
        identified.connect(self.user, app)

    def visit(self, app, visit):
        assert current_app.name == app.name
        self.visits.append(visit)

    def user(self, app, user):
        self.users.append(user)


@pytest.fixture(params=["database", "redis"])
def app(request, sqlite_url):
    config = {}

    if request.param == "redis":
        config["UNT_REDIS_URL"] = request.getfixturevalue("redis_url")

    app = site(sqlite_url, UNT(identify=lambda: session.get("email")), **config)
    state_of(app).store.prepare()
    yield app
    close(app)


def send(app, *events, email=None, headers=HERE):
    client = app.test_client()

    if email:
        with client.session_transaction() as kept:
            kept["email"] = email

    client.post(f"{PREFIX}/e", json=batch(*events), headers=headers)
    settle(app)


def test_a_visit_is_told_of_once(app):
    heard = Heard(app)
    at = now() - 60_000
    one = view(time=at)
    send(app, one)
    send(app, one)
    send(app, view(), view())
    (visit,) = heard.visits
    assert (visit.host, visit.path, visit.email) == ("localhost", "/shop", None)
    assert visit.at == datetime.fromtimestamp(at / 1000, timezone.utc)
    assert rows(app, "SELECT count(*) FROM unt_visit") == [(1,)]
    send(app, view(time=at - 3_600_000 * 2), email="ada@site.example")
    assert [v.email for v in heard.visits] == [None, "ada@site.example"]
    assert heard.visits[1].verified and not heard.visits[1].team


def test_a_user_is_told_of_once_for_each_browser_and_reason(app):
    heard = Heard(app)
    send(app, view(), email="ada@site.example")
    send(app, view(), email="ada@site.example")
    post(app, "/email", json={"visitor": VISITOR, "email": "bob@site.example"})
    told = [(user.email, user.verified, user.reason) for user in heard.users]
    assert told == [
        ("ada@site.example", True, "session"),
        ("bob@site.example", False, "declared"),
    ]


def test_bots_and_visits_of_days_ago_are_no_news(app):
    heard = Heard(app)
    send(app, view(), headers=CRAWLER)
    send(app, view(time=now() - 2 * 86_400_000))
    assert heard.visits == []
    assert rows(app, "SELECT count(*) FROM unt_page_view") == [(2,)]


def test_a_receiver_that_raises_harms_nobody(app, caplog):
    def fail(app, **about):
        raise ZeroDivisionError("in the site")

    visit_started.connect(fail, app)
    identified.connect(fail, app)
    heard = Heard(app)
    send(app, view(), email="ada@site.example")
    assert len(heard.visits) == len(heard.users) == 1
    assert rows(app, "SELECT count(*) FROM unt_page_view") == [(1,)]
    assert any("in the site" in record.message for record in caplog.records)


def test_what_is_not_committed_is_not_told(app):
    heard = Heard(app)
    store = state_of(app).store
    assert store.canary()

    def fail(connection):
        one = entry(made_view(time=now()), user=person("ada@site.example"))
        write_entries(connection, [one], store._rules(), now())
        raise RuntimeError

    with pytest.raises(WriteFailed):
        store._write(fail)

    assert heard.visits == heard.users == []


def test_other_sites_are_not_told(app, tmp_path):
    other = site(f"sqlite:///{tmp_path}/other.db")
    heard = Heard(other)
    send(app, view(), email="ada@site.example")
    assert heard.visits == heard.users == []
    close(other)
