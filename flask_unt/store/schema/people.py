"""Visitors, users, and what leads from one to the other."""

from __future__ import annotations

import sqlalchemy as sa

from .parts import flag
from .parts import index_of_known
from .parts import index_of_true
from .parts import table
from .types import Key
from .types import Moment
from .types import Number

visitor = table(
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
    index_of_known("user_id"),
    index_of_known("owner_id"),
    index_of_known("alias_of"),
    index_of_known("marked_from"),
    sqlite_autoincrement=True,
)

user = table(
    "unt_user",
    sa.Column("id", Number, primary_key=True),
    sa.Column("email", sa.String(254)),
    flag("verified"),
    sa.Column("host_id", sa.String(255), unique=True),
    sa.Column("name", sa.String(255)),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("merged_into", Number),
    sa.Column("merged_with", Number),
    sa.Column("merged_at", Moment),
    sa.Column("merged_by", sa.String(255)),
    flag("team"),
    sa.Column("host_columns", sa.Text),
    sa.Column("host_columns_at", Moment),
    sa.UniqueConstraint("email", "verified"),
    index_of_known("merged_into"),
    index_of_true("team"),
    sqlite_autoincrement=True,
)

link = table(
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

forgotten = table(
    "unt_forgotten",
    sa.Column("hash", Key, primary_key=True),
    sa.Column("at", Moment, nullable=False),
    flag("person"),
)
