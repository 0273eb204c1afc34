"""The site's own columns of users: asked for away from requests, and kept."""

from __future__ import annotations

import json
from datetime import date

import pytest
from flask import has_app_context
from flask import has_request_context
from happenings import ANN
from happenings import BEN
from happenings import START
from happenings import entry
from happenings import open_store
from happenings import person
from happenings import view
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from tracked import close
from tracked import now
from tracked import send
from tracked import site
from tracked import state_of
from tracked import view as sent_view

from flask_unt import UNT
from flask_unt.jobs import enqueue_drain
from flask_unt.jobs import queue
from flask_unt.state import refresh_columns

ADA = person("ada@site.example", "7")
DAY = 86_400_000
PLANS = {"ada@site.example": "pro"}


def with_columns(sqlite_url, columns, **config):
    unt = UNT(identify=lambda: {"email": ADA.email, "id": 7}, user_columns=columns)
    app = site(sqlite_url, unt, **config)
    state_of(app).store.prepare()
    return app


def columns_of(app, id=1):
    return state_of(app).store.host_columns(id)


def test_they_are_asked_for_without_a_request_and_kept(sqlite_url):
    asked = []

    def plan(email, id):
        asked.append((email, id, has_app_context(), has_request_context()))
        return PLANS.get(email)

    columns = {
        "plan": plan,
        "since": lambda email, id: date(2026, 1, 2),
        "orders": lambda email, id: 3,
        "rate": lambda email, id: float("nan"),
        "paid": lambda email, id: True,
        "admin": lambda email, id: f"https://site.example/users/{id}",
    }
    app = with_columns(sqlite_url, columns)
    before = now()
    send(app, sent_view()).close()
    found = columns_of(app)
    assert asked == [(ADA.email, "7", True, False)]
    assert found.values == {
        "plan": "pro",
        "since": "2026-01-02",
        "orders": 3,
        "rate": "nan",
        "paid": True,
        "admin": "https://site.example/users/7",
    }
    assert list(found.values) == list(columns)
    assert before <= found.at <= now()
    close(app)


def test_a_worker_asks_after_it_has_drained(sqlite_url, redis_url):
    app = with_columns(
        sqlite_url, {"plan": lambda email, id: "pro"}, UNT_REDIS_URL=redis_url
    )
    state = state_of(app)
    send(app, sent_view()).close()
    assert state.store.users_due(now(), 9) == []
    state.stream.ensure_group()
    _drain(app)
    assert columns_of(app).values == {"plan": "pro"}
    close(app)


def _drain(app):
    """As RQ runs it: in the context of the app, under the lease of its job."""
    jobs = queue(state_of(app).stream)
    assert enqueue_drain(state_of(app).stream, jobs)

    with app.app_context():
        worker = SimpleWorker(
            [jobs], connection=jobs.connection, serializer=JSONSerializer
        )
        worker.work(burst=True)

    jobs.connection.close()


def test_they_are_asked_for_again_after_a_day(sqlite_url):
    plans = ["free", "pro"]
    app = with_columns(sqlite_url, {"plan": lambda email, id: plans[0]})
    send(app, sent_view()).close()
    store = state_of(app).store
    assert refresh_columns(state_of(app), 1) == 0
    store.keep_columns({1: {"plan": plans.pop(0)}}, now() - DAY - 1)
    assert [(u.id, u.values) for u in store.users_due(now(), 9)] == [
        (1, {"plan": "free"})
    ]
    assert refresh_columns(state_of(app), 1) == 1
    assert columns_of(app).values == {"plan": "pro"}
    close(app)


def test_one_that_fails_leaves_the_others_and_what_was_known(sqlite_url, caplog):
    answers = iter(["pro"])
    columns = {"plan": lambda email, id: next(answers), "n": lambda email, id: 1}
    app = with_columns(sqlite_url, columns)
    state = state_of(app)
    send(app, sent_view()).close()

    for _ in range(2):
        old = state.store.host_columns(1).values
        state.store.keep_columns({1: old}, now() - DAY - 1)
        assert refresh_columns(state, 1) == 1

    assert columns_of(app).values == {"plan": "pro", "n": 1}
    told = [r for r in caplog.records if "could not be had" in r.message]
    assert len(told) == 1 and "plan" in told[0].message
    state.counts.hand_on()

    told = app.test_cli_runner().invoke(args=["unt", "doctor"]).output
    assert "A column of a user could not be had" in told
    close(app)


def test_what_is_too_long_is_cut_or_left_out(sqlite_url):
    columns = {
        "long": lambda email, id: "x" * 5000,
        "short": lambda email, id: 1,
        **{f"c{n}": lambda email, id: "é" * 500 for n in range(3)},
    }
    app = with_columns(sqlite_url, columns)
    send(app, sent_view()).close()
    values = columns_of(app).values
    assert values["short"] == 1 and "long" not in values
    assert len(json.dumps(values, ensure_ascii=False).encode()) <= 2048
    close(app)


def test_claims_are_not_asked_for(database_url):
    """Else whoever types an address could have its plan shown for their browser."""
    with open_store(database_url) as store:
        store.declare_email(ANN, ADA.email, START)
        assert store.users_due(START, 9) == []
        store.write([entry(view(visitor=BEN), user=ADA)], START)
        (due,) = store.users_due(START, 9)
        assert (due.email, due.host_id, dict(due.values)) == (ADA.email, "7", {})
        assert store.host_columns(due.id) is None
        store.keep_columns({due.id: {"plan": "pro"}}, START)
        assert store.users_due(START + DAY, 9) == []
        assert len(store.users_due(START + DAY + 1, 9)) == 1
        assert store.host_columns(due.id).values == {"plan": "pro"}
        assert store.host_columns(99) is None


@pytest.mark.parametrize("columns", [{}, None])
def test_without_any_nothing_is_asked(sqlite_url, columns):
    app = with_columns(sqlite_url, columns)
    assert refresh_columns(state_of(app), 1) == 0
    close(app)
