"""The visitor's id in a cookie: when it is set, left alone and deleted."""

from __future__ import annotations

from datetime import datetime
from datetime import timezone

import pytest
from flask import Flask
from tracked import ELSEWHERE
from tracked import HERE
from tracked import OTHER_VISITOR
from tracked import PREFIX
from tracked import VISITOR
from tracked import batch
from tracked import close
from tracked import cookies_of
from tracked import is_deleted
from tracked import now
from tracked import post
from tracked import rows
from tracked import send
from tracked import sent_with
from tracked import settle
from tracked import site
from tracked import state_of
from tracked import view
from werkzeug.http import parse_cookie
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from flask_unt import UNT
from flask_unt.config import derive_prefix

NEW, OLD = derive_prefix("new"), derive_prefix("old")
UUID7 = "01a0c450-6818-7777-8888-99990000aaaa"
THIRD_VISITOR = "3d813cbb-47fb-42ba-91df-831e1593ac29"
ALIASES = "SELECT COUNT(*) FROM unt_visitor WHERE alias_of IS NOT NULL"

OWNED = """
SELECT u.email, COUNT(*)
  FROM unt_page_view p
  JOIN unt_visitor v ON v.id = p.visitor_id
  LEFT JOIN unt_user u ON u.id = COALESCE(p.user_id, v.owner_id)
 GROUP BY u.email
"""


@pytest.fixture(params=["database", "redis"])
def tracked_site(request, sqlite_url):
    config = {}

    if request.param == "redis":
        config["UNT_REDIS_URL"] = request.getfixturevalue("redis_url")

    app = site(sqlite_url, **config)
    yield app
    close(app)


def leave(of, **changes):
    event = {"type": "leave", "view": of["id"], "visitor": of["visitor"]}
    return {**event, "time": now(), "engaged": 5, "scroll": 5, **changes}


def rotated(database_url, **config):
    """A site whose secret key was replaced, and its prefix with it."""
    app = Flask("site", instance_path="/nonexistent")
    keys = {"SECRET_KEY": "new", "SECRET_KEY_FALLBACKS": ["old"]}
    app.config.update(UNT_DATABASE_URL=database_url, **keys, **config)
    UNT(app)
    return app


def send_to(client, prefix, visitor):
    """Value and path of each cookie that is set."""
    content = batch(view(visitor=visitor))
    response = client.post(f"{prefix}/e", json=content, headers=HERE)
    return [
        f"{pair}; {path[5:]}"
        for pair, attributes in cookies_of(response)
        for path in attributes
        if path.startswith("Path=")
    ]


def aliases(app):
    settle(app)
    state_of(app).store.prepare()
    return rows(app, ALIASES)[0][0]


def test_first_answer_sets_it(tracked_site):
    ((pair, attributes),) = cookies_of(send(tracked_site, view()))
    assert pair == f"unt={VISITOR}"
    assert attributes == {
        "Max-Age=34128000",
        f"Path={PREFIX}",
        "HttpOnly",
        "SameSite=Lax",
    }


def test_it_is_set_once(tracked_site):
    client = tracked_site.test_client()

    for expected in (1, 0, 0):
        path = f"{PREFIX}/e"
        response = client.post(path, json=batch(view()), headers=HERE)
        assert len(cookies_of(response)) == expected

    assert client.get_cookie("unt", path=PREFIX).value == VISITOR
    assert aliases(tracked_site) == 0


def test_it_is_secure_on_https(sqlite_url):
    """As the browser says, where a proxy that ends TLS does not."""
    app = site(sqlite_url)
    headers = {"Origin": "https://localhost"}
    assert "Secure" in cookies_of(send(app, view(), headers=headers))[0][1]
    options = {"headers": headers, "base_url": "https://localhost"}
    assert "Secure" in cookies_of(send(app, view(), **options))[0][1]


def test_it_is_for_the_whole_site_if_wanted(sqlite_url):
    app = site(sqlite_url, UNT_COOKIE="site")
    assert "Path=/" in cookies_of(send(app, view()))[0][1]


def test_page_under_an_old_prefix_keeps_a_cookie_of_its_own(sqlite_url):
    """One at the present prefix would not come back, and would hide what is there."""
    app = rotated(sqlite_url)
    client = app.test_client()
    assert send_to(client, NEW, VISITOR) == [f"unt={VISITOR}; {NEW}"]
    assert send_to(client, OLD, OTHER_VISITOR) == [f"unt={OTHER_VISITOR}; {OLD}"]
    assert send_to(client, OLD, OTHER_VISITOR) == []
    assert client.get_cookie("unt", path=NEW).value == VISITOR
    assert send_to(client, NEW, OTHER_VISITOR) == [f"unt={OTHER_VISITOR}; {NEW}"]
    assert aliases(app) == 1


