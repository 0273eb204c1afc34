"""The site's own team, and who acts as somebody else, are kept out of every figure."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

import flask_login
import pytest
import sqlalchemy as sa
from flask import session
from flask_login import LoginManager
from flask_login import UserMixin
from happenings import ANN
from happenings import BEN
from happenings import HOUR
from happenings import MINUTE
from happenings import START
from happenings import entry
from happenings import open_store
from happenings import person
from happenings import rows
from happenings import view
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from recount import Rows
from test_reports import check_overview
from tracked import HERE
from tracked import PREFIX
from tracked import bare_app
from tracked import batch
from tracked import close
from tracked import rows as rows_of
from tracked import site
from tracked import state_of
from tracked import view as sent_view

from flask_unt import UNT
from flask_unt.store import schema
from flask_unt.store.reports import PeopleFilter

NOW = START + 10 * HOUR
PERIOD = {"since": START - 3 * HOUR, "until": NOW, "now": NOW}
ADA, BOB = person("ada@site.example", "1"), person("bob@site.example", "2")
BOSS = person("boss@site.example", "9")
CAT = "33333333-3333-4333-8333-333333333333"


@pytest.fixture
def store(database_url):
    with open_store(database_url) as store:
        store.prepare()
        yield store


def write(store, *views, visitor=ANN, **more):
    """Views at these minutes after START, one entry each."""
    store.write(
        [entry(view(f"v{at}", visitor, START + at * MINUTE), **more) for at in views],
        NOW,
    )


def team_minutes(store):
    found = rows(store, schema.page_view)
    return sorted((r.local_time - START) // MINUTE for r in found if r.team)


def team_visits(store):
    return sum(row.team for row in rows(store, schema.visit))


def listed(store):
    return {row.email for row in store.users(now=NOW).rows}


def check(store):
    """What is written down, rollups and reports, with and without the team."""
    url = store._database.url
    wanted = Rows(url)

    for table, named in (
        (schema.page_view, wanted.page_view),
        (schema.visit, wanted.visit),
    ):
        assert {r.id: r.team for r in rows(store, table)} == {
            id: row.team for id, row in named.items()
        }

    for team in (False, True):
        recounted = Rows(url, team=team)

        for since in (PERIOD["since"], START + 7 * MINUTE):
            found = store.overview(since=since, until=NOW, now=NOW, team=team)
            if recounted.views:
                check_overview(found, recounted, since, NOW)
            else:
                assert found.views == found.visitors == found.visits == 0

            left_out = recounted.team_views(since, NOW)
            assert found.not_counted_team == left_out

        share = store.page_share(team=team)
        assert share.total == len(recounted.views)
        some = store.page_share(since=START + MINUTE, until=NOW, team=team)
        assert some.total == sum(
            r.local_time >= START + MINUTE for r in recounted.views
        )


def test_views_before_and_after_follow_whoever_is_of_the_team(store):
    write(store, 0, 40)
    write(store, 80, user=ADA)
    check(store)
    write(store, 120, user=ADA, team=True)
    assert team_minutes(store) == [0, 40, 80, 120] and team_visits(store) == 4
    assert listed(store) == set()
    check(store)
    write(store, 160)
    write(store, 0, visitor=BEN)
    assert team_minutes(store) == [0, 40, 80, 120, 160]
    check(store)
    write(store, 200, user=ADA)
    assert len(team_minutes(store)) == 6, "not known is not changed"
    write(store, 240, user=ADA, team=False)
    assert team_minutes(store) == [] and team_visits(store) == 0
    assert listed(store) == {ADA.email}
    check(store)


def test_a_visit_of_two_people_is_the_teams_only_if_both_are(store):
    """What Ada did before the boss signed in on her browser is hers, and counts."""
    write(store, 0, user=ADA)
    write(store, 40, 41)
    write(store, 42, user=BOSS, team=True)
    assert team_minutes(store) == [42] and team_visits(store) == 0
    check(store)
    (ada,) = [r for r in store.users(now=NOW).rows if r.email == ADA.email]
    assert ada.views == 3
    write(store, 43, user=BOSS, team=True)
    write(store, 80, user=BOSS, team=True)
    assert team_visits(store) == 1
    check(store)


def test_a_browser_that_gets_another_owner_follows(store):
    """A sign-in that comes late was before the one that is known."""
    write(store, 0, visitor=BEN, user=BOSS, team=True)
    write(store, 1)
    write(store, 40, user=ADA)
    assert team_minutes(store) == [0]
    write(store, 30, user=BOSS)
    assert team_minutes(store) == [0, 1, 30]
    check(store)


def test_who_is_merged_with_one_of_the_team_is_of_it(store):
    write(store, 0, user=ADA)
    write(store, 0, visitor=BEN, user=BOSS, team=True)
    ids = {row.email: row.id for row in rows(store, schema.user)}
    store.merge_users(ids[BOSS.email], ids[ADA.email], NOW, "me")
    assert len(team_minutes(store)) == 2 and listed(store) == set()
    check(store)
    store.take_back_merge(ids[BOSS.email])
    assert len(team_minutes(store)) == 1 and listed(store) == {ADA.email}
    check(store)


def test_somebody_who_acts_as_another_leaves_no_trace_on_them(store):
    write(store, 0, 1)
    write(store, 40, 41, user=ADA, impersonator=BOSS)
    views = rows(store, schema.page_view)
    ids = {row.email: row.id for row in rows(store, schema.user)}
    assert list(ids) == [BOSS.email]
    assert rows(store, schema.link) == []
    assert [r.owner_id for r in rows(store, schema.visitor)] == [None]
    acted = {(r.user_id, r.impersonator_id) for r in views if r.team}
    assert acted == {(ids[BOSS.email], ids[BOSS.email])}
    assert team_minutes(store) == [40, 41]
    check(store)


def test_acting_does_not_enter_a_log_or_a_last_access(store):
    write(store, 0, user=ADA)
    write(store, 60, 61, visitor=BEN, user=ADA, impersonator=BOSS)
    (ada,) = [r for r in store.users(now=NOW).rows if r.email == ADA.email]
    assert (ada.views, ada.last_access) == (1, START)
    log = store.navigation_log(ada.id)
    assert [v.id for visit in log.visits for v in visit.views] != []
    assert sum(len(visit.views) for visit in log.visits) == 1
    check(store)


def test_who_only_acts_is_in_no_list_until_they_are_here_themselves(store):
    """They need not be of the team."""
    write(store, 0, user=ADA)
    write(store, 60, visitor=BEN, user=ADA, impersonator=BOB)
    assert listed(store) == {ADA.email}
    assert store.live(now=START + 61 * MINUTE).total == 0
    everybody = PeopleFilter(team=True)
    team = {row.email for row in store.users(now=NOW, wanted=everybody).rows}
    assert team == {ADA.email, BOB.email}
    ids = {row.email: row.id for row in rows(store, schema.user)}
    assert store.user(ids[BOB.email], now=NOW).views == 1

    write(store, 90, visitor=CAT, user=BOB)
    assert listed(store) == {ADA.email, BOB.email}


def test_who_saw_a_page_and_became_known_were_not_of_the_team(store):
    write(store, 0, visitor=BEN)
    write(store, 40, 41, user=BOSS, team=True)
    write(store, 80, visitor=CAT, user=ADA, impersonator=BOB)
    (page,) = rows(store, schema.page)
    detail = store.page_detail(page.id, **PERIOD)
    assert (detail.views, detail.people, detail.anonymous) == (1, 0, 1)
    assert (detail.who, detail.ways.visits) == ((), 1)
    whole = store.page_detail(page.id, **PERIOD, team=True)
    assert (whole.views, whole.people, whole.anonymous) == (4, 1, 1)
    assert [person.email for person in whole.who] == [BOSS.email]
    later = {"since": START, "until": NOW + HOUR}
    assert store.became_known(**later).people == 0
    assert store.became_known(**later, team=True).people == 1


def test_forgetting_who_acted_leaves_nothing_of_them(store):
    write(store, 0)
    write(store, 60, user=ADA, impersonator=BOSS)
    store.forget_email(BOSS.email, NOW)
    assert [r.local_time for r in rows(store, schema.page_view)] == [START]
    assert len(rows(store, schema.visitor)) == 1
    check(store)


def test_a_view_that_is_written_meanwhile_is_not_missed(store):
    """Whichever of the two is committed first."""
    write(store, 0, user=BOSS, team=True)

    with ThreadPoolExecutor(2) as pool:
        for number in range(1, 13):
            jobs = [
                pool.submit(write, store, number, user=BOSS, team=number % 2 == 0),
                pool.submit(write, store, number, visitor=BEN, user=BOSS),
            ]

            for job in jobs:
                job.result()

            (boss,) = rows(store, schema.user)
            flags = {row.team for row in rows(store, schema.page_view)}
            assert flags == {boss.team} == {number % 2 == 0}

    check(store)


STEPS = st.lists(
    st.tuples(
        st.integers(0, 12).map(lambda n: n * 17),
        st.sampled_from([ANN, BEN]),
        st.sampled_from([None, ADA, BOB, BOSS]),
        st.sampled_from([None, True, False]),
        st.sampled_from([None, None, None, BOSS]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25)
@given(STEPS)
def test_whatever_comes_in_whatever_order_equals_a_recount(steps):
    with open_store("sqlite://") as store:
        for number, (at, visitor, user, team, actor) in enumerate(steps):
            one = view(f"v{number}", visitor, START + at * MINUTE)
            more = {"impersonator": actor} if user else {}
            store.write(
                [entry(one, user=user, team=team if user else None, **more)], NOW
            )

        check_in_memory(store)


def check_in_memory(store):
    with store._database.reading() as connection:
        found = {
            name: [row._asdict() for row in connection.execute(sa.select(table))]
            for name, table in (
                ("page_view", schema.page_view),
                ("visit", schema.visit),
                ("visitor", schema.visitor),
                ("user", schema.user),
            )
        }

    team = {row["id"] for row in found["user"] if row["team"]}
    owner = {row["id"]: row["owner_id"] for row in found["visitor"]}
    others = set()

    for row in found["page_view"]:
        whose = row["user_id"] or owner[row["visitor_id"]]
        is_team = whose in team or row["impersonator_id"] is not None
        assert row["team"] == is_team
        others |= set() if is_team else {row["visit_id"]}

    for row in found["visit"]:
        assert row["team"] == (row["id"] not in others)

    counted = sum(not row["team"] for row in found["page_view"])
    overview = store.overview(**PERIOD)
    assert overview.views == counted
    assert overview.visits == len(others)
    everybody = store.overview(**PERIOD, team=True)
    assert everybody.views == len(found["page_view"])
    assert everybody.visits == len(found["visit"])


class Staff(UserMixin):
    id, email = 9, BOSS.email

    def __init__(self, is_admin):
        self.is_admin = is_admin


def flags_of(app, client=None):
    """Send a view with this client; the users' team flags."""
    client = client or app.test_client()
    client.post(f"{PREFIX}/e", json=batch(sent_view()), headers=HERE)
    return rows_of(app, "SELECT email, team FROM unt_user ORDER BY email")


