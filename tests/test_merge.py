"""Two users are made one person by hand, and parted again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from happenings import ANN
from happenings import BEN
from happenings import DAY
from happenings import HOUR
from happenings import START
from happenings import custom
from happenings import entry
from happenings import open_store
from happenings import person
from happenings import rows
from happenings import view
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from flask_unt.errors import MergeRefused
from flask_unt.store import Store
from flask_unt.store import schema

NOW = START + DAY
CAT = "33333333-3333-4333-8333-333333333333"
DAN = "44444444-4444-4444-8444-444444444444"
BROWSERS = {"ada": ANN, "bob": BEN, "cat": CAT, "dan": DAN}
BY = "a login link"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as store:
        store.prepare()
        yield store


def come(store: Store, *names: str, signed_in: bool = True) -> dict[str, int]:
    """Have these people look at a page each, on a browser of their own; their ids."""
    for hours, name in enumerate(names):
        user = person(f"{name}@site.example", f"id-{name}", name) if signed_in else None
        time = START + hours * HOUR
        seen = view(name, BROWSERS[name], time, path=f"/{name}")
        store.write([entry(seen, user=user)], NOW)

        if not signed_in:
            store.declare_email(BROWSERS[name], f"{name}@site.example", time)

    return ids(store)


def ids(store: Store) -> dict[str, int]:
    return {
        row.email.partition("@")[0]: row.id
        for row in rows(store, schema.user, "id", "email")
    }


def persons(store: Store) -> dict[str, set[str]]:
    """By the name on the list: the paths in their log."""
    listed = store.users(now=NOW).rows

    return {
        str(row.email).partition("@")[0]: {
            seen.path
            for visit in store.navigation_log(row.id).visits
            for seen in visit.views
        }
        for row in listed
    }


def merged_links(store: Store) -> set[tuple[str, str]]:
    """Visitor and user of each link that says merged."""
    names = {id: name for name, id in ids(store).items()}
    browsers = {
        row.id: {uuid: name for name, uuid in BROWSERS.items()}[
            str(UUID(bytes=row.uuid))
        ]
        for row in rows(store, schema.visitor)
    }

    return {
        (browsers[row.visitor_id], names[row.user_id])
        for row in rows(store, schema.link)
        if row.reason == "merged"
    }


def contents(store: Store) -> dict[str, list[Any]]:
    """All rows, with figures that are up to date."""
    store.users(now=NOW)

    return {
        table.name: rows(store, table)
        for table in schema.metadata.sorted_tables
        if table is not schema.link
    } | {"links": [row[1:] for row in rows(store, schema.link)]}


def test_everything_follows_a_merge_and_comes_back(store: Store) -> None:
    found = come(store, "ada", "bob", "cat")
    before = contents(store)
    store.merge_users(found["ada"], found["bob"], NOW, BY)

    assert persons(store) == {"bob": {"/ada", "/bob"}, "cat": {"/cat"}}
    (bob,) = [r for r in store.users(now=NOW).rows if r.id == found["bob"]]
    assert (bob.views, bob.visits, bob.browsers) == (2, 2, 2)
    assert (bob.first_seen, bob.last_access) == (START, START + HOUR)
    assert sum(bob.days) == 2
    detail = store.user(found["bob"], now=NOW)
    assert detail is not None
    assert (detail.views, detail.visits, len(detail.browsers)) == (2, 2, 2)
    assert store.page_share(user_id=found["bob"]).total == 2
    assert merged_links(store) == {("ada", "bob")}
    assert rows(store, schema.page_view) == before["unt_page_view"]
    store.users(now=NOW)
    assert rows(store, schema.visitor) == before["unt_visitor"]

    store.take_back_merge(found["ada"])
    assert contents(store) == before


def test_who_said_so_is_kept(store: Store) -> None:
    found = come(store, "ada", "bob")
    store.merge_users(found["ada"], found["bob"], NOW, BY)
    ada = rows(store, schema.user)[0]

    assert (ada.merged_into, ada.merged_at, ada.merged_by) == (found["bob"], NOW, BY)


def test_a_search_for_either_name_finds_the_person(store: Store) -> None:
    found = come(store, "ada", "bob", "cat")
    store.merge_users(found["ada"], found["bob"], NOW, BY)

    for words in ("ada@", "id-ada", "bob"):
        listed = store.users(now=NOW, search=words)
        assert [row.id for row in listed.rows] == [found["bob"]]
        assert listed.total == 1


def test_a_chain_leads_to_its_end_and_parts_where_it_was_joined(store: Store) -> None:
    found = come(store, "ada", "bob", "cat", "dan")
    store.merge_users(found["ada"], found["bob"], NOW, BY)
    store.merge_users(found["bob"], found["cat"], NOW, BY)
    # Into somebody who is merged already, and from one who is.
    store.merge_users(found["dan"], found["ada"], NOW, BY)

    assert persons(store) == {"cat": {"/ada", "/bob", "/cat", "/dan"}}
    assert {r.merged_into for r in rows(store, schema.user)} == {None, found["cat"]}

    store.take_back_merge(found["bob"])
    assert persons(store) == {"bob": {"/ada", "/bob"}, "cat": {"/cat", "/dan"}}
    store.take_back_merge(found["dan"])
    store.take_back_merge(found["ada"])
    assert persons(store) == {n: {f"/{n}"} for n in BROWSERS}
    assert merged_links(store) == set()


def test_nobody_is_merged_with_themselves(store: Store) -> None:
    found = come(store, "ada", "bob")
    store.merge_users(found["ada"], found["bob"], NOW, BY)
    before = contents(store)

    for id, into in (("ada", "ada"), ("bob", "ada"), ("ada", "bob")):
        with pytest.raises(MergeRefused, match="one person already"):
            store.merge_users(found[id], found[into], NOW, BY)

    for id, into in ((found["ada"], 999), (999, found["ada"])):
        with pytest.raises(MergeRefused, match="not there"):
            store.merge_users(id, into, NOW, BY)

    for id in (found["bob"], 999):
        with pytest.raises(MergeRefused, match="not merged"):
            store.take_back_merge(id)

    assert contents(store) == before


def test_two_merges_at_once_make_no_ring(store: Store) -> None:
    found = come(store, "ada", "bob", "cat")
    wanted = [("ada", "bob"), ("bob", "cat"), ("cat", "ada"), ("bob", "ada")]
    ready = threading.Barrier(len(wanted))
    refused = []

    def merge(id: str, into: str) -> None:
        ready.wait()

        try:
            store.merge_users(found[id], found[into], NOW, BY)
        except MergeRefused as error:
            refused.append(error)

    threads = [threading.Thread(target=merge, args=pair) for pair in wanted]

    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    assert len(refused) == 2
    (all_paths,) = persons(store).values()
    assert all_paths == {"/ada", "/bob", "/cat"}
    assert sum(r.merged_into is None for r in rows(store, schema.user)) == 1


def test_what_comes_later_follows_too(store: Store) -> None:
    """Also on a browser that the person had not when the merge was made."""
    found = come(store, "ada", "bob")
    store.merge_users(found["ada"], found["bob"], NOW, BY)
    ada = person("ada@site.example", "id-ada", "ada")
    store.write([entry(view("later", DAN, START + DAY, path="/later"), user=ada)], NOW)

    assert persons(store) == {"bob": {"/ada", "/bob", "/later"}}
    assert merged_links(store) == {("ada", "bob"), ("dan", "bob")}


def test_a_declared_user_is_merged_into_one_who_signed_in(store: Store) -> None:
    come(store, "ada")
    come(store, "bob", signed_in=False)
    found = ids(store)
    store.merge_users(found["bob"], found["ada"], NOW, BY)

    assert persons(store) == {"ada": {"/ada", "/bob"}}
    assert store.user(found["ada"], now=NOW).verified  # type: ignore[union-attr]


def test_forgetting_takes_all_who_are_merged(store: Store) -> None:
    found = come(store, "ada", "bob", "cat")
    store.merge_users(found["ada"], found["bob"], NOW, BY)
    person = store.person_of_email("ada@site.example")
    assert person is not None
    assert person.emails == ("ada@site.example", "bob@site.example")

    forgotten = store.forget_user(found["bob"], NOW)
    assert forgotten is not None
    assert set(forgotten.visitors) == {ANN, BEN}
    assert persons(store) == {"cat": {"/cat"}}
    assert list(ids(store)) == ["cat"]


def test_forgetting_takes_the_address_of_who_said_something(store: Store) -> None:
    come(store, "cat", signed_in=False)
    found = come(store, "ada", "bob", "dan")
    by = "dan@site.example"
    store.merge_users(found["ada"], found["bob"], NOW, by)
    (declared,) = rows(store, schema.link, "reason", "visitor_id", "user_id")[:1]
    assert store.undo_claim(declared.visitor_id, declared.user_id, NOW, by)
    store.forget_email(by, NOW)

    said = [row.merged_by for row in rows(store, schema.user)]
    said += [row.undone_by for row in rows(store, schema.link)]
    assert set(said) == {None, "somebody who was forgotten"}


def test_an_export_has_all_who_are_merged(store: Store) -> None:
    found = come(store, "ada", "bob", "cat")
    store.merge_users(found["ada"], found["bob"], NOW, BY)

    for data in (
        store.export_email("ada@site.example"),
        store.export_user(found["bob"]),
        store.export_user(found["ada"]),
    ):
        assert data is not None
        assert {row["path"] for row in data["unt_page_view"]} == {"/ada", "/bob"}
        assert len(data["unt_user"]) == 2
        assert {row["reason"] for row in data["unt_link"]} == {"session", "merged"}

    assert "cat" not in str(store.export_user(found["bob"]))
    browser = store.export_visitor(ANN)
    assert browser is not None
    assert len(browser["unt_user"]) == 2


def test_a_user_who_goes_with_their_browser_leaves_the_merge(store: Store) -> None:
    """The one in the middle: who was merged with them is merged with who they were."""
    found = come(store, "ada", "bob", "cat")
    store.merge_users(found["ada"], found["bob"], NOW, BY)
    store.merge_users(found["bob"], found["cat"], NOW, BY)
    store.forget_visitor(BEN, NOW)

    assert list(ids(store)) == ["ada", "cat"]
    assert persons(store) == {"cat": {"/ada", "/cat"}}
    store.take_back_merge(found["ada"])
    assert persons(store) == {"ada": {"/ada"}, "cat": {"/cat"}}


def test_who_has_only_merged_browsers_left_stays(store: Store) -> None:
    found = come(store, "ada", "bob")
    store.merge_users(found["ada"], found["bob"], NOW, BY)
    store.forget_visitor(BEN, NOW)

    assert persons(store) == {"bob": {"/ada"}}


def test_events_without_a_browser_are_not_orphaned(store: Store) -> None:
    """Merged with somebody who goes, who has nothing but an event of the server's."""
    found = come(store, "ada")
    bob = person("bob@site.example", "id-bob", "bob")
    store.write([entry(custom("bought", None, START), user=bob)], NOW)
    found = ids(store)
    store.merge_users(found["bob"], found["ada"], NOW, BY)
    store.forget_visitor(ANN, NOW)

    (left,) = rows(store, schema.user)
    assert (left.email, left.merged_into, left.merged_with) == (bob.email, None, None)


