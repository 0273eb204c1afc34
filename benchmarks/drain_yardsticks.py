"""The fastest ways that drivers have to put the same rows into the same table."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

import psycopg
import psycopg2
import pymysql

from flask_unt.store.schema import page_view

CHUNK = 1000
COLUMNS = ", ".join(page_view.c.keys())
IN_ORDER = f"SELECT {COLUMNS} FROM unt_page_view ORDER BY server_time"

Rows = Sequence[tuple[Any, ...]]


def plain(url: str) -> str:
    """The URL as libpq takes it."""
    return url.replace("+psycopg2", "").replace("+psycopg", "")


def read_postgresql(url: str) -> Rows:
    with psycopg.connect(plain(url)) as connection:
        return connection.execute(IN_ORDER).fetchall()


def copy_psycopg(url: str, rows: Rows) -> None:
    statement = f"COPY unt_page_view ({COLUMNS}) FROM STDIN"

    with psycopg.connect(plain(url), autocommit=True) as connection:
        for chunk in _chunks(rows):
            with connection.cursor() as cursor, cursor.copy(statement) as copy:
                for row in chunk:
                    copy.write_row(row)


def copy_psycopg2(url: str, rows: Rows) -> None:
    statement = f"COPY unt_page_view ({COLUMNS}) FROM STDIN"
    connection = psycopg2.connect(plain(url))
    connection.autocommit = True

    for chunk in _chunks(rows):
        lines = ("\t".join("\\N" if v is None else str(v) for v in r) for r in chunk)
        text = io.StringIO("".join(f"{line}\n" for line in lines))
        connection.cursor().copy_expert(statement, text)

    connection.close()


def read_sqlite(path: str) -> Rows:
    with sqlite3.connect(path) as connection:
        return connection.execute(IN_ORDER).fetchall()


def fill_sqlite(path: str, rows: Rows) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    marks = ", ".join("?" * len(rows[0]))

    for chunk in _chunks(rows):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(f"INSERT INTO unt_page_view VALUES ({marks})", chunk)
        connection.execute("COMMIT")

    connection.close()


def read_mariadb(url: str) -> Rows:
    with _mariadb(url) as connection, connection.cursor() as cursor:
        cursor.execute(IN_ORDER)
        return cursor.fetchall()


def fill_mariadb(url: str, rows: Rows) -> None:
    marks = ", ".join(["%s"] * len(rows[0]))

    with _mariadb(url) as connection, connection.cursor() as cursor:
        for chunk in _chunks(rows):
            cursor.executemany(f"INSERT INTO unt_page_view VALUES ({marks})", chunk)
            connection.commit()


def _mariadb(url: str) -> Any:
    address, _, rest = url.rpartition("/")
    port = int(address.rpartition(":")[2])
    name = rest.partition("?")[0]

    return pymysql.connect(host="127.0.0.1", port=port, user="root", database=name)


def _chunks(rows: Rows) -> Iterator[Rows]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]
