"""Set up the tables, and bring those of an older release up to date.

Our Alembic has its own version table and no ini file. A host's Alembic or
Flask-Migrate must never see our tables, or its next autogenerate drops them: that is
what ``include_name`` is for.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from flask_unt.errors import SchemaOutdated
from flask_unt.errors import StoreUnavailable
from flask_unt.errors import WriteFailed

from .dialect import insert_missing
from .engine import Database
from .schema import site
from .trouble import is_outage
from .trouble import is_passing

IncludeName = Callable[[Any, str, Mapping[str, Any]], bool]
VERSION_TABLE = "unt_alembic_version"
VERSION = sa.table(VERSION_TABLE, sa.column("version_num", sa.String))
SCRIPTS = Path(__file__).parent / "migrations"
LOCK_NUMBER = 0x756E74
LOCK_SECONDS = 30
ATTEMPTS = 3
# Alembic's ``context`` and ``op`` are one per process.
ONE_AT_A_TIME = threading.Lock()
NO_RIGHTS = (
    "The tables of UNT are not there and cannot be created ({reason}). Give the"
    " database role the right to create tables (PostgreSQL: GRANT CREATE, USAGE ON"
    " SCHEMA …), or run `flask unt init-db` once with a role that has it and give"
    " this one SELECT, INSERT, UPDATE and DELETE on the unt_ tables and the use of"
    " their sequences."
)
NOT_NOW = (
    "The tables of UNT cannot be set up now ({reason}). This is tried again with the"
    " next view; see that no other process holds the database."
)
READ_ONLY = (
    "The tables of UNT are not there and cannot be created ({reason}). Let the"
    " database take writes, or name another one in UNT_DATABASE_URL."
)


def include_name(
    name: str | None, type_: str, parent_names: Mapping[str, str | None]
) -> bool:
    """Alembic's ``include_name`` for a host: False for Flask-UNT's tables.

    Give it to ``context.configure(include_name=flask_unt.include_name)`` in the
    site's own ``env.py``.
    """
    table = name if type_ == "table" else parent_names.get("table_name")

    return not (table or "").startswith("unt_")


def compose(existing: IncludeName | None) -> IncludeName:
    """The host's own ``include_name`` and ours as one."""
    if existing is None:
        return include_name

    def include_both(name: Any, type_: str, parent_names: Mapping[str, Any]) -> bool:
        return include_name(name, type_, parent_names) and existing(
            name, type_, parent_names
        )

    return include_both


def head() -> str:
    """The revision that this release wants."""
    return max(_revisions())


def current(connection: sa.Connection) -> str | None:
    """The revision of the tables, None where there are none."""
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None

    return connection.scalar(sa.select(VERSION.c.version_num))


def prepare(database: Database, timezone: str, now: int) -> None:
    """Set up an empty database; leave one that is set up as it is.

    :raises SchemaOutdated: its tables are those of an older release.
    :raises StoreUnavailable: it cannot be reached, or set up.
    """
    with database.reading() as connection:
        revision = current(connection)

    if revision is None:
        migrate(database, timezone, now)
    elif revision != head() and _is_known(revision):
        raise SchemaOutdated(
            "The tables of UNT are those of an older release: run `flask unt init-db`."
        )


def migrate(database: Database, timezone: str, now: int) -> None:
    """Create the tables, or bring them to ``head``, one process at a time.

    :raises StoreUnavailable: the database cannot be reached, or set up.
    """
    for left in reversed(range(ATTEMPTS)):
        try:
            with ONE_AT_A_TIME, database.writing() as connection, _alone(connection):
                _upgrade(connection)
                _register_site(connection, timezone, now)
        except WriteFailed as error:
            # SQLite has waited for a lock: who held it may have set the tables up.
            if not left or not is_passing(error.__cause__ or error):
                raise StoreUnavailable(_why_not(error)) from error
        else:
            return


def _why_not(error: WriteFailed) -> str:
    """What stands in the way of the tables: a lock, the server, or our rights."""
    cause = error.__cause__ or error
    reason = str(error).rstrip(".")

    if is_passing(cause):
        return NOT_NOW.format(reason=reason)

    return (READ_ONLY if is_outage(cause) else NO_RIGHTS).format(reason=reason)


def _is_known(revision: str) -> bool:
    """Whether this release can come from there. A newer release's is unknown."""
    return revision in _revisions()


def _revisions() -> list[str]:
    """All revisions, by their files' names: they follow one another by number."""
    scripts = (SCRIPTS / "versions").glob("[0-9]*.py")
    return [script.name.partition("_")[0] for script in scripts]


def _upgrade(connection: sa.Connection) -> None:
    # 10 MB that a web process which finds the tables set up can do without.
    from alembic import command
    from alembic.config import Config

    revision = current(connection)

    if revision is not None and not _is_known(revision):
        return

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _register_site(connection: sa.Connection, timezone: str, now: int) -> None:
    row = {
        "id": 1,
        "site_id": secrets.token_hex(16),
        "timezone": timezone,
        "pruned_before": None,
        "created_at": now,
    }
    insert_missing(connection, site, [row], "id")


@contextmanager
def _alone(connection: sa.Connection) -> Iterator[None]:
    """Hold off every other process. On SQLite the transaction does that by itself."""
    name = connection.dialect.name

    if name == "postgresql":
        _lock_postgresql(connection)
        yield
    elif name == "sqlite":
        yield
    else:
        with _locked_mysql(connection):
            yield


def _lock_postgresql(connection: sa.Connection) -> None:
    patience = f"SELECT set_config('lock_timeout', '{LOCK_SECONDS}s', true)"
    connection.execute(sa.text(patience))
    # A lock of the transaction, not of the session: PgBouncer may swap that.
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK_NUMBER)))


@contextmanager
def _locked_mysql(connection: sa.Connection) -> Iterator[None]:
    database = str(connection.engine.url.database)
    name = f"unt {hashlib.sha256(database.encode()).hexdigest()[:32]}"

    if not connection.scalar(sa.select(sa.func.get_lock(name, LOCK_SECONDS))):
        raise StoreUnavailable("Another process has been setting up the tables.")

    try:
        yield
    finally:
        connection.scalar(sa.select(sa.func.release_lock(name)))