def test_a_claim_is_undone_and_put_back(store: Store) -> None:
    come(store, "ada", signed_in=False)
    store.declare_email(ANN, "bob@site.example", START + HOUR)
    found = ids(store)
    (visitor,) = rows(store, schema.visitor)
    assert persons(store) == {"ada": set(), "bob": {"/ada"}}

    assert store.undo_claim(visitor.id, found["bob"], NOW, BY)
    assert persons(store) == {"ada": {"/ada"}, "bob": set()}
    assert not store.undo_claim(visitor.id, found["bob"], NOW, BY)
    data = store.export_email("bob@site.example")
    assert data is not None
    assert data["unt_page_view"] == []

    assert store.restore_claim(visitor.id, found["bob"])
    assert persons(store) == {"ada": set(), "bob": {"/ada"}}
    assert not store.restore_claim(visitor.id, found["bob"])


def test_only_typing_it_again_brings_an_undone_claim_back(store: Store) -> None:
    found = come(store, "ada", signed_in=False)
    (visitor,) = rows(store, schema.visitor)
    store.undo_claim(visitor.id, found["ada"], NOW, BY)
    store.write([entry(view("more", ANN, START + HOUR, path="/more"))], NOW)
    assert persons(store) == {"ada": set()}

    store.declare_email(ANN, "ada@site.example", NOW + 1)
    assert persons(store) == {"ada": {"/ada", "/more"}}
    (link,) = rows(store, schema.link)
    assert (link.undone_at, link.undone_by) == (None, None)


