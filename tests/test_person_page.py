"""The pages of a person and of a visitor, and what can be said and done there."""

from __future__ import annotations

import json
import logging
import re
import uuid

import pytest
from dashboards import BOARD
from dashboards import declare
from dashboards import form_token
from dashboards import opened
from dashboards import seen
from dashboards import sites
from dashboards import words
from tracked import OTHER_VISITOR
from tracked import VISITOR
from tracked import now
from tracked import rows
from tracked import send
from tracked import state_of

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NOBODY: dict[str, str] = {}
ADA = {"email": "ada@site.example", "id": "7", "name": "Ada"}
BOB = {"email": "bob@site.example", "id": "8", "name": "Bob"}

make_site = pytest.fixture(sites)


def log_of(answer):
    return answer.text.partition('id="log"')[2]


def times(answer):
    """The clock of each line of a log."""
    return re.findall(r'<td class="t"><time [^>]+>([\d:]+)<', answer.text)


@pytest.fixture
def signed_in():
    """Who is signed in on the site, to be changed."""
    return {}


@pytest.fixture
def site(make_site, signed_in):
    """Ada looked at two pages before she signed in, Bob typed an address elsewhere."""
    app = make_site({"identify": lambda: signed_in or None}, UNT_RATE_LIMIT=None)
    seen(app, "/", "Home", 3 * DAY, tz=-180, referrer="https://news.example/a?b=c")
    seen(app, "/prices", "Prices", 3 * DAY - MINUTE, tz=-180)
    signed_in |= ADA
    seen(app, "/account", "Account", 0, tz=-180)
    signed_in.clear()
    seen(app, "/", "Home", 2 * HOUR, visitor=OTHER_VISITOR)
    declare(app, "bob@site.example", OTHER_VISITOR)
    return app


def post(client, path, **fields):
    token = form_token(client.get(f"{BOARD}/user/1/forget"))
    return client.post(f"{BOARD}{path}", data={"token": token, **fields})


def test_it_says_what_came_before_they_signed_up(site):
    text = words(opened(site).get(f"{BOARD}/user/1"))

    assert "ada@site.example ✓ signed in" in text
    assert "account 7" in text
    assert "Came from news.example/a " in text
    assert "First page Home" in text
    assert "Until then 2 pages in 3 d" in text
    assert "Page just before Prices" in text


def test_who_was_known_from_the_first_page_on_is_said_so(site, signed_in):
    signed_in |= BOB
    seen(site, "/", "Home", visitor=str(uuid.uuid4()))

    assert "known from the first page on" in words(opened(site).get(f"{BOARD}/user/3"))


def test_it_says_why_a_browser_is_theirs(site):
    client = opened(site)

    assert "Signed in here, since" in words(client.get(f"{BOARD}/user/1"))
    assert "Typed here, unproven as bob@site.example" in words(
        client.get(f"{BOARD}/user/2")
    )


def test_it_warns_of_a_shared_machine(site, signed_in):
    client = opened(site)
    assert "Shared:" not in words(client.get(f"{BOARD}/user/1"))

    signed_in |= BOB
    seen(site, "/account", "Account")
    both = [words(client.get(f"{BOARD}/user/{id}")) for id in (1, 3)]

    assert "Shared: bob@site.example signed in here, too." in both[0]
    assert "Shared: ada@site.example signed in here, too." in both[1]


def test_the_last_access_is_told_on_their_clock(site):
    text = words(opened(site).get(f"{BOARD}/user/1"))

    assert re.search(r"just now \d\d:\d\d their time", text)


def test_events_stand_inside_their_visit(site):
    event = {
        "type": "event",
        "id": uuid.uuid4().hex,
        "visitor": VISITOR,
        "time": now(),
        "tz": -180,
        "name": "order",
        "props": {"total": "<42>"},
    }
    send(site, event)
    answer = opened(site).get(f"{BOARD}/user/1")

    assert "Event: order total: &lt;42&gt;" in words(answer)
    assert log_of(answer).index("order") < log_of(answer).index("Prices")


