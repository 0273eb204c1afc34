"""Two visitors that are one browser, as its cookie says."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from happenings import ANN
from happenings import BEN
from happenings import DAY
from happenings import MINUTE
from happenings import START
from happenings import empty
from happenings import entry
from happenings import leave
from happenings import open_store
from happenings import person
from happenings import rows
from happenings import view

from flask_unt.events import Entry
from flask_unt.store import Store
from flask_unt.store import schema

NOW = START + DAY
CAT = "33333333-3333-4333-8333-333333333333"
ADA, BOB = person("ada@site.example"), person("bob@site.example")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as store:
        store.prepare()
        yield store


def seen(visitor: str, minute: int, **more: Any) -> Entry:
    shown = view(f"{visitor}-{minute}", visitor, START + minute * MINUTE)
    return entry(shown, **more)


def owners(store: Store) -> dict[str, str | None]:
    emails = {row.id: row.email[:3] for row in rows(store, schema.user)}

    return {
        str(UUID(bytes=row.uuid)): emails.get(row.owner_id)
        for row in rows(store, schema.visitor)
    }


def links(store: Store) -> set[tuple[int, str]]:
    return {(row.visitor_id, row.reason) for row in rows(store, schema.link)}


def write(store: Store, *entries: Entry) -> None:
    for one in entries:
        store.write([one], NOW)


def test_the_new_id_has_the_old_ones_user(store: Store) -> None:
    write(store, seen(ANN, 0, user=ADA), seen(BEN, 1, cookie=ANN))
    assert owners(store) == {ANN: "ada", BEN: "ada"}
    old, new = (row.id for row in rows(store, schema.visitor))
    assert links(store) == {(old, "session"), (new, "alias")}


def test_the_old_id_has_the_new_ones_user(store: Store) -> None:
    """What was anonymous before becomes the first user's who signs in."""
    write(store, seen(ANN, 0), seen(BEN, 1, cookie=ANN), seen(BEN, 2, user=ADA))
    assert owners(store) == {ANN: "ada", BEN: "ada"}


def test_a_typed_address_is_shared_too(store: Store) -> None:
    write(store, seen(ANN, 0), seen(BEN, 1, cookie=ANN))
    store.declare_email(BEN, "ada@site.example", NOW)
    assert owners(store) == {ANN: "ada", BEN: "ada"}


def test_views_are_not_rewritten(store: Store) -> None:
    write(store, seen(ANN, 0, user=ADA), seen(BEN, 1, cookie=ANN))
    views = rows(store, schema.page_view, "visitor_id", "user_id")
    assert len({row.visitor_id for row in views}) == 2
    assert views[1].user_id is None


def test_the_first_user_of_the_browser_owns_what_was_before(store: Store) -> None:
    write(store, seen(ANN, 0, user=ADA), seen(BEN, 1, cookie=ANN, user=BOB))
    assert owners(store) == {ANN: "ada", BEN: "ada"}
    current = {row.user_id for row in rows(store, schema.visitor)}
    assert len(current) == 1
    assert current != {row.owner_id for row in rows(store, schema.visitor)}


def test_ids_lost_again_and_again_are_one_browser(store: Store) -> None:
    write(
        store,
        seen(ANN, 0, user=ADA),
        seen(BEN, 1, cookie=ANN),
        seen(CAT, 2, cookie=BEN),
    )
    assert set(owners(store).values()) == {"ada"}
    ann, *others = rows(store, schema.visitor)
    assert [row.alias_of for row in others] == [ann.uuid, ann.uuid]


def test_in_any_order_the_same_is_told(store: Store) -> None:
    """A cookie's visitor may be written later than what came with the cookie."""
    entries = [
        seen(ANN, 0),
        seen(BEN, 1, cookie=ANN),
        seen(CAT, 2, cookie=BEN),
        seen(CAT, 3, user=ADA),
    ]

    for order in permutations(entries):
        empty(store)
        write(store, *order)
        assert owners(store) == dict.fromkeys((ANN, BEN, CAT), "ada")


@pytest.mark.parametrize("held_at", [0, 2])
def test_a_view_held_by_another_tab_is_its_browsers_in_any_order(
    store: Store, held_at: int
) -> None:
    """Two tabs waited for consent, each with an id; the browser goes on with Ann's.

    Whichever sends first has no cookie, the other one that of the first.
    """
    later, signed_in = seen(ANN, 3), seen(ANN, 4, user=ADA)
    ann_first = [seen(ANN, 1), seen(BEN, held_at, cookie=ANN), later, signed_in]
    ben_first = [seen(BEN, held_at), seen(ANN, 1, cookie=BEN), later, signed_in]

    for order in [*permutations(ann_first)][::3] + [*permutations(ben_first)][::3]:
        empty(store)
        write(store, *order)
        assert owners(store) == {ANN: "ada", BEN: "ada"}


def test_a_fresh_id_is_nobodys_from_before(store: Store) -> None:
    """Nor if a later batch of it still comes with the old cookie."""
    write(
        store,
        seen(ANN, 0, user=ADA),
        seen(BEN, 1, cookie=ANN, fresh=True),
        seen(BEN, 2, cookie=ANN),
    )
    assert owners(store) == {ANN: "ada", BEN: None}


def test_late_events_do_not_join_an_id_that_came_fresh(store: Store) -> None:
    entries = [
        seen(ANN, 0, user=ADA),
        seen(ANN, 1, cookie=BEN),
        seen(BEN, 2, fresh=True),
        seen(CAT, 3, cookie=BEN),
        seen(CAT, 4, user=BOB),
    ]

    for order in [*permutations(entries)][::7]:
        empty(store)
        write(store, *order)
        assert owners(store) == {ANN: "ada", BEN: "bob", CAT: "bob"}


def test_a_leave_alone_tells_nothing_of_the_browser(store: Store) -> None:
    shown = view("v", ANN, START)
    write(store, seen(BEN, 0, user=ADA), entry(leave(shown), cookie=BEN))
    assert owners(store) == {ANN: None, BEN: "ada"}


def test_several_visitors_at_once_are_no_alias(store: Store) -> None:
    both = entry(view("a", ANN), view("b", BEN), cookie=CAT)
    write(store, seen(CAT, 0, user=ADA), both)
    assert owners(store) == {CAT: "ada", ANN: None, BEN: None}


def test_an_alias_that_is_undone_takes_its_links_with_it(store: Store) -> None:
    write(store, seen(ANN, 0, user=ADA), seen(BEN, 1, cookie=ANN))
    write(store, seen(ANN, 2, fresh=True), seen(BEN, 1, cookie=ANN))
    assert owners(store)[ANN] == "ada"
    store.write([seen(ANN, 3, fresh=True)], NOW)
    fresh = next(row for row in rows(store, schema.visitor) if row.uuid[0] == 0x11)
    assert fresh.fresh_at == START + 2 * MINUTE
    assert owners(store)[BEN] is None
    assert ("alias" in {reason for _, reason in links(store)}) is False


def test_a_visitor_is_no_alias_of_itself(store: Store) -> None:
    write(store, seen(BEN, 0, cookie=ANN), seen(ANN, 1, cookie=BEN, user=ADA))
    assert owners(store) == {ANN: "ada", BEN: "ada"}
