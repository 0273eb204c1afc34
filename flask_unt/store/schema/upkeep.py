"""The site itself, and what waits, was refused or is counted."""

from __future__ import annotations

import sqlalchemy as sa

from .parts import count
from .parts import table
from .types import Data
from .types import Key
from .types import Moment
from .types import Number

site = table(
    "unt_site",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("site_id", sa.String(32), nullable=False),
    sa.Column("timezone", sa.String(64)),
    sa.Column("pruned_before", Moment),
    sa.Column("created_at", Moment, nullable=False),
)

# What a busy site accepts without Redis, until it is written: see ``inbox``.
inbox = table(
    "unt_inbox",
    sa.Column("id", Number, primary_key=True),
    sa.Column("data", Data, nullable=False),
    sa.Column("tries", sa.SmallInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("tried_by", sa.String(128)),
    sa.Column("tried_at", Moment),
    sqlite_autoincrement=True,
)

set_aside = table(
    "unt_set_aside",
    sa.Column("id", Number, primary_key=True),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("reason", sa.String(255), nullable=False),
    sa.Column("created_at", Moment, nullable=False, index=True),
    sa.Column("hash", Key, nullable=False, unique=True),
    count("events"),
)

# What processes count, and what one of them noted for the others to see.
counter = table(
    "unt_counter",
    sa.Column("name", sa.String(128), primary_key=True),
    sa.Column("value", Number, nullable=False),
    sa.Column("note", sa.String(300)),
)
