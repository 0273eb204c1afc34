from __future__ import annotations

import time

from tracked import ELSEWHERE
from tracked import HERE
from tracked import OTHER_VISITOR
from tracked import PREFIX
from tracked import VIEWS
from tracked import VISITOR
from tracked import now
from tracked import post
from tracked import rows
from tracked import send
from tracked import site
from tracked import state_of
from tracked import view

from flask_unt import UNT


def test_rate_limit_is_429(sqlite_url):
    app = site(sqlite_url, UNT_RATE_LIMIT="2/day")
    assert [send(app, view()).status_code for _ in range(3)] == [202, 202, 429]
    response = send(app, view())
    assert 0 < int(response.headers["Retry-After"]) <= 86_400
    others = {"environ_base": {"REMOTE_ADDR": "203.0.113.9"}}
    assert send(app, view(), **others).status_code == 202


def test_behind_an_untold_proxy_visitors_are_limited(sqlite_url):
    """One busy visitor must not silence the whole site."""
    app = site(sqlite_url, UNT_RATE_LIMIT="2/day", UNT_NEW_PER_DAY=1)
    headers = {**HERE, "X-Forwarded-For": "203.0.113.9"}
    sent = [send(app, view(), headers=headers).status_code for _ in range(3)]
    assert sent == [202, 202, 429]
    other = view(visitor=OTHER_VISITOR)
    assert send(app, other, headers=headers).status_code == 202
    assert state_of(app).noticed.behind_proxy


def wait_for_a_minute_that_lasts():
    """Five emails of an address are free in each."""
    if (second := time.time() % 60) > 45:
        time.sleep(60 - second)


def test_emails_are_limited(sqlite_url):
    """Wrong ones count for the address, not for the visitor."""
    wait_for_a_minute_that_lasts()
    app = site(sqlite_url)

    def statuses(visitor, *emails, address="127.0.0.1"):
        return [
            post(
                app,
                "/email",
                json={"visitor": visitor, "email": email},
                environ_base={"REMOTE_ADDR": address},
            ).status_code
            for email in emails
        ]

    right = "ada@site.example"
    assert statuses(VISITOR, "x", right, right, right, right, right) == [
        *(400, 200, 200, 200, 200, 429)
    ]
    assert statuses(VISITOR, right, address="203.0.113.9") == [429]
    assert statuses(OTHER_VISITOR, right, address="203.0.113.9") == [200]


def test_limits_off(sqlite_url):
    app = site(sqlite_url, UNT_RATE_LIMIT=None)
    content = {"visitor": VISITOR, "email": "ada@site.example"}
    sent = [post(app, "/email", json=content).status_code for _ in range(8)]
    assert sent == [200] * 8


def test_endless_pages_become_one(sqlite_url):
    app = site(sqlite_url, UNT_NEW_PER_DAY=2)

    for number in range(4):
        response = send(app, view(url=f"http://localhost/{number}", title=str(number)))
        assert response.json["accepted"] == 1

    assert send(app, view(url="http://localhost/1")).status_code == 202
    paths = [path for _, _, path in rows(app, VIEWS)]
    assert sorted(paths) == ["(other)", "(other)", "/0", "/1", "/1"]
    titles = rows(app, "SELECT title FROM unt_page WHERE path = '(other)'")
    assert titles == [("",)]


def test_endless_visitors_are_429(sqlite_url):
    app = site(sqlite_url, UNT_NEW_PER_DAY=1)
    assert send(app, view()).status_code == 202
    assert send(app, view(visitor=OTHER_VISITOR)).status_code == 429
    assert send(app, view()).status_code == 202
    content = {"visitor": OTHER_VISITOR, "email": "ada@site.example"}
    assert post(app, "/email", json=content).status_code == 429


def test_listed_site_may_send_and_read(sqlite_url):
    app = site(sqlite_url, UNT_ORIGINS=["https://elsewhere.example"])
    response = send(app, view(url="https://elsewhere.example/a"), headers=ELSEWHERE)
    assert response.json["accepted"] == 1
    assert response.headers["Access-Control-Allow-Origin"] == ELSEWHERE["Origin"]
    assert response.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_refusals_of_a_listed_site_can_be_read():
    app = site(UNT_ORIGINS=["https://elsewhere.example"])
    response = send(app, json=[], headers=ELSEWHERE)
    assert response.status_code == 400
    assert response.headers["Access-Control-Allow-Origin"] == ELSEWHERE["Origin"]


def test_preflight():
    app = site(UNT_ORIGINS=["https://elsewhere.example"])
    headers = {
        **ELSEWHERE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    response = app.test_client().options(f"{PREFIX}/e", headers=headers)
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == ELSEWHERE["Origin"]
    assert response.headers["Access-Control-Allow-Methods"] == "POST"
    assert response.headers["Access-Control-Allow-Headers"] == "Content-Type"
    refused = site().test_client().options(f"{PREFIX}/e", headers=headers)
    assert refused.status_code == 403


def test_nobody_is_signed_in_for_another_origin(sqlite_url):
    unt = UNT(identify=lambda: "ada@site.example")
    app = site(sqlite_url, unt, UNT_ORIGINS=["https://elsewhere.example"])
    send(app, view(), headers=ELSEWHERE)
    send(app, view(), headers={})
    assert rows(app, "SELECT count(*) FROM unt_user") == [(0,)]
    send(app, view())
    assert rows(app, "SELECT email FROM unt_user") == [("ada@site.example",)]


def test_identity_is_asked_once_and_only_where_it_counts(sqlite_url):
    asked = []
    app = site(sqlite_url, UNT(identify=lambda: asked.append(1)))
    shown = "01a0c450-6818-7777-8888-99990000aaaa"
    leave = {"type": "leave", "view": shown, "visitor": VISITOR, "time": now()}
    assert send(app, {**leave, "engaged": 1, "scroll": 2}).json["accepted"] == 1
    send(app)
    assert asked == []
    send(app, view(), view())
    assert asked == [1]