def test_it_is_deleted_under_every_prefix(sqlite_url):
    app = rotated(sqlite_url)

    for asked in (OLD, NEW):
        client = app.test_client()
        send_to(client, OLD, VISITOR)
        send_to(client, NEW, VISITOR)
        client.post(f"{asked}/e", json=batch(clear=True), headers=HERE)
        assert client.get_cookie("unt", path=OLD) is None
        assert client.get_cookie("unt", path=NEW) is None


def test_cookie_of_the_whole_site_is_the_same_under_an_old_prefix(sqlite_url):
    client = rotated(sqlite_url, UNT_COOKIE="site").test_client()
    assert send_to(client, OLD, VISITOR) == [f"unt={VISITOR}; /"]
    assert send_to(client, NEW, VISITOR) == []


def test_it_is_for_the_sites_own_path(sqlite_url):
    app = site(sqlite_url)
    mounted = Client(DispatcherMiddleware(Flask("root"), {"/a b;c": app}))
    response = mounted.post(f"/a b;c{PREFIX}/e", json=batch(view()), headers=HERE)
    assert f"Path=/a%20b%3Bc{PREFIX}" in cookies_of(response)[0][1]
    assert parse_cookie(response.headers["Set-Cookie"])["unt"] == VISITOR


def test_without_it_nothing_is_set_or_read(sqlite_url):
    app = site(sqlite_url, UNT_COOKIE=None)
    response = send(app, view(), headers=sent_with(OTHER_VISITOR))
    assert cookies_of(response) == []
    assert aliases(app) == 0
    assert cookies_of(send(app, json=batch(clear=True))) == []
    clear = send(app, json=batch(clear=True), headers=sent_with(VISITOR))
    assert is_deleted(clear)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {**ELSEWHERE},
        {**HERE, "Sec-Fetch-Site": "same-site"},
        {**HERE, "Sec-GPC": "1"},
        {**HERE, "DNT": "1"},
    ],
)
def test_others_get_none(sqlite_url, headers):
    """Other origins, whoever does not say where he is from or wants to be unknown."""
    app = site(sqlite_url, UNT_ORIGINS=[ELSEWHERE["Origin"]])
    sent = {**headers, "Cookie": f"unt={OTHER_VISITOR}"}

    for response in (
        send(app, view(), headers=headers),
        send(app, view(), headers=sent),
        send(app, json=batch(view(), fresh=True), headers=sent),
    ):
        assert response.status_code == 202
        assert cookies_of(response) == []

    assert aliases(app) == 0


def test_what_is_not_one_visitors_sets_none(tracked_site):
    nobody, other = view(visitor=None), view(visitor=OTHER_VISITOR)

    for events in (
        [nobody],
        [nobody, view()],
        [view(), other],
        [view(url="x")],
        [leave(view(id=UUID7))],
    ):
        headers = sent_with(THIRD_VISITOR)
        response = send(tracked_site, *events)
        assert (response.status_code, cookies_of(response)) == (202, [])
        assert cookies_of(send(tracked_site, *events, headers=headers)) == []

    assert aliases(tracked_site) == 0


def test_2017_views_set_none(tracked_site):
    content = {"title": "", "url": "http://localhost/", "datetime": now()}
    response = post(tracked_site, f"/user/{VISITOR}/track", json=content)
    assert response.status_code == 200
    assert cookies_of(response) == []


def test_other_id_is_an_alias_and_overwrites(tracked_site):
    send(tracked_site, view(visitor=OTHER_VISITOR))
    response = send(tracked_site, view(), headers=sent_with(OTHER_VISITOR))
    assert cookies_of(response)[0][0] == f"unt={VISITOR}"
    assert aliases(tracked_site) == 1


def test_ids_lost_again_and_again_are_the_user_s_who_signs_in(sqlite_url, redis_url):
    """Each cookie names the id before, and then the new one."""
    signed_in = []
    unt = UNT(identify=lambda: signed_in[-1] if signed_in else None)
    app = site(sqlite_url, unt, UNT_REDIS_URL=redis_url)
    client = app.test_client()

    for visitor in (VISITOR, OTHER_VISITOR, THIRD_VISITOR):
        client.post(f"{PREFIX}/e", json=batch(view(visitor=visitor)), headers=HERE)
        assert client.get_cookie("unt", path=PREFIX).value == visitor

    signed_in.append("ada@site.example")
    client.post(f"{PREFIX}/e", json=batch(view(visitor=THIRD_VISITOR)), headers=HERE)
    assert aliases(app) == 2
    assert rows(app, OWNED) == [("ada@site.example", 4)]
    close(app)


