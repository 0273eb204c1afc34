"""The 2017 API: what its unt.js sends is taken, and answered, as it was then."""

from __future__ import annotations

import pytest
from tracked import ELSEWHERE
from tracked import HERE
from tracked import VISITOR
from tracked import close
from tracked import now
from tracked import post
from tracked import rows
from tracked import settle
from tracked import site
from tracked import view

from flask_unt import UNT

TRACK = f"/user/{VISITOR}/track"
EMAIL = f"/user/{VISITOR}/email"
VIEWS = "SELECT title, path FROM unt_page_view v JOIN unt_page p ON p.id = page_id"
SUCCESS = {"message": "success"}


def seen(**changes):
    return {
        "title": "Shop",
        "url": "http://localhost/shop?id=1",
        "datetime": now(),
        **changes,
    }


@pytest.fixture(params=["database", "redis"])
def tracked_site(request, database_url):
    config = {}

    if request.param == "redis":
        config["UNT_REDIS_URL"] = request.getfixturevalue("redis_url")

    app = site(database_url, **config)
    yield app
    close(app)


def test_page_view(tracked_site):
    response = post(tracked_site, TRACK, json=seen())
    assert (response.status_code, response.json) == (200, SUCCESS)
    settle(tracked_site)
    assert rows(tracked_site, VIEWS) == [("Shop", "/shop")]
    uuids = rows(tracked_site, "SELECT uuid FROM unt_visitor")
    assert len(uuids) == 1


def test_same_view_again_is_stored_once(tracked_site):
    content = seen()
    post(tracked_site, TRACK, json=content)
    assert post(tracked_site, TRACK, json=content).status_code == 200
    settle(tracked_site)
    assert len(rows(tracked_site, VIEWS)) == 1


def test_email_makes_the_views_somebodys(tracked_site):
    post(tracked_site, TRACK, json=seen())
    response = post(tracked_site, EMAIL, json={"email": "Ada@Site.example"})
    assert (response.status_code, response.json) == (200, SUCCESS)
    post(tracked_site, TRACK, json=seen(title="After", datetime=now() + 1))
    settle(tracked_site)
    owners = rows(
        tracked_site,
        "SELECT u.email FROM unt_page_view v JOIN unt_visitor w ON w.id = v.visitor_id"
        " JOIN unt_user u ON u.id = COALESCE(v.user_id, w.owner_id)",
    )
    assert owners == [("ada@site.example",)] * 2


@pytest.mark.parametrize(
    "changes",
    [
        {"datetime": None},
        {"datetime": "yesterday"},
        {"datetime": True},
        {"url": "javascript:alert(1)"},
        {"url": "file:///etc/passwd"},
        {"url": "https://elsewhere.example/"},
        {"url": None},
    ],
)
def test_wrong_views_are_400(changes):
    response = post(site(), TRACK, json=seen(**changes))
    assert response.status_code == 400
    assert set(response.json) == {"error"}


def test_missing_time_is_400():
    content = seen()
    del content["datetime"]
    assert post(site(), TRACK, json=content).status_code == 400


@pytest.mark.parametrize("time", [1e300, -5, 0, 4102444800000 * 2])
def test_odd_times_are_kept(sqlite_url, time):
    app = site(sqlite_url)
    assert post(app, TRACK, json=seen(datetime=time)).status_code == 200
    assert rows(app, "SELECT skewed FROM unt_page_view") == [(1,)]


@pytest.mark.parametrize("content", [{}, {"email": "ada"}, {"email": 7}, [], "x"])
def test_wrong_emails_are_400(content):
    response = post(site(), EMAIL, json=content)
    assert response.status_code == 400
    assert set(response.json) == {"error"}


@pytest.mark.parametrize("visitor", ["1", "x" * 36, VISITOR[:-1], "null"])
def test_wrong_visitors_are_400(visitor):
    assert post(site(), f"/user/{visitor}/track", json=seen()).status_code == 400
    content = {"email": "ada@site.example"}
    assert post(site(), f"/user/{visitor}/email", json=content).status_code == 400


def test_visitor_in_capitals_is_the_same(sqlite_url):
    app = site(sqlite_url)
    post(app, TRACK, json=seen())
    post(app, TRACK.replace(VISITOR, VISITOR.upper()), json=seen(title="Again"))
    assert rows(app, "SELECT count(*) FROM unt_visitor") == [(1,)]


def test_old_page_of_a_listed_site(sqlite_url):
    """XMLHttpRequest with JSON asks first, and then reads the answer."""
    app = site(sqlite_url, UNT_ORIGINS=["https://elsewhere.example"])
    asked = app.test_client().options(
        "/k3x9" + TRACK,
        headers={**ELSEWHERE, "Access-Control-Request-Method": "POST"},
    )
    assert asked.status_code == 204
    content = seen(url="https://elsewhere.example/a")
    response = post(app, TRACK, json=content, headers=ELSEWHERE)
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == ELSEWHERE["Origin"]


def test_privacy_signals_are_honoured():
    headers = {**HERE, "Sec-GPC": "1"}
    response = post(site(), TRACK, json=seen(), headers=headers)
    assert (response.status_code, response.json) == (400, {"error": "gpc"})
    response = post(site(), EMAIL, json={"email": "a@b.example"}, headers=headers)
    assert (response.status_code, response.json) == (400, {"error": "gpc"})


def test_signed_in_user_is_known(sqlite_url):
    app = site(sqlite_url, UNT(identify=lambda: "ada@site.example"))
    post(app, TRACK, json=seen())
    assert rows(app, "SELECT email FROM unt_user") == [("ada@site.example",)]


def test_old_and_new_scripts_share_a_visitor(sqlite_url):
    app = site(sqlite_url)
    post(app, TRACK, json=seen())
    content = {"v": 1, "sent": now(), "events": [view()]}
    post(app, "/e", json=content)
    assert rows(app, "SELECT count(*) FROM unt_visitor") == [(1,)]
