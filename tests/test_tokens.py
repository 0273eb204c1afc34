"""Signed tokens: who somebody is on pages where no session counts."""

from __future__ import annotations

import pytest
from flask import session
from tracked import ELSEWHERE
from tracked import HERE
from tracked import OTHER_VISITOR
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
from flask_unt.events import Identity
from flask_unt.state import read_token

PAGE = {"url": "https://elsewhere.example/app"}
OWNED = """
SELECT u.email, v.local_time FROM unt_page_view v
  JOIN unt_visitor w ON w.id = v.visitor_id
  LEFT JOIN unt_user u ON u.id = COALESCE(v.user_id, w.owner_id)
 ORDER BY v.local_time
"""
LINKS = """
SELECT u.email, u.host_id, u.verified, l.reason, l.visitor_id FROM unt_link l
  JOIN unt_user u ON u.id = l.user_id ORDER BY l.id
"""
ADA, BEN = "ada@site.example", "ben@site.example"


@pytest.fixture(params=["database", "redis"])
def app(request, sqlite_url):
    config = {"UNT_ORIGINS": [ELSEWHERE["Origin"]]}

    if request.param == "redis":
        config["UNT_REDIS_URL"] = request.getfixturevalue("redis_url")

    app = site(sqlite_url, UNT(identify=lambda: session.get("email")), **config)
    state_of(app).store.prepare()
    yield app
    close(app)


def token(app, email=ADA, id=None, **options):
    with app.app_context():
        return UNT().identity_token(email, id, **options)


def identify(token, visitor=VISITOR, time=None, id="i1"):
    time = now() if time is None else time
    return {
        "type": "identify",
        "id": id,
        "visitor": visitor,
        "time": time,
        "token": token,
    }


def send(app, *events, headers=ELSEWHERE):
    answer = post(app, "/e", json=batch(*events), headers=headers)
    settle(app)
    return answer.get_json()


def owners(app):
    return [email for email, _ in rows(app, OWNED)]


def test_it_makes_a_verified_user_of_another_origins_visitor(app):
    """What was before is theirs, too: nobody signed in there before."""
    send(app, view(**PAGE))
    answer = send(app, identify(token(app, " Ada@Site.example ", 7)), view(**PAGE))
    assert answer == {"accepted": 2, "rejected": []}
    assert rows(app, LINKS) == [(ADA, "7", 1, "token", 1)]
    assert owners(app) == [ADA, ADA]


def test_the_session_does_not_count_there_the_token_does(app):
    with app.test_client() as client:
        with client.session_transaction() as kept:
            kept["email"] = BEN

        sent = batch(view(**PAGE), identify(token(app)))
        client.post("/k3x9/e", json=sent, headers=ELSEWHERE)

    settle(app)
    assert [row[0] for row in rows(app, LINKS)] == [ADA]


def test_a_token_sent_again_changes_nothing(app):
    again = identify(token(app))
    assert send(app, again) == send(app, again) == {"accepted": 1, "rejected": []}
    assert len(rows(app, LINKS)) == 1


def test_whoever_has_a_token_is_its_user_and_nobody_else(app):
    """Two browsers with it are one user; a third one without it is not."""
    one = token(app)
    send(app, identify(one), view(**PAGE))
    send(app, identify(one, OTHER_VISITOR), view(visitor=OTHER_VISITOR, **PAGE))
    third = "3d813cbb-47fb-42ba-91df-831e1593ac29"
    send(app, view(visitor=third, **PAGE))
    assert len({row[4] for row in rows(app, LINKS)}) == 2
    assert owners(app) == [ADA, ADA, None]
    assert rows(app, "SELECT count(*) FROM unt_user") == [(1,)]


def test_a_second_user_has_their_own_views_and_nothing_from_before(app):
    start = now() - 60_000
    send(app, view(time=start, **PAGE))
    send(app, identify(token(app), time=start + 1), view(time=start + 2, **PAGE))
    send(app, identify(token(app, BEN), time=start + 3, id="i2"))
    send(app, view(time=start + 4, **PAGE))
    assert owners(app) == [ADA, ADA, BEN]


def test_bad_tokens_are_rejected_in_their_place(app, sqlite_url, tmp_path):
    twin = site(f"sqlite:///{tmp_path}/other.db")
    stranger = site("sqlite://")
    stranger.config["SECRET_KEY"] = "another"
    state_of(twin).store.prepare()
    good = token(app)
    bad = {
        "expired": token(app, expires=-1),
        "of a site with the same key": token(twin),
        "of a site with another key": token(stranger),
        # Of the last character not all bits count.
        "changed": good[:-2] + ("a" if good[-2] != "a" else "b") + good[-1],
        "no token": "x",
        "empty": "",
    }
    events = [identify(one, id=f"i{n}") for n, one in enumerate(bad.values())]
    events.insert(2, view(url="https://nowhere.example/"))
    answer = send(app, *events, view(**PAGE), identify(good, id="good"))
    reasons = ["bad-token"] * 2 + ["foreign-page"] + ["bad-token"] * 4
    assert answer["rejected"] == [
        {"index": index, "reason": reason} for index, reason in enumerate(reasons)
    ]
    assert answer["accepted"] == 2
    assert [row[:4] for row in rows(app, LINKS)] == [(ADA, None, 1, "token")]

    for other in (twin, stranger):
        close(other)


def test_a_token_of_an_older_secret_is_still_good(app):
    old = token(app)
    app.config.update(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["older", "secret"])
    assert read_token(state_of(app), old, now()) == Identity(ADA, None, None)
    assert read_token(state_of(app), token(app), now()) is not None
    app.config["SECRET_KEY_FALLBACKS"] = []
    assert read_token(state_of(app), old, now()) is None


def test_it_lasts_an_hour_and_not_a_moment_longer(app):
    made, end = token(app), now() + 3_600_000
    assert read_token(state_of(app), made, end - 60_000) is not None
    assert read_token(state_of(app), made, end + 60_000) is None


def test_on_this_site_marks_decide_as_before(app):
    """Who the session names stays who they are; the answer's mark is of the session."""
    answer = send(app, view(), identify(token(app)), headers=HERE)
    assert answer["as"] == ""
    send(app, view(**{"as": ""}), headers=HERE)
    assert rows(app, "SELECT count(user_id) FROM unt_page_view") == [(0,)]


@pytest.mark.parametrize(("email", "id"), [(None, None), ("", None)])
def test_a_token_is_of_somebody(app, email, id):
    with pytest.raises(ValueError, match="an id"):
        token(app, email, id)
