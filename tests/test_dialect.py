from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from happenings import START
from happenings import open_store
from happenings import rows

from flask_unt.errors import WriteFailed
from flask_unt.store import Store
from flask_unt.store import schema
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
