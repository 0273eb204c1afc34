"""One person is forgotten, or exported: all of them, and nothing of anybody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait
from pathlib import Path
from typing import Any

import pytest
import world
from click.testing import Result
from flask import Flask
from happenings import ANN
from happenings import BEN
from happenings import DAY
from happenings import HOUR
from happenings import MARK_KEY
from happenings import MINUTE
from happenings import START
from happenings import custom
from happenings import entry
from happenings import leave
from happenings import open_store
from happenings import person
from happenings import rows
from happenings import view
from tracked import close
from tracked import now
from tracked import settle
from tracked import site
from tracked import state_of

from flask_unt import UNT
from flask_unt.errors import UNTError
from flask_unt.errors import VisitorForgotten
from flask_unt.events import Entry
from flask_unt.events import Event
from flask_unt.events import Identity
from flask_unt.events import event_payload
from flask_unt.events import make_tracked
from flask_unt.events import mark_of
from flask_unt.state import forget_email
from flask_unt.store import Store
from flask_unt.store import people
from flask_unt.store import schema
from flask_unt.store.links import Seen
from flask_unt.store.write import write_entries

NOW = START + DAY
CAT = "33333333-3333-4333-8333-333333333333"
ADA, BOB = person("ada@site.example"), person("bob@site.example")
WORDS = ("ada@", "Ada", "/ada")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as store:
        store.prepare()
        yield store


def of_ada(visitor: str = ANN, start: int = START) -> list[Entry]:
    """Some of all that a signed-in user can leave behind."""
    mark = mark_of(MARK_KEY, visitor, ADA)
    first = view(f"a{start}", visitor, start, path="/ada/1", mark=mark)
    second = view(f"b{start}", visitor, start + MINUTE, path="/ada/2", mark=mark)
    props = {"view_key": first.key, "props": '{"n": "Ada"}', "mark": mark}
    events = (first, second, leave(first), custom(f"c{start}", visitor, start, **props))

    return [entry(event, user=ADA) for event in events]


def tracked(user: Identity) -> Event:
    return make_tracked("buy", None, id="t", now=START, user=user)


def of_bob(visitor: str, start: int) -> list[Entry]:
    mark = mark_of(MARK_KEY, visitor, BOB)
    first = view(f"x{start}", visitor, start, path="/bob/1", mark=mark)
    second = view(f"y{start}", visitor, start + MINUTE, path="/bob/2", mark=mark)
    bought = custom(f"z{start}", visitor, start, name="buy", mark=mark)
    events = (first, second, bought)

    return [entry(event, user=BOB) for event in events]


def sum_up(store: Store) -> None:
    while store.recompute_marks(9, NOW):
        pass


def places(store: Store, *needles: str) -> set[str]:
    """The tables that have a row in which one of these can be read."""
    return {
        table.name
        for table in schema.metadata.sorted_tables
        for row in rows(store, table)
        if any(needle in str(value) for value in row for needle in needles)
    }


def assert_nobody_is_missing(store: Store) -> None:
    """Whoever a row names as its user is there."""
    users = {row.id for row in rows(store, schema.user)} | {None}

    for table in (schema.page_view, schema.event, schema.visit, schema.link):
        assert {row.user_id for row in rows(store, table)} <= users, table

    for row in rows(store, schema.visitor):
        assert {row.user_id, row.owner_id, row.signed_in_id} <= users


@pytest.mark.parametrize("forgets", ["email", "visitor"])
def test_a_write_that_is_under_way_on_another_browser_leaves_nobody_behind(
    store: Store, forgets: str
) -> None:
    """It has found the user, and its own rows are not to be seen yet."""
    store.write(of_ada(ANN), NOW)

    with ThreadPoolExecutor(1) as threads:
        with store._database.writing() as connection:
            write_entries(connection, of_ada(CAT), store._rules(), NOW)
            forget = store.forget_email if forgets == "email" else store.forget_visitor
            other = threads.submit(forget, ADA.email if forgets == "email" else ANN, 1)
            wait([other], timeout=1)

        other.result()

    assert_nobody_is_missing(store)
    assert len(rows(store, schema.page_view)) == (0 if forgets == "email" else 2)


def test_an_address_that_is_typed_just_now_is_forgotten_whole(store: Store) -> None:
    store.declare_email(ANN, "ada@site.example", NOW)

    with ThreadPoolExecutor(1) as threads:
        with store._database.writing() as connection:
            user_id = people.meet_declared(connection, "ada@site.example", NOW)
            met = people.meet_visitors(connection, {BEN: Seen(NOW, NOW)})
            people.declare(connection, met[BEN].id, user_id, NOW)
            other = threads.submit(store.forget_email, "ada@site.example", NOW)
            wait([other], timeout=1)

        other.result()

    assert_nobody_is_missing(store)
    assert rows(store, schema.user) == rows(store, schema.link) == []


def test_an_address_goes_with_all_its_browsers(store: Store) -> None:
    """Declared and verified alike."""
    store.write([*of_ada(ANN), *of_ada(BEN, START + HOUR), *of_bob(CAT, START)], NOW)
    store.declare_email(BEN, "ada@site.example", NOW)
    aside = entry(view("odd", CAT), user=ADA)
    store.set_aside([event_payload(aside.events[0], aside)], "odd", NOW)
    sum_up(store)
    forgotten = store.forget_email("ada@site.example", NOW)

    assert forgotten is not None
    assert set(forgotten.visitors) == {ANN, BEN}
    assert (forgotten.shared, forgotten.users) == (0, 2)
    sum_up(store)
    assert places(store, *WORDS, ANN, BEN) == {"unt_page"}
    found, expected = world.found(store), world.expected(of_bob(CAT, START))
    assert {n: found[n] == expected[n] for n in expected} == dict.fromkeys(
        expected, True
    )
    assert store.forget_email("ada@site.example", NOW) is None

    with pytest.raises(VisitorForgotten):
        store.declare_email(ANN, "ada@site.example", NOW)


def test_what_was_set_aside_of_an_account_without_address_goes(store: Store) -> None:
    """And nothing that only has the same digits somewhere."""
    account = person(None, "7", "Ada")
    store.write([entry(view(), user=account)], NOW)
    others = [
        entry(view("b", BEN, title='"7"'), user=BOB),
        entry(view("c", BEN), user=person("77@site.example", "77", "7")),
    ]
    theirs = [
        entry(view("d", BEN), user=account),
        Entry(START, "", None, False, None, (tracked(account),)),
    ]

    for one in (*others, *theirs):
        store.set_aside([event_payload(one.events[0], one)], "odd", NOW)

    unread = '[9,1,"",null,false,{},"x"]'
    texts = [unread.format('["","7",""]'), unread.format('["7","8","Bob"]')]
    store.set_aside(texts, "odd", NOW)
    (known,) = rows(store, schema.user)
    found = store.export_user(known.id)
    assert found is not None and len(found["unt_set_aside"]) == 3

    store.forget_user(known.id, NOW)
    left = {row.payload for row in rows(store, schema.set_aside)}
    assert left == {*(event_payload(o.events[0], o) for o in others), texts[1]}


def test_on_a_shared_browser_no_figure_names_them_any_more(store: Store) -> None:
    store.write([*of_ada(), *of_bob(ANN, START + HOUR)], NOW)
    store.recompute_figures()
    ada = next(row.id for row in rows(store, schema.user) if row.email == ADA.email)
    store.forget_email("ada@site.example", NOW)

    named = {
        table.name
        for table in schema.metadata.sorted_tables
        for column in table.c
        if column.name in ("user_id", "whose_id", "owner_id", "impersonator_id")
        and any(getattr(row, column.name) == ada for row in rows(store, table))
    }
    assert named == set()


def test_on_a_shared_browser_only_their_own_rows_go(store: Store) -> None:
    """What is left is as if they had never signed in there."""
    bob = of_bob(ANN, START + 5 * HOUR)
    between = of_ada(ANN, START + 5 * HOUR + 10 * MINUTE)
    more = of_bob(ANN, START + 5 * HOUR + 20 * MINUTE)
    store.write([*bob, *between, *more], NOW)
    sum_up(store)
    forgotten = store.forget_email("ada@site.example", NOW)

    assert forgotten is not None
    assert (forgotten.visitors, forgotten.shared) == ((), 1)
    sum_up(store)
    assert places(store, *WORDS) == {"unt_page"}
    found, expected = world.found(store), world.expected([*bob, *more])
    assert {n: found[n] == expected[n] for n in expected} == dict.fromkeys(
        expected, True
    )
    assert [row.person for row in rows(store, schema.forgotten)] == [True]


def test_anonymous_views_of_a_shared_browser_are_the_first_users(store: Store) -> None:
    anonymous = entry(view("anon", ANN, START - HOUR, path="/before"))
    store.write([anonymous, *of_ada(), *of_bob(ANN, START + 2 * HOUR)], NOW)
    store.forget_email("bob@site.example", START + 3 * HOUR)
    assert len(rows(store, schema.page_view)) == 3

    store.write(of_bob(ANN, START + 4 * HOUR), NOW)
    store.forget_email("ada@site.example", NOW)
    assert len(rows(store, schema.page_view)) == 2
    left = rows(store, schema.visitor)[0]
    assert left.owner_id == left.user_id == rows(store, schema.user)[0].id


def test_a_claim_on_somebodys_browser_takes_nothing_of_theirs(store: Store) -> None:
    store.write(of_bob(ANN, START), NOW)
    store.declare_email(ANN, "ada@site.example", NOW)
    store.forget_email("ada@site.example", NOW)

    assert len(rows(store, schema.page_view)) == 2
    assert [row.email for row in rows(store, schema.user)] == ["bob@site.example"]
    assert len(rows(store, schema.link)) == 1


def test_a_browser_of_claims_alone_goes_as_a_whole(store: Store) -> None:
    """Somebody else who only typed an address there is no reason to keep it."""
    store.write([entry(view("v", ANN))], NOW)
    store.declare_email(ANN, "ada@site.example", NOW)
    store.declare_email(ANN, "eve@site.example", NOW + 1)
    store.forget_email("ada@site.example", NOW)

    assert rows(store, schema.page_view) == rows(store, schema.user) == []


def test_other_ids_of_a_shared_browser_lose_the_user_too(store: Store) -> None:
    store.write([*of_ada(ANN), *of_bob(ANN, START + 3 * HOUR)], NOW)
    store.write([entry(view("n", BEN, START + 4 * HOUR), cookie=ANN)], NOW)
    store.forget_email("ada@site.example", NOW)
    bob = rows(store, schema.user)[0].id

    assert {row.user_id for row in rows(store, schema.link)} == {bob}
    assert {row.owner_id for row in rows(store, schema.visitor)} == {bob}


# -- export -------------------------------------------------------------


def ids(found: dict[str, Any], name: str) -> set[str]:
    return {row["id"] for row in found[name]}


def test_an_export_has_all_and_only_their_rows(store: Store) -> None:
    """Of both identities, on own and on shared browsers."""
    store.write([*of_ada(BEN, START + HOUR), *of_ada(ANN)], NOW)
    store.write(of_bob(ANN, START + 3 * HOUR), NOW)
    store.write([entry(leave(view("lost", BEN)), user=ADA)], NOW)
    store.declare_email(BEN, "ada@site.example", NOW)
    aside = entry(view("odd", BEN), user=ADA)
    store.set_aside([event_payload(aside.events[0], aside), "{}"], "odd", NOW)
    sum_up(store)
    ada, bob = store.export_email("ada@site.example"), store.export_email(BOB.email)
    assert ada is not None
    assert bob is not None

    for name in ("unt_page_view", "unt_visit", "unt_event", "unt_user", "unt_link"):
        table = schema.metadata.tables[name]
        stored = {_plain(row.id) for row in rows(store, table)}
        assert ids(ada, name) | ids(bob, name) == stored, name
        assert ids(ada, name) & ids(bob, name) == set(), name

    assert len(ada["unt_user"]) == 2
    assert len(ada["unt_page_view"]) == 4
    assert len(ada["unt_leave"]) == len(ada["unt_visitor_day"]) == 1
    assert len(ada["unt_set_aside"]) == 1
    assert ada["unt_set_aside"][0]["payload"]["user"]["email"] == ADA.email
    assert bob["unt_set_aside"] == bob["unt_leave"] == []
    assert "bob" not in json.dumps(ada)
    assert "ada" not in json.dumps(bob)
    text = json.dumps(ada).replace("-", "")
    assert ANN.replace("-", "") not in text
    assert BEN.replace("-", "") not in text
    first = ada["unt_page_view"][0]
    assert first["local_time"] == "2026-09-21T14:13:20.000Z"
    assert (first["host"], first["path"]) == ("site.example", "/ada/1")


def test_an_export_has_what_was_set_aside_of_this_address_alone(store: Store) -> None:
    for name in ("ann", "joann", "jürgen"):
        of = entry(view(name, BEN), user=person(f"{name}@site.example"))
        store.write([of], NOW)
        store.set_aside([event_payload(of.events[0], of)], "odd", NOW)

    for name in ("ann", "jürgen"):
        found = store.export_email(f"{name}@site.example")
        assert found is not None
        emails = [row["payload"]["user"]["email"] for row in found["unt_set_aside"]]
        assert emails == [f"{name}@site.example"]


def test_what_was_set_aside_of_another_on_the_same_browser_is_not_exported(
    store: Store,
) -> None:
    store.write(of_ada(BEN), NOW)
    refused = entry(view("odd", BEN), user=BOB)
    store.set_aside([event_payload(refused.events[0], refused)], "odd", NOW)
    ada, browser = store.export_email(ADA.email or ""), store.export_visitor(BEN)

    assert "bob" not in json.dumps([ada, browser])


def _plain(id: Any) -> Any:
    return id.hex() if isinstance(id, bytes) else id


# Made from rows that are exported, and again when those change.
SUMS = {
    *("unt_user_figures", "unt_visitor_figures"),
    *("unt_page_visitor", "unt_event_visitor"),
}


def test_every_table_with_rows_of_people_is_exported(store: Store) -> None:
    store.write(of_ada(), NOW)
    found = store.export_visitor(ANN)
    assert found is not None
    personal = {
        table.name
        for table in schema.metadata.sorted_tables
        if {"visitor_id", "user_id", "email", "payload"} & set(table.c.keys())
    }

    assert personal - SUMS <= set(found)


def test_a_visitor_is_exported_without_other_peoples_addresses(store: Store) -> None:
    store.write([*of_ada(), *of_bob(ANN, START + 3 * HOUR), *of_bob(BEN, START)], NOW)
    shared, own = store.export_visitor(ANN), store.export_visitor(BEN)
    assert shared is not None
    assert own is not None

    assert shared["unt_user"] == []
    assert len(shared["unt_page_view"]) == 4
    assert [row["email"] for row in own["unt_user"]] == [BOB.email]
    assert store.export_visitor(CAT) is None


# -- the commands -------------------------------------------------------


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    app = site(f"sqlite:///{tmp_path}/unt.db")
    state_of(app).store.write(of_ada(), NOW)
    yield app
    close(app)


def command(app: Flask, *words: str, input: str = "") -> Result:
    result = app.test_cli_runner().invoke(args=["unt", *words], input=input)
    assert result.exception is None or isinstance(result.exception, SystemExit)

    return result


def test_forget_asks_first(app: Flask) -> None:
    asked = command(app, "forget", " Ada@Site.Example ", input="n\n")
    assert asked.exit_code == 1
    assert "1 browsers" in asked.output
    assert len(rows(state_of(app).store, schema.page_view)) == 2

    done = command(app, "forget", "ada@site.example", "--yes")
    assert "ada@site.example is forgotten" in done.output
    assert rows(state_of(app).store, schema.page_view) == []


def test_forget_whom_nobody_knows_yet(app: Flask) -> None:
    """What waits of them is dropped."""
    store = state_of(app).store
    done = command(app, "forget", "bob@site.example", input="y\n")
    assert "is dropped" in done.output
    assert store.write([entry(view(visitor=BEN), user=BOB)], NOW).forgotten == 1


def test_forget_a_visitor(app: Flask) -> None:
    done = command(app, "forget", ANN, "--yes")

    assert done.output == "The visitor is forgotten.\n"
    assert rows(state_of(app).store, schema.user) == []


@pytest.mark.parametrize("name", ["forget", "export"])
def test_who_is_nobody_is_said(app: Flask, name: str) -> None:
    yes = ["--yes"] if name == "forget" else []

    said = command(app, name, "x@site.example", *yes)
    assert "Nobody is known" in said.output
    assert said.exit_code == command(app, name, "x@site.example").exit_code == 1
    assert "Give an email address" in command(app, name, "nonsense").output


def test_export_prints_json(app: Flask) -> None:
    for who in (ANN, "ada@site.example"):
        found = json.loads(command(app, "export", who).stdout)
        assert len(found["unt_page_view"]) == 2


def test_the_extension_does_it_too(sqlite_url: str) -> None:
    unt = UNT()
    app = site(sqlite_url, unt)
    state_of(app).store.write(of_ada(), NOW)

    with app.app_context():
        found = unt.export("ada@site.example")
        assert found == unt.export(ANN)
        assert unt.forget("ada@site.example")
        assert not unt.forget("ada@site.example")
        assert unt.export("ada@site.example") is unt.export(CAT) is None
        assert unt.forget(CAT)

        with pytest.raises(UNTError, match="Give an email address"):
            unt.export("nonsense")

    close(app)


def test_what_waits_in_redis_of_an_address_makes_nobody(
    sqlite_url: str, redis_url: str
) -> None:
    """Forgotten before anything of them was written; what comes then is theirs."""
    unt = UNT()
    app = site(sqlite_url, unt, UNT_REDIS_URL=redis_url)

    with app.app_context():
        unt.track("before", user="ada@site.example")
        assert unt.forget("ada@site.example") is False
        forgotten_at = now()

        # Until then it is the same millisecond.
        while now() <= forgotten_at:
            pass

        unt.track("after", user="ada@site.example")

    settle(app)
    state = state_of(app)
    assert [row.name for row in rows(state.store, schema.event)] == ["after"]
    assert state.counts.read().forgotten == 1
    close(app)


def test_redis_refuses_who_was_forgotten_by_address(
    sqlite_url: str, redis_url: str
) -> None:
    app = site(sqlite_url, UNT_REDIS_URL=redis_url)
    state = state_of(app)
    state.store.write(of_ada(), NOW)
    forget_email(state, "ada@site.example", NOW)

    with pytest.raises(VisitorForgotten):
        state.stream.add(b"entry", visitors=[ANN])

    close(app)
