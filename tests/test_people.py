from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from happenings import ANN
from happenings import BEN
from happenings import DAY
from happenings import HOUR
from happenings import START
from happenings import custom
from happenings import entry
from happenings import only
from happenings import open_store
from happenings import person
from happenings import rows
from happenings import view

from flask_unt.store import Store
from flask_unt.store import schema

NOW = START + DAY
MAIL, OTHER = "ann@site.example", "other@site.example"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as store:
        yield store


def emails(store: Store) -> dict[int, tuple[str | None, bool]]:
    return {row.id: (row.email, row.verified) for row in rows(store, schema.user)}


def owner(store: Store, visitor: Any = None) -> tuple[str | None, bool] | None:
    row = visitor or only(store, schema.visitor)
    return emails(store).get(row.owner_id)


def current(store: Store) -> tuple[str | None, bool] | None:
    return emails(store).get(only(store, schema.visitor).user_id)


def sign_in(store: Store, email: str | None, at: int, **more: Any) -> None:
    user = person(email, **more)
    store.write([entry(view(f"v{at}", time=at), user=user)], NOW)


def test_a_visitor_is_seen_from_first_to_last(store: Store) -> None:
    for time in (START + HOUR, START, START + 2 * HOUR, START + 1):
        store.write([entry(custom(f"c{time}", time=time))], NOW)

    row = only(store, schema.visitor)
    assert (row.first_seen, row.last_seen) == (START, START + 2 * HOUR)
    assert (row.user_id, row.owner_id) == (None, None)


def test_an_email_makes_the_visitor_somebodys_at_once(store: Store) -> None:
    store.write([entry(view())], NOW)
    store.declare_email(ANN, MAIL, NOW)

    assert owner(store) == current(store) == (MAIL, False)
    assert only(store, schema.page_view).user_id is None
    link = only(store, schema.link)
    assert (link.reason, link.since, link.until) == ("declared", NOW, NOW)


def test_an_email_may_come_before_any_view(store: Store) -> None:
    store.declare_email(ANN, MAIL, NOW)
    store.write([entry(view())], NOW)

    assert owner(store) == (MAIL, False)


def test_the_latest_declared_email_wins(store: Store) -> None:
    store.declare_email(ANN, MAIL, NOW)
    store.declare_email(ANN, OTHER, NOW + 1)
    assert owner(store) == (OTHER, False)

    store.declare_email(ANN, MAIL, NOW + 2)
    assert owner(store) == (MAIL, False)
    assert len(rows(store, schema.link)) == 2


def test_an_email_twice_changes_nothing_but_when(store: Store) -> None:
    store.declare_email(ANN, MAIL, NOW)
    store.declare_email(ANN, MAIL, NOW + 1)
    link = only(store, schema.link)

    assert (link.since, link.until) == (NOW, NOW + 1)
    assert len(rows(store, schema.user)) == 1


def test_several_browsers_share_a_declared_email(store: Store) -> None:
    store.declare_email(ANN, MAIL, NOW)
    store.declare_email(BEN, MAIL, NOW)

    assert len(rows(store, schema.user)) == 1
    assert len({row.owner_id for row in rows(store, schema.visitor)}) == 1


def test_signing_in_beats_what_was_declared(store: Store) -> None:
    store.declare_email(ANN, OTHER, START)
    sign_in(store, MAIL, START + 1)
    assert owner(store) == current(store) == (MAIL, True)

    store.declare_email(ANN, OTHER, NOW)
    assert owner(store) == current(store) == (MAIL, True)


def test_a_claimed_address_is_another_user_than_the_signed_in_one(
    store: Store,
) -> None:
    """Somebody may type anybody's address: that must not lead to their log."""
    sign_in(store, MAIL, START)
    store.declare_email(BEN, MAIL, NOW)

    assert sorted(emails(store).values()) == [(MAIL, False), (MAIL, True)]
    ben = next(row for row in rows(store, schema.visitor) if row.uuid[0] == 0x22)
    assert owner(store, ben) == (MAIL, False)


def test_the_first_user_owns_what_was_before_and_the_latest_has_the_browser(
    store: Store,
) -> None:
    store.write([entry(view("v0", time=START - HOUR))], NOW)
    sign_in(store, OTHER, START + HOUR)
    sign_in(store, MAIL, START)

    assert owner(store) == (MAIL, True)
    assert current(store) == (OTHER, True)


def test_a_view_says_who_was_signed_in_then(store: Store) -> None:
    store.write([entry(view("v0", time=START - 1))], NOW)
    sign_in(store, MAIL, START)
    views = {row.local_time: row.user_id for row in rows(store, schema.page_view)}

    assert views == {START - 1: None, START: only(store, schema.user).id}
    link = only(store, schema.link)
    assert (link.reason, link.since) == ("session", START)


def test_a_user_in_two_browsers_is_one(store: Store) -> None:
    user = person(MAIL)
    store.write([entry(view(visitor=one), user=user) for one in (ANN, BEN)], NOW)

    assert len(rows(store, schema.user)) == 1
    assert len(rows(store, schema.link)) == 2


@pytest.mark.parametrize("id", ["7", None])
def test_an_account_is_known_by_its_id_or_its_email(
    store: Store, id: str | None
) -> None:
    sign_in(store, MAIL, START, id=id, name="Ann")
    sign_in(store, MAIL, START + 1, id=id, name="Ann B.")
    row = only(store, schema.user)

    assert (row.email, row.host_id, row.name) == (MAIL, id, "Ann B.")
    assert row.verified


def test_an_account_without_email_is_a_user_too(store: Store) -> None:
    sign_in(store, None, START, id="7")
    sign_in(store, None, START + 1, id="8")

    assert {row.host_id for row in rows(store, schema.user)} == {"7", "8"}


def test_an_account_may_change_its_address(store: Store) -> None:
    sign_in(store, MAIL, START, id="7")
    sign_in(store, OTHER, START + 1, id="7")

    assert only(store, schema.user).email == OTHER


def test_an_account_gets_its_id_later(store: Store) -> None:
    sign_in(store, MAIL, START)
    sign_in(store, MAIL, START + 1, id="7")

    assert only(store, schema.user).host_id == "7"


def test_an_address_that_another_account_has_does_not_merge_two(
    store: Store,
) -> None:
    sign_in(store, MAIL, START, id="7")
    sign_in(store, MAIL, START + 1, id="8")
    found = {row.host_id: row.email for row in rows(store, schema.user)}

    assert found == {"7": MAIL, "8": None}


def test_an_identity_without_anything_is_nobody(store: Store) -> None:
    sign_in(store, None, START, name="Ann")

    assert rows(store, schema.user) == rows(store, schema.link) == []
