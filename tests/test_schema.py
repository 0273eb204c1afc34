from __future__ import annotations

import pytest
import sqlalchemy as sa
from happenings import START
from happenings import open_store

from flask_unt.store import schema

KEY = bytes(range(16))
MOMENTS = (-1, 0, 1, 999, START + 1, START + 10, START + 123, 4_102_444_799_999)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_moment_comes_back_to_the_millisecond(database_url: str, moment: int) -> None:
    with open_store(database_url) as store:
        store.prepare()

        with store._database.writing() as connection:
            connection.execute(sa.insert(schema.mark), {"hour": moment})

        with store._database.reading() as connection:
            statement = sa.select(schema.mark.c.hour)
            found = connection.scalar(statement.where(schema.mark.c.hour == moment))

    assert found == moment


def test_moments_sort_and_are_readable_for_owners(database_url: str) -> None:
    with open_store(database_url) as store:
        store.prepare()

        with store._database.writing() as connection:
            connection.execute(
                sa.insert(schema.mark), [{"hour": moment} for moment in MOMENTS[::-1]]
            )

        with store._database.reading() as connection:
            text = sa.cast(schema.mark.c.hour, sa.String(40))
            statement = sa.select(schema.mark.c.hour, text).order_by(schema.mark.c.hour)

            if store._database.backend == "postgresql":
                connection.execute(sa.text("SET LOCAL TimeZone = 'UTC'"))

            found = connection.execute(statement).all()

    assert [row[0] for row in found] == list(MOMENTS)
    assert found[4][1].startswith("2026-09-21 14:13:20.001")


def test_a_key_is_sixteen_bytes_everywhere(database_url: str) -> None:
    with open_store(database_url) as store:
        store.prepare()
        row = {"uuid": KEY, "first_seen": START, "last_seen": START}

        with store._database.writing() as connection:
            connection.execute(sa.insert(schema.visitor), row)

        with store._database.reading() as connection:
            statement = sa.select(schema.visitor.c.uuid)
            known = statement.where(schema.visitor.c.uuid.in_([KEY]))
            assert connection.scalar(known) == KEY
            none = statement.where(schema.visitor.c.uuid.is_(None))
            assert connection.scalar(none) is None


def test_every_name_is_ours() -> None:
    """A host that shares the database can tell our tables and indexes by name."""
    for table in schema.metadata.tables.values():
        assert table.name.startswith("unt_")

        for index in table.indexes:
            assert str(index.name).startswith("ix_unt_")