@pytest.mark.parametrize(
    ("is_admin", "is_team"),
    [(True, 1), (False, 0), (lambda: False, 0), (lambda: True, 1)],
)
def test_a_flask_login_admin_is_of_the_team(sqlite_url, is_admin, is_team):
    app = bare_app(UNT_DATABASE_URL=sqlite_url)
    LoginManager(app).user_loader(lambda _: Staff(is_admin))
    app.get("/in")(lambda: str(flask_login.login_user(Staff(is_admin))))
    UNT(app)
    client = app.test_client()
    client.get("/in")
    assert flags_of(app, client) == [(BOSS.email, is_team)]
    close(app)


def signed_in(sqlite_url, **checks):
    unt = UNT(identify=lambda: BOB.email, **checks)
    app = site(sqlite_url, unt)
    state_of(app).store.prepare()
    return app


def test_the_site_says_who_is_of_the_team(sqlite_url):
    """In the request that brings the batch, as identify is asked."""
    app = signed_in(sqlite_url, is_team=lambda: session.get("staff"))
    client = app.test_client()
    assert flags_of(app, client) == [(BOB.email, 0)]

    with client.session_transaction() as kept:
        kept["staff"] = True

    assert flags_of(app, client) == [(BOB.email, 1)]
    assert rows_of(app, "SELECT count(*) FROM unt_page_view WHERE team") == [(2,)]
    close(app)


