"""What a connection is asked for and told, so that no server holds us for long."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

CONNECT_SECONDS = 3
LOCK_MS = 3000
SILENCE_MS = 10_000
BUSY_MS = 3000
POSTGRESQL_LIMITS = sa.text(
    f"SELECT set_config('lock_timeout', '{LOCK_MS}', true),"
    " set_config('idle_in_transaction_session_timeout', '30000', true),"
    " set_config('TimeZone', 'UTC', true)"
)
MYSQL_SESSION = (
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',"
    f" innodb_lock_wait_timeout = {LOCK_MS // 1000}, time_zone = '+00:00'"
)


def connect_args(url: sa.URL) -> dict[str, Any]:
    """What the driver of this URL is given, but for what the URL itself says."""
    by_driver: dict[str, dict[str, Any]] = {
        "pysqlite": {"timeout": BUSY_MS / 1000, "check_same_thread": False},
        "psycopg": _libpq_limits() | {"prepare_threshold": None},
        "psycopg2": _libpq_limits(),
        "mysqldb": _mysql_limits(),
        # Before 2.0 it takes bytes for text in the connection's character set.
        "pymysql": _mysql_limits() | {"binary_prefix": True},
    }
    found = by_driver[url.get_driver_name()]

    return {name: found[name] for name in found if name not in url.query}


def set_up_postgresql(connection: Any, _: Any) -> None:
    # Statements prepared on the server do not survive PgBouncer's transaction mode.
    if hasattr(connection, "prepare_threshold"):
        connection.prepare_threshold = None


def set_up_mysql(connection: Any, _: Any) -> None:
    connection.set_character_set("utf8mb4")
    cursor = connection.cursor()
    cursor.execute(MYSQL_SESSION)
    cursor.close()


def _libpq_limits() -> dict[str, Any]:
    return {
        "connect_timeout": CONNECT_SECONDS,
        "tcp_user_timeout": SILENCE_MS,
        "application_name": "flask-unt",
    }


def _mysql_limits() -> dict[str, Any]:
    return {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": 2 * SILENCE_MS // 1000,
        "write_timeout": SILENCE_MS // 1000,
        "charset": "utf8mb4",
    }