def test_an_undone_claim_is_not_lent_by_the_browsers_older_id(store: Store) -> None:
    found = come(store, "ada", signed_in=False)
    store.write([entry(view("new", BEN, START + HOUR), cookie=ANN)], NOW)
    store.declare_email(BEN, "ada@site.example", START + HOUR)
    newer = rows(store, schema.visitor)[1]
    assert store.undo_claim(newer.id, found["ada"], NOW, BY)

    assert {row.owner_id for row in rows(store, schema.visitor)} == {None}


def test_forgetting_an_address_spares_a_browser_it_was_undone_on(store: Store) -> None:
    found = come(store, "ada", signed_in=False)
    (visitor,) = rows(store, schema.visitor)
    store.undo_claim(visitor.id, found["ada"], NOW, BY)
    store.forget_email("ada@site.example", NOW)

    assert len(rows(store, schema.page_view)) == 1
    assert rows(store, schema.link) == rows(store, schema.user) == []


def test_a_sign_in_is_not_undone(store: Store) -> None:
    found = come(store, "ada")
    (visitor,) = rows(store, schema.visitor)

    assert not store.undo_claim(visitor.id, found["ada"], NOW, BY)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("merge"), st.sampled_from("abcd"), st.sampled_from("abcd")),
        st.tuples(st.just("part"), st.sampled_from("abcd"), st.none()),
    ),
    max_size=9,
)


