"""Whose a view is: its mark's user, or the session's where that is sure."""

from __future__ import annotations

from collections.abc import Iterator
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
from happenings import open_store
from happenings import person
from happenings import rows
from happenings import view

from flask_unt.events import Entry
from flask_unt.events import Identity
from flask_unt.events import mark_of
from flask_unt.store import Store
from flask_unt.store import schema

NOW = START + DAY
ADA, BOB = person("ada@site.example", "1"), person("bob@site.example", "2")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as store:
        yield store


def at(
    received: int,
    user: Identity | None,
    made: int | None = None,
    mark: str | None = None,
    visitor: str = ANN,
) -> Entry:
    """A view that comes at a minute, made a second or so before."""
    time = START + received * MINUTE - 1000
    made_at = time if made is None else START + made * MINUTE
    id = f"{visitor}-{received}-{made}"
    shown = view(id, visitor, made_at, mark=mark)
    received_at = START + received * MINUTE

    return entry(shown, received=received_at, user=user, asked=True)


def whose(store: Store) -> list[str | None]:
    """The users of all views, in the order that these came."""
    emails = {row.id: row.email[:3] for row in rows(store, schema.user)}
    views = sorted(rows(store, schema.page_view), key=lambda row: row.server_time)

    return [emails.get(row.user_id) for row in views]


def write(store: Store, *entries: Entry) -> None:
    for one in entries:
        store.write([one], NOW)


def mark(user: Identity | None, visitor: str = ANN, key: bytes = MARK_KEY) -> str:
    return mark_of(key, visitor, user)


def test_a_mark_says_whose_it_is_whoever_is_signed_in_now(store: Store) -> None:
    write(
        store,
        at(0, ADA),
        at(1, BOB),
        at(2, BOB, mark=mark(ADA)),
        at(3, None, mark=mark(BOB)),
        at(4, ADA, mark=mark(ADA)),
    )
    assert whose(store) == ["ada", "bob", "ada", "bob", "ada"]


def test_a_mark_of_nobody_is_nobodys(store: Store) -> None:
    write(store, at(0, ADA, mark=""), at(1, ADA))
    assert whose(store) == [None, "ada"]


def test_a_mark_that_cannot_be_told_is_nobodys(store: Store) -> None:
    """Forged, of another visitor, of another site's key or of who was never here."""
    marks = ["0" * 32, mark(ADA, BEN), mark(ADA, key=b"other"), mark(BOB)]
    write(store, *(at(n, ADA, mark=one) for n, one in enumerate(marks)))
    assert whose(store) == [None] * 4


def test_a_mark_of_the_sender_is_known_at_once(store: Store) -> None:
    write(store, at(0, ADA, mark=mark(ADA)))
    assert whose(store) == ["ada"]


def test_a_mark_is_told_in_the_batch_that_brings_its_user(store: Store) -> None:
    store.write([at(1, None, mark=mark(ADA)), at(0, ADA)], NOW)
    assert whose(store) == ["ada", "ada"]


def test_a_mark_of_a_claimed_address_is_nobodys(store: Store) -> None:
    store.declare_email(ANN, "ada@site.example", NOW)
    write(store, at(0, None, mark=mark(person("ada@site.example"))))
    assert whose(store) == [None]


def test_a_custom_event_is_its_marks_user_too(store: Store) -> None:
    clicked = custom("c", time=START + 3 * MINUTE, mark=mark(ADA))
    write(store, at(0, ADA), at(1, BOB), entry(clicked, user=BOB, asked=True))
    (row,) = rows(store, schema.event)
    assert row.user_id == rows(store, schema.page_view)[0].user_id


def test_the_first_one_seen_has_all_that_waited(store: Store) -> None:
    write(store, at(9, ADA, made=1))
    assert whose(store) == ["ada"]


def test_what_was_made_before_a_change_is_nobodys(store: Store) -> None:
    """Somebody signed out, or another one in, since: it may be either's."""
    write(
        store,
        at(0, None),
        at(1, ADA),
        at(2, ADA, made=0),
        at(3, ADA),
        at(4, BOB),
        at(5, BOB, made=2),
        at(6, BOB),
        at(7, None),
        at(8, BOB),
        at(9, BOB, made=6),
        at(10, BOB),
    )
    assert whose(store) == [
        None,
        "ada",
        None,
        "ada",
        "bob",
        None,
        "bob",
        None,
        "bob",
        None,
        "bob",
    ]


def test_where_nobody_can_be_asked_nothing_is_seen(store: Store) -> None:
    """A batch from another origin, or of leaves alone, signs nobody out."""
    shown = view("x", time=START + 2 * MINUTE)
    write(store, at(1, ADA), entry(shown), at(3, ADA, made=2))
    assert whose(store) == ["ada", None, "ada"]


def test_each_visitor_is_looked_at_by_itself(store: Store) -> None:
    write(store, at(1, ADA), at(2, BOB, made=0, visitor=BEN))
    assert whose(store) == ["ada", "bob"]


def test_nobodys_view_without_a_visitor_stays_nobodys(store: Store) -> None:
    shown = view("x", None, mark=mark(ADA))
    write(store, at(0, ADA), entry(shown, user=ADA, asked=True))
    assert sorted(whose(store), key=str) == [None, "ada"]


def test_the_same_entry_twice_changes_nothing(store: Store) -> None:
    entries = [at(1, ADA), at(2, BOB), at(3, None), at(4, BOB)]
    write(store, *entries, *entries, *entries[::-1])
    before = _sign_in(store)
    assert whose(store) == ["ada", "bob", None, "bob"]
    assert before == (START + 4 * MINUTE, START + 4 * MINUTE, START + 3 * MINUTE)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 0, 2), (3, 2, 1, 0)])
def test_what_one_user_sent_may_come_in_any_order(
    store: Store, order: tuple[int, ...]
) -> None:
    """Later views go straight to the database while Redis, with others, is away."""
    entries = [at(n, ADA) for n in range(4)]
    write(store, *(entries[n] for n in order))
    assert whose(store) == ["ada"] * 4
    assert _sign_in(store) == (START, START + 3 * MINUTE, None)


def test_what_comes_late_is_nobodys_where_somebody_else_was_there(
    store: Store,
) -> None:
    write(store, at(1, ADA), at(5, BOB), at(4, BOB), at(3, BOB, made=0), at(2, ADA))
    assert whose(store) == ["ada", None, None, "bob", "bob"]


def _sign_in(store: Store) -> Any:
    columns = ("changed_at", "checked_at", "before_at")
    ((*found,),) = rows(store, schema.visitor, *columns)
    return tuple(found)
