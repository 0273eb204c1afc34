"""The first tables.

A copy of ``schema`` as it was, so that it stays what it was.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from flask_unt.store.schema import Key
from flask_unt.store.schema import Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Data = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")
Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _table(name: str, *parts: Any, **options: Any) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        *parts,
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
        mariadb_charset="utf8mb4",
        mariadb_collate="utf8mb4_bin",
        mariadb_engine="InnoDB",
        **options,
    )


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, Number, nullable=False)


def _index_of_known(*names: str) -> sa.Index:
    """An index of the rows whose first column is not NULL; on MySQL of all."""
    known = sa.text(f"{names[0]} IS NOT NULL")

    return sa.Index(None, *names, postgresql_where=known, sqlite_where=known)


def _index_of_true(name: str) -> sa.Index:
    return sa.Index(
        None,
        name,
        postgresql_where=sa.text(f"{name} IS true"),
        sqlite_where=sa.text(f"{name} IS 1"),
    )


def _came_from() -> list[sa.Column[Any]]:
    return [
        sa.Column("referrer", sa.String(2048)),
        sa.Column("utm_source", sa.String(255)),
        sa.Column("utm_medium", sa.String(255)),
        sa.Column("utm_campaign", sa.String(255)),
    ]


_table(
    "unt_site",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("site_id", sa.String(32), nullable=False),
    sa.Column("timezone", sa.String(64)),
    sa.Column("pruned_before", Moment),
    sa.Column("created_at", Moment, nullable=False),
)

_table(
    "unt_visitor",
    sa.Column("id", Number, primary_key=True),
    sa.Column("uuid", Key, nullable=False, unique=True),
    sa.Column("user_id", Number),
    sa.Column("owner_id", Number),
    sa.Column("first_seen", Moment, nullable=False),
    sa.Column("last_seen", Moment, nullable=False, index=True),
    sa.Column("fresh_at", Moment),
    sa.Column("alias_of", Key),
    sa.Column("alias_at", Moment),
    sa.Column("signed_in_id", Number),
    sa.Column("changed_at", Moment),
    sa.Column("checked_at", Moment),
    sa.Column("before_at", Moment),
    sa.Column("marked_from", Moment),
    _index_of_known("user_id"),
    _index_of_known("owner_id"),
    _index_of_known("alias_of"),
    _index_of_known("marked_from"),
    sqlite_autoincrement=True,
)

_table(
    "unt_user",
    sa.Column("id", Number, primary_key=True),
    sa.Column("email", sa.String(254)),
    _flag("verified"),
    sa.Column("host_id", sa.String(255), unique=True),
    sa.Column("name", sa.String(255)),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("merged_into", Number),
    sa.Column("merged_with", Number),
    sa.Column("merged_at", Moment),
    sa.Column("merged_by", sa.String(255)),
    _flag("team"),
    sa.Column("host_columns", sa.Text),
    sa.Column("host_columns_at", Moment),
    sa.UniqueConstraint("email", "verified"),
    _index_of_known("merged_into"),
    _index_of_true("team"),
    sqlite_autoincrement=True,
)

_table(
    "unt_link",
    sa.Column("id", Number, primary_key=True),
    sa.Column("visitor_id", Number, nullable=False),
    sa.Column("user_id", Number, nullable=False, index=True),
    sa.Column("reason", sa.String(16), nullable=False),
    sa.Column("since", Moment, nullable=False),
    sa.Column("until", Moment, nullable=False),
    sa.Column("undone_at", Moment),
    sa.Column("undone_by", sa.String(255)),
    sa.UniqueConstraint("visitor_id", "user_id", "reason"),
)

_table(
    "unt_forgotten",
    sa.Column("hash", Key, primary_key=True),
    sa.Column("at", Moment, nullable=False),
    _flag("person"),
)

_table(
    "unt_page",
    sa.Column("id", Number, primary_key=True),
    sa.Column("hash", Key, nullable=False, unique=True),
    sa.Column("host", sa.String(255), nullable=False),
    sa.Column("path", sa.String(2048), nullable=False),
    sa.Column("title", sa.String(255), nullable=False),
    sa.Column("title_at", Moment, nullable=False),
    sqlite_autoincrement=True,
)

_table(
    "unt_agent",
    sa.Column("id", Number, primary_key=True),
    sa.Column("hash", Key, nullable=False, unique=True),
    sa.Column("browser", sa.String(64)),
    sa.Column("system", sa.String(64)),
    sa.Column("device", sa.String(16)),
    _flag("bot"),
    sa.Column("language", sa.String(35)),
    sa.Column("zone", sa.String(64)),
    sa.Column("country", sa.String(2)),
    sqlite_autoincrement=True,
)

_table(
    "unt_visit",
    sa.Column("id", Key, primary_key=True),
    sa.Column("visitor_id", Number, nullable=False),
    sa.Column("user_id", Number),
    sa.Column("started_at", Moment, nullable=False, index=True),
    sa.Column("last_at", Moment, nullable=False, index=True),
    sa.Column("last_id", Key, nullable=False),
    _count("views"),
    _count("user_views"),
    _count("entry_page_id"),
    _count("exit_page_id"),
    _count("engaged_ms"),
    _flag("bot"),
    sa.Column("browser", sa.String(64)),
    sa.Column("system", sa.String(64)),
    sa.Column("device", sa.String(16)),
    sa.Column("language", sa.String(35)),
    sa.Column("zone", sa.String(64)),
    *_came_from(),
    _flag("team"),
    sa.Column("country", sa.String(2)),
    _index_of_known("user_id"),
    sa.Index(None, "visitor_id", "last_at"),
    sa.Index(None, "visitor_id", "started_at", "views", "user_id", "bot"),
)

_table(
    "unt_page_view",
    sa.Column("id", Key, primary_key=True),
    sa.Column("visit_id", Key, index=True),
    sa.Column("visitor_id", Number),
    sa.Column("user_id", Number),
    _count("page_id"),
    sa.Column("local_time", Moment, nullable=False, index=True),
    sa.Column("utc_offset", sa.SmallInteger, nullable=False),
    sa.Column("server_time", Moment, nullable=False),
    _count("engaged_ms"),
    sa.Column("scroll", sa.SmallInteger, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("status", sa.SmallInteger),
    _flag("skewed"),
    _flag("bot"),
    sa.Column("width", sa.Integer),
    sa.Column("from_id", Key),
    _count("agent_id"),
    *_came_from(),
    _flag("team"),
    sa.Column("impersonator_id", Number),
    sa.Index(None, "visitor_id", "local_time"),
    _index_of_known("user_id", "local_time"),
    postgresql_partition_by="RANGE (id)",
)

_table(
    "unt_event",
    sa.Column("id", Key, primary_key=True),
    sa.Column("visit_id", Key, index=True),
    sa.Column("visitor_id", Number),
    sa.Column("user_id", Number),
    sa.Column("page_view_id", Key, index=True),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("props", sa.Text, nullable=False),
    sa.Column("local_time", Moment, nullable=False, index=True),
    sa.Column("utc_offset", sa.SmallInteger, nullable=False),
    sa.Column("server_time", Moment, nullable=False),
    _flag("skewed"),
    sa.Column("impersonator_id", Number),
    sa.Index(None, "visitor_id", "local_time"),
    sa.Index(None, "name", "visitor_id", "user_id"),
    _index_of_known("user_id", "local_time"),
    postgresql_partition_by="RANGE (id)",
)

_table(
    "unt_leave",
    sa.Column("id", Key, primary_key=True),
    sa.Column("visitor_id", Number, index=True),
    _count("engaged_ms"),
    sa.Column("scroll", sa.SmallInteger, nullable=False),
    sa.Column("title", sa.String(255)),
    sa.Column("time", Moment, nullable=False),
    sa.Column("at", Moment, nullable=False, index=True),
)

_table("unt_mark", sa.Column("hour", Moment, primary_key=True))

_table(
    "unt_hour",
    sa.Column("hour", Moment, primary_key=True),
    _count("views"),
    _count("visits"),
    _count("bounces"),
    _count("engaged_ms"),
)

_table(
    "unt_page_hour",
    sa.Column("hour", Moment, primary_key=True),
    sa.Column("page_id", Number, primary_key=True, autoincrement=False),
    _count("views"),
    sa.Index(None, "page_id", "hour"),
)

_table(
    "unt_page_day",
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("page_id", Number, primary_key=True, autoincrement=False),
    _count("views"),
)

_table(
    "unt_visitor_day",
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("visitor_id", Number, primary_key=True, autoincrement=False),
)

_table(
    "unt_visitor_figures",
    sa.Column("user_id", Number, primary_key=True, autoincrement=False),
    sa.Column("visitor_id", Number, primary_key=True, autoincrement=False, index=True),
    sa.Column("first_seen", Moment, nullable=False),
    sa.Column("last_seen", Moment, nullable=False),
    _count("visits"),
    _count("views"),
    sa.Column("devices", sa.String(255), nullable=False),
    sa.Column("countries", sa.String(1024), nullable=False),
    sa.Index(None, "user_id", "last_seen", "visitor_id"),
)

_table(
    "unt_user_figures",
    sa.Column("user_id", Number, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(255), nullable=False),
    _flag("verified"),
    _flag("team"),
    sa.Column("known_at", Moment, nullable=False),
    sa.Column("first_seen", Moment),
    sa.Column("last_seen", Moment),
    _count("visits"),
    _count("views"),
    sa.Column("devices", sa.String(255), nullable=False),
    sa.Column("countries", sa.String(1024), nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Index(None, "last_seen", "user_id", "team", "verified"),
    _index_of_true("team"),
)

_table(
    "unt_page_visitor",
    sa.Column("page_id", Number, primary_key=True, autoincrement=False),
    sa.Column("visitor_id", Number, primary_key=True, autoincrement=False),
    sa.Column("user_id", Number, primary_key=True, autoincrement=False),
    _count("whose_id"),
    sa.Column("last_at", Moment, nullable=False, index=True),
    sa.Index(None, "visitor_id"),
    sa.Index(None, "page_id", "whose_id", "visitor_id"),
    sa.Index(None, "page_id", "last_at", "whose_id"),
)

_table(
    "unt_event_visitor",
    sa.Column("name", sa.String(255), primary_key=True),
    sa.Column("visitor_id", Number, primary_key=True, autoincrement=False),
    sa.Column("user_id", Number, primary_key=True, autoincrement=False),
    _count("whose_id"),
    sa.Column("last_at", Moment, nullable=False, index=True),
    sa.Index(None, "visitor_id"),
    sa.Index(None, "name", "whose_id", "visitor_id"),
)

_table(
    "unt_inbox",
    sa.Column("id", Number, primary_key=True),
    sa.Column("data", Data, nullable=False),
    sa.Column("tries", sa.SmallInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("tried_by", sa.String(128)),
    sa.Column("tried_at", Moment),
    sqlite_autoincrement=True,
)

_table(
    "unt_set_aside",
    sa.Column("id", Number, primary_key=True),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("reason", sa.String(255), nullable=False),
    sa.Column("created_at", Moment, nullable=False, index=True),
    sa.Column("hash", Key, nullable=False, unique=True),
    _count("events"),
)

_table(
    "unt_counter",
    sa.Column("name", sa.String(128), primary_key=True),
    sa.Column("value", Number, nullable=False),
    sa.Column("note", sa.String(300)),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind())

    if op.get_context().dialect.name == "postgresql":
        for table in ("unt_page_view", "unt_event"):
            op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")


def downgrade() -> None:
    metadata.drop_all(op.get_bind())
