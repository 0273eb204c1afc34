from __future__ import annotations

import os
import socket
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from happenings import database
from happenings import entry
from happenings import open_store
from happenings import view
from servers import PostgresServer

from flask_unt.errors import StoreUnavailable
from flask_unt.store import Store
from flask_unt.store import connecting
from flask_unt.store.engine import Database


def test_psycopg2_works_as_well(postgres2_url: str) -> None:
    with open_store(postgres2_url) as store:
        assert store.write([entry(view())], view().time).stored == 1
        assert store.canary()


def test_our_own_file_is_fast_and_leaves_no_traces(tmp_path: Path) -> None:
    with database(f"sqlite:///{tmp_path}/unt.db") as own, own.writing() as connection:
        assert _pragma(connection, "journal_mode") == "wal"
        assert _pragma(connection, "secure_delete") == 1
        assert _pragma(connection, "synchronous") == 1
        assert _pragma(connection, "busy_timeout") == connecting.BUSY_MS


def test_a_hosts_file_keeps_its_journal(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/site.db"

    with sqlite3.connect(tmp_path / "site.db") as host:
        host.execute("CREATE TABLE book (id INTEGER)")

    host.close()

    with database(url) as shared, shared.writing() as connection:
        assert _pragma(connection, "journal_mode") == "delete"
        assert _pragma(connection, "synchronous") == 2


def test_a_file_keeps_its_journal_where_it_is_told(tmp_path: Path) -> None:
    kept = Database(f"sqlite:///{tmp_path}/new.db", keep_journal=True)

    with kept.writing() as connection:
        assert _pragma(connection, "journal_mode") == "delete"

    kept.dispose()


def _pragma(connection: sa.Connection, name: str) -> object:
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def test_memory_is_one_database() -> None:
    with open_store("sqlite://") as store:
        assert store.write([entry(view())], view().time).stored == 1
        assert store.status().views == 1


def test_a_transaction_on_postgresql_is_bounded(postgres_url: str) -> None:
    """Set for the transaction only: PgBouncer gives a session to several clients."""
    with database(postgres_url) as own, own.writing() as connection:
        show = "SELECT current_setting('{}')"
        settings = {
            name: connection.scalar(sa.text(show.format(name)))
            for name in (
                "lock_timeout",
                "idle_in_transaction_session_timeout",
                "TimeZone",
                "transaction_isolation",
            )
        }
        raw = connection.connection.driver_connection
        assert raw is not None and raw.prepare_threshold is None

    assert list(settings.values()) == ["3s", "30s", "UTC", "read committed"]


def test_a_transaction_on_mariadb_is_strict_and_bounded(mariadb_url: str) -> None:
    with database(mariadb_url) as own, own.writing() as connection:
        row = connection.execute(
            sa.text(
                "SELECT @@sql_mode, @@innodb_lock_wait_timeout, @@time_zone,"
                " @@tx_isolation, @@character_set_connection"
            )
        ).one()

    assert "STRICT_ALL_TABLES" in row[0]
    assert tuple(row[1:]) == (3, "+00:00", "READ-COMMITTED", "utf8mb4")


def test_a_fork_gets_connections_of_its_own(database_url: str) -> None:
    with open_store(database_url) as store:
        store.prepare()
        mine = _connection_id(store)
        child = os.fork()

        if child == 0:
            code = 1

            try:
                store.write([entry(view())], view().time)
                code = 0 if _connection_id(store) != mine else 2
            finally:
                os._exit(code)

        _, status = os.waitpid(child, 0)

        assert os.waitstatus_to_exitcode(status) == 0
        assert _connection_id(store) == mine
        assert store.status().views == 1


def _connection_id(store: Store) -> object:
    backend = store._database.backend

    if backend == "sqlite":
        return id(store._database.engine), os.getpid()

    function = {"postgresql": "pg_backend_pid()", "mysql": "connection_id()"}[backend]

    with store._database.reading() as connection:
        return connection.scalar(sa.text(f"SELECT {function}"))


@pytest.mark.parametrize("scheme", ["postgresql+psycopg", "mysql+pymysql"])
def test_a_database_that_is_not_there_is_said_at_once(
    scheme: str, free_port: int
) -> None:
    with open_store(f"{scheme}://u:secret@127.0.0.1:{free_port}/d") as store:
        start = time.monotonic()

        with pytest.raises(StoreUnavailable) as raised:
            store.write([entry(view())], view().time)

        assert time.monotonic() - start < 60
        assert not store.canary()

    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_a_database_that_never_answers_is_given_up(driver: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]

        with open_store(f"postgresql+{driver}://u@127.0.0.1:{port}/d") as store:
            start = time.monotonic()

            with pytest.raises(StoreUnavailable):
                store.ping()

            assert time.monotonic() - start < 60


@pytest.mark.fault
def test_a_restarted_database_is_used_again(
    own_postgres: Callable[..., PostgresServer],
) -> None:
    server = own_postgres()

    with open_store(server.fresh_database()) as store:
        store.write([entry(view())], view().time)
        server.kill()

        with pytest.raises(StoreUnavailable):
            store.write([entry(view("v2"))], view().time)

        server.start()
        assert store.write([entry(view("v2"))], view().time).stored == 1


def test_a_lock_of_another_is_waited_for(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "BUSY_MS", 500)

    with open_store(sqlite_url) as store:
        store.prepare()
        other = sqlite3.connect(store._database.url.database or "")
        other.isolation_level = None
        other.execute("BEGIN IMMEDIATE")

        start = time.monotonic()

        with pytest.raises(StoreUnavailable, match="locked"):
            store.write([entry(view())], view().time)

        assert time.monotonic() - start > 0.4
        other.execute("ROLLBACK")
        other.close()
        assert store.write([entry(view())], view().time).stored == 1
