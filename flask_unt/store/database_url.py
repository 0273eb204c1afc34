"""The URL of a database: which backend and driver it means."""

from __future__ import annotations

from importlib.util import find_spec

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from flask_unt.errors import ConfigError

DRIVERS = {
    "sqlite": {"pysqlite": "sqlite3"},
    "postgresql": {"psycopg": "psycopg", "psycopg2": "psycopg2"},
    "mysql": {"mysqldb": "MySQLdb", "pymysql": "pymysql"},
}
BACKENDS = {"postgres": "postgresql", "mariadb": "mysql"}


def normalize_url(url: str) -> sa.URL:
    """The URL with a backend and an installed, synchronous driver named.

    :raises ConfigError: it is no URL of a database that UNT knows, or no driver for
        it is installed.
    """
    try:
        parsed = sa.make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigError(
            "The database URL cannot be read. Write it like"
            " postgresql://user:password@host/database."
        ) from None

    backend, _, driver = parsed.drivername.partition("+")
    backend = BACKENDS.get(backend, backend)

    if backend not in DRIVERS:
        raise ConfigError(
            f"UNT cannot use a {backend!r} database. Set UNT_DATABASE_URL to one of"
            " SQLite, PostgreSQL, MySQL or MariaDB."
        )

    return parsed.set(drivername=f"{backend}+{_driver(backend, driver)}")


def _driver(backend: str, wanted: str) -> str:
    known = DRIVERS[backend]
    candidates = [wanted] if wanted in known else list(known)

    for driver in candidates:
        if find_spec(known[driver]) is not None:
            return driver

    raise ConfigError(
        f"No driver for {backend} is installed ({' or '.join(candidates)})."
        f' Run: pip install "flask-unt[{backend}]"'
    )
