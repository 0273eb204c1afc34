from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from happenings import START
from happenings import open_store
from happenings import rows

from flask_unt.errors import StoreUnavailable
from flask_unt.errors import WriteFailed
from flask_unt.store import Store
from flask_unt.store import schema
from flask_unt.store.bulk import add_missing
from flask_unt.store.bulk import add_rows
from flask_unt.store.dialect import chunks
from flask_unt.store.dialect import insert_missing
from flask_unt.store.dialect import select_in
from flask_unt.store.dialect import update_rows
from flask_unt.store.dialect import upsert

KEY, OTHER = b"k" * 16, b"o" * 16


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as store:
        store.prepare()
        yield store


@pytest.fixture
def psycopg2_store(postgres2_url: str) -> Iterator[Store]:
    with open_store(postgres2_url) as store:
        store.prepare()
        yield store


def leave(key: bytes, engaged: int, time: int = START) -> dict[str, Any]:
    return {
        "id": key,
        "engaged_ms": engaged,
        "scroll": 1,
        "title": None,
        "time": time,
        "at": START,
    }


def test_insert_missing_leaves_what_is_there(store: Store) -> None:
    with store._database.writing() as connection:
        insert_missing(connection, schema.leave, [leave(KEY, 1)], "id")
        insert_missing(connection, schema.leave, [leave(KEY, 2), leave(OTHER, 3)], "id")
        insert_missing(connection, schema.leave, [], "id")

    assert [row.engaged_ms for row in rows(store, schema.leave)] == [1, 3]


def test_insert_missing_does_not_cut_what_is_too_long(mariadb_url: str) -> None:
    """INSERT IGNORE would store 255 characters of it on MySQL, and say nothing."""
    with open_store(mariadb_url) as store:
        store.prepare()
        too_long = {**leave(KEY, 1), "title": "x" * 300}

        with pytest.raises(WriteFailed), store._database.writing() as connection:
            insert_missing(connection, schema.leave, [too_long], "id")

        assert rows(store, schema.leave) == []


def test_upsert_changes_as_it_is_told(store: Store) -> None:
    how = {"engaged_ms": "greatest", "time": "least", "scroll": "new"}

    with store._database.writing() as connection:
        upsert(connection, schema.leave, [leave(KEY, 5, START + 5)], ("id",), how)
        later = {**leave(KEY, 3, START + 3), "scroll": 9}
        upsert(connection, schema.leave, [later], ("id",), how)

    (row,) = rows(store, schema.leave)
    assert (row.engaged_ms, row.time, row.scroll) == (5, START + 3, 9)


def test_update_rows_finds_them_by_one_column(store: Store) -> None:
    with store._database.writing() as connection:
        insert_missing(connection, schema.leave, [leave(KEY, 1), leave(OTHER, 1)], "id")
        changes = [
            (KEY, {"engaged_ms": 7, "scroll": 8}),
            (b"n" * 16, {"engaged_ms": 0, "scroll": 0}),
        ]
        update_rows(connection, schema.leave, "id", changes)
        update_rows(connection, schema.leave, "id", [])

    assert [row.engaged_ms for row in rows(store, schema.leave)] == [7, 1]


def test_select_in_takes_more_values_than_a_statement_may(store: Store) -> None:
    keys = [number.to_bytes(16, "big") for number in range(1200)]

    with store._database.writing() as connection:
        insert_missing(connection, schema.leave, [leave(key, 1) for key in keys], "id")
        found = select_in(
            connection, sa.select(schema.leave.c.id), schema.leave.c.id, keys
        )
        assert {row.id for row in found} == set(keys)


def test_chunks_hold_everything_once() -> None:
    assert list(chunks(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(chunks([])) == []


def test_update_rows_may_change_what_they_are_known_by(store: Store) -> None:
    with store._database.writing() as connection:
        insert_missing(connection, schema.leave, [leave(KEY, 1)], "id")
        update_rows(connection, schema.leave, "id", [(KEY, {"id": OTHER})])

    assert [row.id for row in rows(store, schema.leave)] == [OTHER]


ODD = 'a\\b\t"c"\n{d},NULL\\N é \U0001f600'
PAGE = ("hash", "host", "path", "title", "title_at")


def odd_pages() -> list[tuple[Any, ...]]:
    """What would end a value, a row or an array, if it were not escaped."""
    return [(KEY, "host", ODD, "", START), (OTHER, "NULL", "\\N", '"', START + 1)]


def assert_odd_pages(store: Store) -> None:
    found = [tuple(row) for row in rows(store, schema.page, *PAGE)]
    assert found == odd_pages()


def test_new_rows_are_stored_as_they_are(store: Store) -> None:
    with store._database.writing() as connection:
        add_rows(connection, schema.page, PAGE, odd_pages())

    assert_odd_pages(store)


def test_missing_rows_are_stored_as_they_are(store: Store) -> None:
    with store._database.writing() as connection:
        add_missing(connection, schema.page, PAGE, odd_pages(), "hash")
        add_missing(connection, schema.page, PAGE, odd_pages(), "hash")

    assert_odd_pages(store)


def test_rows_are_stored_as_they_are_through_psycopg2(psycopg2_store: Store) -> None:
    with psycopg2_store._database.writing() as connection:
        add_rows(connection, schema.page, PAGE, odd_pages()[:1])
        add_missing(connection, schema.page, PAGE, odd_pages(), "hash")
        changes = [(odd[0], {"path": odd[2]}) for odd in odd_pages()]
        update_rows(connection, schema.page, "hash", changes)

    assert_odd_pages(psycopg2_store)


def test_new_rows_that_are_there_are_refused(store: Store) -> None:
    with pytest.raises(WriteFailed), store._database.writing() as connection:
        add_rows(connection, schema.page, PAGE, [*odd_pages(), *odd_pages()])


@pytest.mark.parametrize("text", ["x" * 300, "a\x00b"])
def test_text_that_does_not_fit_is_refused_and_never_cut(
    postgres_url: str, text: str
) -> None:
    with open_store(postgres_url) as store:
        store.prepare()
        row = (KEY, "host", "/", text, START)

        for add in (add_rows, lambda *how: add_missing(*how, "hash")):
            with pytest.raises(WriteFailed), store._database.writing() as connection:
                add(connection, schema.page, PAGE, [row])


def test_a_connection_that_is_lost_in_the_middle_is_an_outage(
    own_postgres: Callable[..., Any],
) -> None:
    server = own_postgres()

    with open_store(server.fresh_database()) as store:
        store.prepare()

        with pytest.raises(StoreUnavailable), store._database.writing() as connection:
            server.kill()
            add_rows(connection, schema.page, PAGE, odd_pages())
