"""The database of the 2017 server, read as it lies there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from datetime import tzinfo
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from flask_unt.errors import ConfigError

from .engine import Database


def _table(name: str, *columns: str) -> sa.TableClause:
    # Without types every driver hands over what it has. "user" is a reserved word.
    return sa.table(
        sa.sql.quoted_name(name, quote=True), *(sa.column(name) for name in columns)
    )


USER = _table("user", "uuid", "email")
PAGE = _table("page", "id", "title", "url")
ACCESS = _table("access", "id", "uuid", "page_id", "local_time", "server_time")
CHUNK = 1000
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MILLISECOND = timedelta(milliseconds=1)
YEAR_2100 = 4_102_444_800_000


class OldDatabase:
    """Rows of a 2017 database, in chunks, each in a short transaction of its own.

    :raises ConfigError: it is not there, or it is none.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url, keep_journal=True)
        self._check_file()
        self._check_tables()

    def close(self) -> None:
        self._database.dispose()

    def count(self) -> int:
        """How many accesses and users there are."""
        with self._database.reading() as connection:
            return sum(
                connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
                for table in (ACCESS, USER)
            )

    def pages(self) -> Iterator[sa.Row[Any]]:
        for chunk in self._chunks(PAGE, "id"):
            yield from chunk

    def accesses(self) -> Iterator[list[sa.Row[Any]]]:
        return self._chunks(ACCESS, "id")

    def users(self) -> Iterator[list[sa.Row[Any]]]:
        yield from self._chunks(USER, "uuid")
        unnamed = self._rows(sa.select(USER).where(USER.c.uuid.is_(None)))

        if unnamed:
            yield unnamed

    def _chunks(self, table: sa.TableClause, by: str) -> Iterator[list[sa.Row[Any]]]:
        """All rows whose ``by`` is not NULL; those with the same one in one chunk."""
        place = table.c[by]
        left = sa.select(table).where(place.is_not(None)).order_by(place)

        while True:
            ends = self._rows(left.with_only_columns(place).offset(CHUNK - 1).limit(1))

            if not ends:
                break

            yield self._rows(left.where(place <= ends[0][0]))
            left = left.where(place > ends[0][0])

        last = self._rows(left)

        if last:
            yield last

    def _rows(self, statement: sa.Select[Any]) -> list[sa.Row[Any]]:
        with self._database.reading() as connection:
            return list(connection.execute(statement))

    def _check_file(self) -> None:
        url = self._database.url
        path = url.database

        if self._database.backend != "sqlite" or path is None or "uri" in url.query:
            return

        if not Path(path).is_file():
            raise ConfigError(
                f"There is no file {path}. Give the 2017 database's URL with its whole"
                " path, such as sqlite:////srv/old/unt.db."
            )

    def _check_tables(self) -> None:
        with self._database.reading() as connection:
            there = sa.inspect(connection)
            missing = [
                table.name
                for table in (USER, PAGE, ACCESS)
                if not there.has_table(table.name)
            ]

        if missing:
            raise ConfigError(
                f"This is no 2017 database: it has no table {' and no '.join(missing)}."
                " Give the URL of the one with the tables user, page and access."
            )


def moments_of(access: Any, zone: tzinfo) -> tuple[int, int] | None:
    """When it happened and when it was received; one missing or odd is the other."""
    local = _moment(access.local_time, zone)
    received = _moment(access.server_time, zone)

    if local is None or received is None:
        local = received = local if received is None else received

    return None if local is None or received is None else (local, received)


def _moment(value: object, zone: tzinfo) -> int | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None

    if not isinstance(value, datetime):
        return None

    aware = value if value.tzinfo is not None else value.replace(tzinfo=zone)
    moment = int((aware - EPOCH) // MILLISECOND)
    return moment if 0 <= moment < YEAR_2100 else None


def utc_offset(moment: int, zone: tzinfo) -> int:
    """Minutes east of UTC at that moment."""
    offset = (EPOCH + moment * MILLISECOND).astimezone(zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds()) // 60