def test_the_columns_of_the_site_are_told_with_their_age(site):
    engine = state_of(site).store._database

    with engine.writing() as connection:
        connection.exec_driver_sql(
            'UPDATE unt_user SET host_columns = \'{"plan": "<pro>"}\','
            " host_columns_at = '2026-01-02 03:04:05.000' WHERE id = 1"
        )

    text = words(opened(site).get(f"{BOARD}/user/1"))
    assert "plan &lt;pro&gt; · as of" in text


def test_an_anonymous_visitor_has_such_a_page_too(site):
    alone = str(uuid.uuid4())
    seen(site, "/", "Home", HOUR, visitor=alone, referrer="https://a.example/")
    id = rows(site, "SELECT max(id) FROM unt_visitor")[0][0]
    client = opened(site)
    text = words(client.get(f"{BOARD}/visitor/{id}"))

    assert f"Anonymous visitor {id}" in text
    assert "Came from a.example" in text
    assert "1 page" in text
    assert alone not in client.get(f"{BOARD}/visitor/{id}").text


def test_merged_users_share_a_page_until_it_is_taken_back(site, caplog):
    client = opened(site)
    caplog.set_level(logging.INFO, "flask_unt")
    search = client.get(f"{BOARD}/user/1/merge?q=bob")
    assert "bob@site.example" in search.text
    question = client.get(f"{BOARD}/user/1/merge?with=2")
    assert "Are they one person?" in question.text
    assert "was only typed" in question.text
    assert [row.id for row in state_of(site).store.users(now=now()).rows] == [1, 2]

    form = {"token": form_token(question), "with": "2"}
    done = client.post(f"{BOARD}/user/1/merge", data=form)
    assert (done.status_code, done.location) == (303, f"{BOARD}/user/1")
    page = client.get(done.location)
    assert "by a login link" in page.text
    assert page.text.count('class="what"') == 4
    assert client.get(f"{BOARD}/user/2").location == f"{BOARD}/user/1"
    uuid_of_bob = f"/k3x9/user/{OTHER_VISITOR}"
    assert client.get(uuid_of_bob).location == f"{BOARD}/user/1"

    again = client.post(f"{BOARD}/user/1/merge", data=form)
    assert "Who else is ada@site.example?" in again.text
    form = {"token": form_token(page), "member": "2"}
    assert client.post(f"{BOARD}/user/1/part", data=form).status_code == 303
    assert client.get(f"{BOARD}/user/2").status_code == 200
    assert client.get(f"{BOARD}/user/1").text.count('class="what"') == 3

    said = [r.getMessage() for r in caplog.records if r.name == "flask_unt"]
    assert said == [
        "User 2 was merged into user 1, by a login link.",
        "User 2 was parted from user 1, by a login link.",
    ]


@pytest.mark.parametrize("other", ["0", "1", "99", "x", "9" * 40])
def test_who_cannot_be_merged_is_said_calmly(site, other):
    answer = post(opened(site), "/user/1/merge", **{"with": other})

    assert answer.status_code in (200, 400)
    assert rows(site, "SELECT count(*) FROM unt_user WHERE merged_into > 0") == [(0,)]


def test_a_typed_address_is_taken_off_a_browser_and_put_back(site):
    client = opened(site)
    claim = {"browser": "2", "member": "2"}

    assert post(client, "/user/2/claim", undo="yes", **claim).status_code == 303
    page = client.get(f"{BOARD}/user/2")
    assert "taken off" in page.text
    assert 'class="what"' not in page.text
    assert "was typed here, and taken off" in client.get(f"{BOARD}/visitor/2").text

    assert post(client, "/user/2/claim", undo="no", **claim).status_code == 303
    assert client.get(f"{BOARD}/user/2").text.count('class="what"') == 1


