"""Reports on the whole site."""

from __future__ import annotations

from sqlalchemy import Connection

from flask_unt.store.shapes import Overview
from flask_unt.store.shapes import PageShare


def overview(
    conn: Connection,
    *,
    since: int,
    until: int,
    now: int,
    zone: str = "UTC",
    bots: str = "apart",
) -> Overview:
    """Figures of the views from ``since`` until just before ``until``.

    Visitors are counted by whole days of ``zone``: the first and the last day of the
    period count entirely.
    """
    raise NotImplementedError


def page_share(
    conn: Connection,
    *,
    user_id: int | None = None,
    since: int | None = None,
    until: int | None = None,
    limit: int = 6,
    bots: str = "apart",
) -> PageShare:
    """The most viewed pages, of one user or of everybody, and the rest as "Other"."""
    raise NotImplementedError


def live(conn: Connection, now: int, bots: str = "apart") -> int:
    """How many visitors saw a page in the last five minutes."""
    raise NotImplementedError