@settings(
    max_examples=25,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
    ],
)
@given(steps=steps)
def test_merges_equal_a_plain_model(sqlite_url: str, steps: Any) -> None:
    """The model: an arrow from each merged user to the one they were joined with."""
    arrows: dict[str, str] = {}

    def end(name: str) -> str:
        return end(arrows[name]) if name in arrows else name

    with open_store(sqlite_url) as store:
        store.prepare()

        if not ids(store):
            come(store, *BROWSERS)

        found = {name[0]: id for name, id in ids(store).items()}

        for name in found:
            with suppress(MergeRefused):
                store.take_back_merge(found[name])

        for what, one, other in steps:
            try:
                if what == "merge":
                    store.merge_users(found[one], found[other], NOW, BY)
                    assert end(one) != end(other)
                    arrows[end(one)] = end(other)
                else:
                    store.take_back_merge(found[one])
                    del arrows[one]
            except MergeRefused:
                assert end(one) == end(other or one)
                assert what == "merge" or one not in arrows

        expected: dict[str, set[str]] = {}

        for name in BROWSERS:
            expected.setdefault(end(name[0]), set()).add(f"/{name}")

        assert {n[0]: paths for n, paths in persons(store).items()} == expected
        assert {(b[0], u[0]) for b, u in merged_links(store)} == {
            (n, end(n)) for n in "abcd" if n in arrows
        }


def test_merging_and_forgetting_at_once_leave_nobody_astray(store: Store) -> None:
    """Whoever comes first: nobody is merged into somebody who is gone."""
    found = come(store, "ada", "bob", "cat")
    ready = threading.Barrier(3)

    def at_once(work: Callable[[], object]) -> None:
        ready.wait()

        with suppress(MergeRefused):
            work()

    threads = [
        threading.Thread(target=at_once, args=[work])
        for work in (
            lambda: store.merge_users(found["ada"], found["bob"], NOW, BY),
            lambda: store.forget_user(found["bob"], NOW),
            lambda: store.merge_users(found["cat"], found["ada"], NOW, BY),
        )
    ]

    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    left = {row.id: row.merged_into for row in rows(store, schema.user)}
    assert found["bob"] not in left
    assert set(left.values()) <= {None, *left}
