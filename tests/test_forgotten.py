"""What was received of somebody before they were forgotten is not stored any more."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait
from typing import Any

import pytest
from happenings import ANN
from happenings import BEN
from happenings import DAY
from happenings import MARK_KEY
from happenings import MINUTE
from happenings import START
from happenings import custom
from happenings import entry
from happenings import leave
from happenings import only
from happenings import open_store
from happenings import person
from happenings import rows
from happenings import view

from flask_unt.events import Entry
from flask_unt.events import Identity
from flask_unt.events import Proof
from flask_unt.events import acting_mark_of
from flask_unt.events import event_payload
from flask_unt.events import make_tracked
from flask_unt.events import mark_of
from flask_unt.events import stored_key
from flask_unt.store import Store
from flask_unt.store import StoreSettings
from flask_unt.store import Written
from flask_unt.store import schema
from flask_unt.store.links import Seen
from flask_unt.store.people import meet_visitors
from flask_unt.store.write import write_entries

NOW = START + DAY
ADA, BOB = person("ada@site.example", "7"), person("bob@site.example")
NOBODYS = (schema.user, schema.visitor, schema.page_view, schema.event, schema.leave)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as store:
        store.prepare()
        yield store


def tracked(user: Identity, visitor: str | None = None) -> Entry:
    event = make_tracked("buy", None, id="t", now=START, visitor=visitor, user=user)

    return Entry(START, "", None, False, None, (event,))


def proof(user: Identity) -> Proof:
    key = stored_key(ANN, "p", START)

    return Proof(key, "p", ANN, START, user.email, user.id)


def marked(id: str, user: Identity | None) -> Any:
    return view(id, mark=mark_of(MARK_KEY, ANN, user))


def stored(store: Store) -> dict[str, int]:
    found = {table.name: len(rows(store, table)) for table in NOBODYS}

    return {name: count for name, count in found.items() if count}


@pytest.mark.parametrize(
    "waiting",
    [
        entry(view(), leave(view()), custom(), user=ADA),
        entry(view(), user=person("ada@site.example")),
        tracked(ADA),
        tracked(person("ada@site.example"), ANN),
        entry(proof(ADA), view(), leave(view())),
        entry(view(), user=BOB, impersonator=ADA, asked=True),
        entry(view(mark=acting_mark_of(MARK_KEY, ANN, ADA)), user=ADA, asked=True),
    ],
)
def test_what_waits_makes_nobody_anew(store: Store, waiting: Entry) -> None:
    """Also of a browser that nobody knows yet, and of who is not known either."""
    assert store.forget_email("ada@site.example", NOW) is None
    written = store.write([waiting], NOW)

    assert written == Written(0, 0, len(waiting.events))
    assert stored(store) == {}


def test_an_account_is_known_by_its_id_alone(store: Store) -> None:
    store.write([entry(view("v0", BEN), user=ADA)], NOW)
    store.forget_email("ada@site.example", NOW)

    assert store.write([tracked(person(None, "7"))], NOW).forgotten == 1
    assert store.write([tracked(person("ada@other.example", "7"))], NOW).forgotten == 1
    assert store.write([tracked(person(None, "77"))], NOW).forgotten == 0


def test_who_comes_back_is_stored(store: Store) -> None:
    """However often they were forgotten, what came since is theirs."""
    for moment in (NOW, NOW - MINUTE):
        store.forget_email("ada@site.example", moment)

    back = entry(view(time=NOW), user=ADA, received=NOW + 1)
    assert store.write([entry(view("v0"), user=ADA), back], NOW) == Written(1, 0, 1)
    assert only(store, schema.user).email == ADA.email
    assert only(store, schema.visitor).first_seen == NOW


def test_of_the_same_entry_others_events_stay(store: Store) -> None:
    """A mark says whose they are; the visitor is nobody's for all that is known."""
    other = marked("bob", BOB)
    store.forget_email("ada@site.example", NOW)
    mixed = entry(marked("ada", ADA), marked("before", None), view("v"), other)
    ours = entry(*mixed.events, tracked(BOB).events[0], user=ADA, asked=True)

    assert store.write([ours], NOW) == Written(2, 0, 3)
    assert only(store, schema.page_view).id == other.key
    assert only(store, schema.user).email == BOB.email
    assert rows(store, schema.link) == []


def test_a_set_aside_event_of_theirs_is_dropped_when_it_is_put_back(
    store: Store,
) -> None:
    """One that was set aside after they were forgotten, by a slow worker."""
    store.forget_email("ada@site.example", NOW)
    waiting = entry(view(), user=ADA)
    store.set_aside([event_payload(view(), waiting)], "odd", NOW)
    (id,) = store.set_aside_ids()

    replayed = store.replay(id, NOW)
    assert replayed is not None and replayed.forgotten == 1
    assert stored(store) == {}


def test_only_a_hash_under_the_sites_own_key_is_kept(database_url: str) -> None:
    """One that was made with an older key is still known; visitors' are told alone."""
    settings = StoreSettings()

    for keys in ((b"old",), (b"new", b"old")):
        store = Store(database_url, settings, mark_keys=keys)
        store.forget_email("ada@site.example", NOW) if keys == (b"old",) else None
        assert store.write([tracked(ADA)], NOW).forgotten == 1
        assert list(store.forgotten_hashes()) == []
        store.dispose()

    other = Store(database_url, settings, mark_keys=(b"other",))
    assert other.write([tracked(ADA)], NOW).forgotten == 0
    other.dispose()


def test_a_write_that_has_begun_makes_nobody_anew(store: Store) -> None:
    """It looked before they were forgotten, and nobody else sees its user yet."""
    with ThreadPoolExecutor(1) as threads:
        with store._database.writing() as connection:
            write_entries(connection, [tracked(ADA)], store._rules(), NOW)
            other = threads.submit(store.forget_email, "ada@site.example", NOW)
            wait([other], timeout=1)

        other.result()

    assert stored(store) == {}


def test_a_write_looks_again_before_it_makes_somebody(store: Store) -> None:
    """They are forgotten while it waits for the visitor, after its first look."""
    store.write([entry(view())], START)

    with ThreadPoolExecutor(1) as threads:
        with store._database.writing() as connection:
            meet_visitors(connection, {ANN: Seen(START, START)})
            other = threads.submit(store.write, [tracked(ADA, ANN)], NOW)
            wait([other], timeout=1)

            if store.takes_several_writers:
                store.forget_email("ada@site.example", NOW)

        if not store.takes_several_writers:
            store.forget_email("ada@site.example", NOW)

    assert rows(store, schema.user) == rows(store, schema.event) == []
