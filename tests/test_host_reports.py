"""What the site's own code asks: ``unt.reports``, and ``flask unt tail``."""

from __future__ import annotations

import json
import os
import signal
from datetime import datetime
from datetime import timedelta
from datetime import timezone

import pytest
from happenings import ANN
from happenings import BEN
from happenings import HOUR
from happenings import MINUTE
from happenings import START
from happenings import entry
from happenings import leave
from happenings import person
from happenings import view
from tracked import close
from tracked import now
from tracked import site
from tracked import state_of

from flask_unt import UNT
from flask_unt import UNTError
from flask_unt.cli.tail import _landing

ADA, BOB = person("ada@site.example", "7", "Ada"), person("bob@site.example")
AT = datetime.fromtimestamp(START / 1000, timezone.utc)
SITE = """
from flask import Flask
from flask_unt import UNT
app = Flask(__name__)
app.config.update(SECRET_KEY="secret", UNT_DATABASE_URL={url!r})
UNT(app)
"""


@pytest.fixture
def unt(database_url):
    unt = UNT()
    app = site(database_url, unt)
    store = state_of(app).store
    first = view("v1", time=START, path="/a")
    store.write([entry(first, leave(first, 4200, 60), user=ADA)], START)
    store.write([entry(view("v2", time=START + HOUR, path="/b"))], START)
    store.write(
        [entry(view("v3", BEN, time=START + MINUTE, path="/c"), user=BOB)], START
    )

    with app.app_context():
        yield unt

    close(app)


def test_a_user_and_when_they_were_last_seen(unt):
    found = unt.reports.user(" Ada@Site.example")
    assert (found.email, found.host_id, found.name) == (ADA.email, "7", "Ada")
    assert (found.visits, found.views, found.verified) == (2, 2, True)
    assert (found.first_seen, found.last_seen) == (AT, AT + timedelta(hours=1))
    assert not found.team and found.columns == {}
    assert unt.reports.last_seen(ADA.email) == AT + timedelta(hours=1)


def test_a_log_is_newest_first_and_may_be_cut(unt):
    pages = unt.reports.log(ADA.email)
    assert [page.path for page in pages] == ["/b", "/a"]
    first = pages[1]
    assert (first.at, first.engaged, first.scroll) == (AT, 4.2, 60)
    assert first.at.tzinfo is not None and first.host == "site.example"
    later = AT + timedelta(minutes=1)
    log = unt.reports.log
    assert [page.path for page in log(ADA.email, since=later)] == ["/b"]
    assert [page.path for page in log(ADA.email, until=later)] == ["/a"]
    assert log(ADA.email, since=AT, until=AT) == ()
    elsewhere = later.astimezone(timezone(timedelta(hours=5)))
    assert log(ADA.email, until=elsewhere) == log(ADA.email, until=later)
    assert len(log(ADA.email, limit=1)) == 1


def test_nobody_is_none(unt):
    reports = unt.reports
    who = "nobody@site.example"
    assert reports.user(who) is reports.log(who) is reports.last_seen(who) is None


def test_what_is_no_email_or_no_instant_is_said(unt):
    with pytest.raises(UNTError, match="no email"):
        unt.reports.user("ada")

    with pytest.raises(ValueError, match="time zone"):
        unt.reports.log(ADA.email, since=datetime(2026, 1, 1))


def test_a_claim_comes_after_a_sign_in(unt):
    store = state_of(unt_app()).store
    store.declare_email(BEN, ADA.email, START)
    store.declare_email(ANN, "typed@site.example", START)
    assert unt.reports.user(ADA.email).verified
    typed = unt.reports.user("typed@site.example")
    assert not typed.verified and (typed.views, typed.last_seen) == (0, None)


def unt_app():
    from flask import current_app

    return current_app._get_current_object()


def test_who_is_merged_is_one(unt):
    store = state_of(unt_app()).store
    ids = {email: store.find_user(email).id for email in (ADA.email, BOB.email)}
    store.merge_users(ids[BOB.email], ids[ADA.email], START, "me")
    assert unt.reports.user(BOB.email) == unt.reports.user(ADA.email)
    assert [p.path for p in unt.reports.log(BOB.email)] == ["/b", "/c", "/a"]


def test_the_teams_own_log_can_be_asked_for(unt):
    store = state_of(unt_app()).store
    store.write([entry(view("v9", BEN), user=BOB, team=True)], START)
    assert unt.reports.user(BOB.email).team
    assert len(unt.reports.log(BOB.email)) == 2


def test_views_are_shown_once_as_they_land(unt):
    store = state_of(unt_app()).store
    ada = store.find_user(ADA.email).id
    start = now()
    everybody = _landing(store, None, start, lambda: False)
    hers = _landing(store, ada, start, lambda: False)

    for number, user in enumerate((ADA, BOB, ADA)):
        at = now()
        visitor = {ADA: ANN, BOB: BEN}[user]
        one = view(f"n{number}", visitor, time=at, path=f"/{number}")
        store.write([entry(one, user=user)], at)

    assert [next(everybody).path for _ in range(3)] == ["/0", "/1", "/2"]
    assert [next(hers).path for _ in range(2)] == ["/0", "/2"]
    at = now()
    store.write([entry(view("n9", time=at, path="/late"))], at)
    assert next(everybody).path == next(hers).path == "/late"


def test_tail_follows_until_it_is_interrupted(sqlite_url, tmp_path, spawn):
    """Quietly: whoever presses Ctrl-C knows why it ended."""
    (tmp_path / "shop.py").write_text(SITE.format(url=sqlite_url))
    app = site(sqlite_url)
    store = state_of(app).store
    store.prepare()
    process = spawn(
        ["flask", "--app", "shop", "unt", "tail", "--json"], folder=tmp_path
    )
    numbers = iter(range(10_000))

    def landed():
        at = now()
        store.write([entry(view(f"t{next(numbers)}", time=at), user=ADA)], at)
        return process.log().strip()

    process.wait_until(landed)
    os.kill(process.pid, signal.SIGINT)
    assert process.wait() == 0
    line = json.loads(process.log().strip().splitlines()[0])
    assert (line["email"], line["path"]) == (ADA.email, "/")
    assert "Traceback" not in process.log() and "Aborted" not in process.log()
    close(app)


def test_tail_of_nobody_says_so(sqlite_url):
    app = site(sqlite_url)
    found = app.test_cli_runner().invoke(args=["unt", "tail", "no@site.example"])
    assert found.exit_code == 1 and "Nobody is known as no@site" in found.output
    close(app)
