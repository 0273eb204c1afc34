"""What is computed from the rows, of hours and of people."""

from __future__ import annotations

import sqlalchemy as sa

from .parts import count
from .parts import flag
from .parts import index_of_true
from .parts import table
from .types import Moment
from .types import Number

mark = table("unt_mark", sa.Column("hour", Moment, primary_key=True))

hour = table(
    "unt_hour",
    sa.Column("hour", Moment, primary_key=True),
    count("views"),
    count("visits"),
    count("bounces"),
    count("engaged_ms"),
)

page_hour = table(
    "unt_page_hour",
    sa.Column("hour", Moment, primary_key=True),
    sa.Column("page_id", Number, primary_key=True, autoincrement=False),
    count("views"),
    sa.Index(None, "page_id", "hour"),
)

# The same by day, for a year of them: added up from the hours.
page_day = table(
    "unt_page_day",
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("page_id", Number, primary_key=True, autoincrement=False),
    count("views"),
)

visitor_day = table(
    "unt_visitor_day",
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("visitor_id", Number, primary_key=True, autoincrement=False),
)

# Who is to be listed, in figures: made from the rows of a visitor that is marked.
visitor_figures = table(
    "unt_visitor_figures",
    sa.Column("user_id", Number, primary_key=True, autoincrement=False),
    sa.Column("visitor_id", Number, primary_key=True, autoincrement=False, index=True),
    sa.Column("first_seen", Moment, nullable=False),
    sa.Column("last_seen", Moment, nullable=False),
    count("visits"),
    count("views"),
    sa.Column("devices", sa.String(255), nullable=False),
    sa.Column("countries", sa.String(1024), nullable=False),
    sa.Index(None, "user_id", "last_seen", "visitor_id"),
)

user_figures = table(
    "unt_user_figures",
    sa.Column("user_id", Number, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(255), nullable=False),
    flag("verified"),
    flag("team"),
    sa.Column("known_at", Moment, nullable=False),
    sa.Column("first_seen", Moment),
    sa.Column("last_seen", Moment),
    count("visits"),
    count("views"),
    sa.Column("devices", sa.String(255), nullable=False),
    sa.Column("countries", sa.String(1024), nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Index(None, "last_seen", "user_id", "team", "verified"),
    index_of_true("team"),
)

page_visitor = table(
    "unt_page_visitor",
    sa.Column("page_id", Number, primary_key=True, autoincrement=False),
    sa.Column("visitor_id", Number, primary_key=True, autoincrement=False),
    sa.Column("user_id", Number, primary_key=True, autoincrement=False),
    count("whose_id"),
    sa.Column("last_at", Moment, nullable=False, index=True),
    sa.Index(None, "visitor_id"),
    sa.Index(None, "page_id", "whose_id", "visitor_id"),
    sa.Index(None, "page_id", "last_at", "whose_id"),
)

# The same of custom events that were done in a browser.
event_visitor = table(
    "unt_event_visitor",
    sa.Column("name", sa.String(255), primary_key=True),
    sa.Column("visitor_id", Number, primary_key=True, autoincrement=False),
    sa.Column("user_id", Number, primary_key=True, autoincrement=False),
    count("whose_id"),
    sa.Column("last_at", Moment, nullable=False, index=True),
    sa.Index(None, "visitor_id"),
    sa.Index(None, "name", "whose_id", "visitor_id"),
)