def test_an_error_of_is_team_changes_nothing_and_is_told(sqlite_url, caplog):
    answers = [True, ZeroDivisionError("no staff")]

    def is_team():
        answer = answers.pop(0)

        if isinstance(answer, Exception):
            raise answer

        return answer

    app = signed_in(sqlite_url, is_team=is_team)
    assert flags_of(app) == flags_of(app) == [(BOB.email, 1)]
    assert "no staff" in state_of(app).noticed.identity_error
    errors = [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert len(errors) == 1
    close(app)


@pytest.mark.parametrize("answer", [BOSS.email, {"email": BOSS.email, "id": 9}])
def test_the_site_says_who_acts_as_the_user(sqlite_url, answer):
    """It is neither the user's nor, by is_team, anybody's flag."""
    app = signed_in(sqlite_url, impersonator=lambda: answer, is_team=lambda: True)
    assert flags_of(app) == [(BOSS.email, 0)]
    sees = "SELECT team, impersonator_id = user_id FROM unt_page_view"
    assert rows_of(app, sees) == [(1, 1)]
    assert rows_of(app, "SELECT * FROM unt_link") == []
    close(app)


def test_without_knowing_who_acts_a_view_is_nobodys(sqlite_url):
    app = signed_in(sqlite_url, impersonator=lambda: 1 / 0)
    assert flags_of(app) == []
    assert "division" in state_of(app).noticed.identity_error
    close(app)


def test_a_view_made_as_somebody_else_stays_so_when_it_comes_late(sqlite_url):
    """By its mark: the user whom they acted as is the one who is signed in then."""
    acting = [BOSS.email]
    app = signed_in(sqlite_url, impersonator=lambda: acting[0])
    client = app.test_client()
    send = lambda **mark: client.post(  # noqa: E731
        f"{PREFIX}/e", json=batch(sent_view(**mark)), headers=HERE
    ).get_json()["as"]
    as_boss = send()
    acting[0] = None
    as_bob = send()
    assert as_boss and as_bob and as_boss != as_bob
    acting[0] = BOSS.email
    send(**{"as": as_bob})
    found = rows_of(
        app,
        "SELECT email, v.team, impersonator_id IS NOT NULL FROM unt_page_view v"
        " LEFT JOIN unt_user u ON u.id = v.user_id ORDER BY local_time, v.id",
    )
    assert sorted(found[:1]) == [(BOSS.email, 1, 1)]
    assert (BOB.email, 0, 0) in found
    acting[0] = None
    send(**{"as": as_boss})
    close(app)


def test_a_view_without_a_visitor_names_nobody_of_the_team(store):
    write(store, 0, visitor=None, user=BOSS, team=True)
    assert team_minutes(store) == [] and rows(store, schema.user) == []