def test_forgetting_asks_first_and_names_what_goes(site, caplog):
    client = opened(site)
    post(client, "/user/1/merge", **{"with": "2"})
    caplog.set_level(logging.INFO, "flask_unt")
    question = client.get(f"{BOARD}/user/1/forget")
    text = words(question)

    assert "4 page views in 3 visits" in text
    assert "2 browsers" in text
    assert "the address ada@site.example the address bob@site.example" in text
    assert "bob@site.example, who is merged with them" in text
    assert len(rows(site, "SELECT 1 FROM unt_page_view")) == 4

    form = {"token": form_token(question)}
    done = client.post(f"{BOARD}/user/1/forget", data=form)
    assert done.status_code == 200
    assert "Forgotten" in done.text
    assert rows(site, "SELECT 1 FROM unt_page_view") == []
    assert rows(site, "SELECT 1 FROM unt_user") == []
    assert caplog.messages[-1] == (
        "User 1 was forgotten, with 2 browsers, by a login link."
    )
    assert send(site, {"type": "view"}, json=None) is not None
    assert client.post(f"{BOARD}/user/1/forget", data=form).status_code == 404


def test_a_visitor_is_forgotten_after_a_question(site):
    seen(site, "/x", "X", visitor=str(uuid.uuid4()))
    client = opened(site)
    question = client.get(f"{BOARD}/visitor/3/forget")
    assert "Forget visitor 3?" in question.text
    form = {"token": form_token(question)}

    assert client.post(f"{BOARD}/visitor/3/forget", data=form).status_code == 200
    assert client.get(f"{BOARD}/visitor/3").status_code == 404


def test_a_person_is_exported_as_a_file(site):
    client = opened(site)
    answer = client.get(f"{BOARD}/user/1/export.json")
    data = json.loads(answer.text)

    assert answer.headers["Content-Disposition"] == 'attachment; filename="user-1.json"'
    assert answer.headers["Cache-Control"] == "no-store"
    paths = {row["path"] for row in data["unt_page_view"]}
    assert paths == {"/", "/prices", "/account"}
    assert "bob@" not in answer.text
    assert VISITOR not in answer.text
    assert client.get(f"{BOARD}/user/9/export.json").status_code == 404

    seen(site, "/x", "X", visitor=str(uuid.uuid4()))
    browser = json.loads(client.get(f"{BOARD}/visitor/3/export.json").text)
    assert [row["path"] for row in browser["unt_page_view"]] == ["/x"]


MANAGED = (
    "/user/1/merge",
    "/user/1/part",
    "/user/1/claim",
    "/user/1/forget",
    "/user/1/export.json",
    "/visitor/2/forget",
    "/visitor/2/export.json",
)


def test_who_may_only_look_is_neither_shown_nor_let(make_site, site):
    looking = make_site({"can_view": lambda: True, "can_manage": lambda: False})
    client = looking.test_client()
    page = client.get(f"{BOARD}/user/1")
    assert page.status_code == 200

    for path in MANAGED:
        assert path not in page.text
        assert client.get(f"{BOARD}{path}").status_code in (403, 405)
        assert client.post(f"{BOARD}{path}").status_code in (403, 405)

    assert len(rows(site, "SELECT 1 FROM unt_user")) == 2


@pytest.mark.parametrize("path", MANAGED)
def test_a_change_takes_the_form_of_this_session(site, path):
    client = opened(site)

    for fields in ({}, {"token": "x"}):
        found = client.post(f"{BOARD}{path}", data={"with": "2", **fields})
        assert found.status_code in (403, 405)

    assert len(rows(site, "SELECT 1 FROM unt_user WHERE merged_into IS NULL")) == 2


def test_who_said_so_is_told_by_the_site(make_site, site, signed_in, caplog):
    """Where the site says who may manage, it is asked who that is."""
    managing = make_site(
        {
            "can_view": lambda: True,
            "can_manage": lambda: True,
            "identify": lambda: {"email": "boss@site.example", "id": "1"},
        }
    )
    caplog.set_level(logging.INFO, "flask_unt")
    client = managing.test_client()
    post(client, "/user/1/merge", **{"with": "2"})

    assert "by boss@site.example" in client.get(f"{BOARD}/user/1").text
    assert caplog.messages[-1] == (
        "User 2 was merged into user 1, by user '1' of the site."
    )