@pytest.mark.parametrize("first", [VISITOR, OTHER_VISITOR])
def test_two_tabs_that_waited_for_consent_are_one_browser(tracked_site, first):
    """Each view was made under an id of its tab; the browser keeps one of them."""
    client = tracked_site.test_client()
    other = OTHER_VISITOR if first == VISITOR else VISITOR

    for visitor in (first, other, VISITOR):
        client.post(f"{PREFIX}/e", json=batch(view(visitor=visitor)), headers=HERE)

    assert client.get_cookie("unt", path=PREFIX).value == VISITOR
    email = {"visitor": VISITOR, "email": "ada@site.example"}
    assert aliases(tracked_site) >= 1
    assert client.post(f"{PREFIX}/email", json=email).status_code == 200
    assert rows(tracked_site, OWNED) == [("ada@site.example", 3)]


def test_id_that_is_none_is_overwritten(tracked_site):
    response = send(tracked_site, view(), headers=sent_with("x' OR 1"))
    assert cookies_of(response)[0][0] == f"unt={VISITOR}"
    assert aliases(tracked_site) == 0


def test_fresh_id_is_no_alias_and_overwrites(tracked_site):
    send(tracked_site, view(visitor=OTHER_VISITOR))
    headers = sent_with(OTHER_VISITOR)
    response = send(tracked_site, json=batch(view(), fresh=True), headers=headers)
    assert cookies_of(response)[0][0] == f"unt={VISITOR}"
    assert aliases(tracked_site) == 0


def test_fresh_id_does_not_travel_with_the_old_one(sqlite_url, redis_url):
    app = site(sqlite_url, UNT_REDIS_URL=redis_url)
    headers = sent_with(OTHER_VISITOR)
    send(app, json=batch(view(), fresh=True), headers=headers)
    stream = state_of(app).stream
    ((_, fields),) = stream.connection().xrange(stream.key)
    assert VISITOR.encode() in fields[b"d"]
    assert OTHER_VISITOR.encode() not in fields[b"d"]


def test_late_events_of_an_id_before_a_fresh_one_change_nothing(tracked_site):
    """Whether the fresh one was written by then or still waits in the stream."""
    reset_at = now() - 1000
    fresh = batch(view(time=reset_at), fresh=True)
    send(tracked_site, json=fresh)
    late = view(visitor=OTHER_VISITOR, time=reset_at - 1)
    response = send(tracked_site, late, leave(late), headers=sent_with(VISITOR))
    assert (response.status_code, cookies_of(response)) == (202, [])
    assert aliases(tracked_site) == 0

    later = view(visitor=THIRD_VISITOR, time=reset_at + 1)
    response = send(tracked_site, later, headers=sent_with(VISITOR))
    assert cookies_of(response)[0][0] == f"unt={THIRD_VISITOR}"
    assert aliases(tracked_site) == 1


def test_clear_deletes_it_and_stores_nothing():
    app = site("postgresql+psycopg://nobody@127.0.0.1:1/nowhere")
    content = {"events": [], "clear": True}
    response = send(app, json=content)
    assert (response.status_code, is_deleted(response)) == (202, True)
    client = app.test_client()
    client.set_cookie("unt", VISITOR, path=PREFIX)
    client.post(f"{PREFIX}/e", json=content, headers=HERE)
    assert client.get_cookie("unt", path=PREFIX) is None
    assert not is_deleted(send(app, json=content, headers={}))


def test_clear_works_whatever_the_browser_asks(sqlite_url):
    headers = sent_with(VISITOR, DNT="1")
    assert is_deleted(send(site(sqlite_url), json=batch(clear=True), headers=headers))


def test_clear_deletes_what_an_earlier_setting_left(sqlite_url):
    app = site(sqlite_url)
    client = app.test_client()
    client.set_cookie("unt", VISITOR, path="/")
    client.post(f"{PREFIX}/e", json=batch(clear=True), headers=HERE)
    assert client.get_cookie("unt", path="/") is None


def test_it_is_deleted_in_the_past():
    header = send(site(), json=batch(clear=True)).headers["Set-Cookie"]
    at = header.partition("Expires=")[2].partition(";")[0]
    made = datetime.strptime(at, "%a, %d %b %Y %H:%M:%S GMT")
    assert made.replace(tzinfo=timezone.utc).timestamp() == 0


def test_marks_come_with_it(sqlite_url):
    """One answer carries both."""
    app = site(sqlite_url, unt=UNT(identify=lambda: "ada@site.example"))
    response = send(app, view())
    assert response.json["as"]
    assert cookies_of(response)
