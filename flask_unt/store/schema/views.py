"""What was seen and done: pages, visits, page views, events."""

from __future__ import annotations

import sqlalchemy as sa

from .parts import came_from
from .parts import count
from .parts import flag
from .parts import index_of_known
from .parts import table
from .types import Key
from .types import Moment
from .types import Number

PARTITIONED = ("unt_page_view", "unt_event")

page = table(
    "unt_page",
    sa.Column("id", Number, primary_key=True),
    sa.Column("hash", Key, nullable=False, unique=True),
    sa.Column("host", sa.String(255), nullable=False),
    sa.Column("path", sa.String(2048), nullable=False),
    sa.Column("title", sa.String(255), nullable=False),
    sa.Column("title_at", Moment, nullable=False),
    sqlite_autoincrement=True,
)

agent = table(
    "unt_agent",
    sa.Column("id", Number, primary_key=True),
    sa.Column("hash", Key, nullable=False, unique=True),
    sa.Column("browser", sa.String(64)),
    sa.Column("system", sa.String(64)),
    sa.Column("device", sa.String(16)),
    flag("bot"),
    sa.Column("language", sa.String(35)),
    sa.Column("zone", sa.String(64)),
    sa.Column("country", sa.String(2)),
    sqlite_autoincrement=True,
)

visit = table(
    "unt_visit",
    sa.Column("id", Key, primary_key=True),
    sa.Column("visitor_id", Number, nullable=False),
    sa.Column("user_id", Number),
    sa.Column("started_at", Moment, nullable=False, index=True),
    sa.Column("last_at", Moment, nullable=False, index=True),
    sa.Column("last_id", Key, nullable=False),
    count("views"),
    count("user_views"),
    count("entry_page_id"),
    count("exit_page_id"),
    count("engaged_ms"),
    flag("bot"),
    sa.Column("browser", sa.String(64)),
    sa.Column("system", sa.String(64)),
    sa.Column("device", sa.String(16)),
    sa.Column("language", sa.String(35)),
    sa.Column("zone", sa.String(64)),
    *came_from(),
    flag("team"),
    sa.Column("country", sa.String(2)),
    index_of_known("user_id"),
    sa.Index(None, "visitor_id", "last_at"),
    sa.Index(None, "visitor_id", "started_at", "views", "user_id", "bot"),
)

page_view = table(
    "unt_page_view",
    sa.Column("id", Key, primary_key=True),
    sa.Column("visit_id", Key, index=True),
    sa.Column("visitor_id", Number),
    sa.Column("user_id", Number),
    count("page_id"),
    sa.Column("local_time", Moment, nullable=False, index=True),
    sa.Column("utc_offset", sa.SmallInteger, nullable=False),
    sa.Column("server_time", Moment, nullable=False),
    count("engaged_ms"),
    sa.Column("scroll", sa.SmallInteger, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("status", sa.SmallInteger),
    flag("skewed"),
    flag("bot"),
    sa.Column("width", sa.Integer),
    sa.Column("from_id", Key),
    count("agent_id"),
    *came_from(),
    flag("team"),
    sa.Column("impersonator_id", Number),
    sa.Index(None, "visitor_id", "local_time"),
    index_of_known("user_id", "local_time"),
    postgresql_partition_by="RANGE (id)",
)

event = table(
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
    flag("skewed"),
    sa.Column("impersonator_id", Number),
    sa.Index(None, "visitor_id", "local_time"),
    sa.Index(None, "name", "visitor_id", "user_id"),
    index_of_known("user_id", "local_time"),
    postgresql_partition_by="RANGE (id)",
)

leave = table(
    "unt_leave",
    sa.Column("id", Key, primary_key=True),
    sa.Column("visitor_id", Number, index=True),
    count("engaged_ms"),
    sa.Column("scroll", sa.SmallInteger, nullable=False),
    sa.Column("title", sa.String(255)),
    sa.Column("time", Moment, nullable=False),
    sa.Column("at", Moment, nullable=False, index=True),
)
