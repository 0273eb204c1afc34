"""Navigation logs: page views in order, newest first, grouped by visit."""

from __future__ import annotations

from sqlalchemy import Connection

from flask_unt.store.shapes import Log


def navigation_log(
    conn: Connection,
    user_id: int,
    *,
    before: str | None = None,
    limit: int = 100,
    bots: str = "apart",
) -> Log:
    """A page of a user's log, the one after ``before`` (a ``Log.next``).

    Raises ValueError if ``before`` is not one.
    """
    raise NotImplementedError


def visitor_log(
    conn: Connection,
    visitor_id: int,
    *,
    before: str | None = None,
    limit: int = 100,
    bots: str = "apart",
) -> Log:
    """The same of one browser, whoever used it."""
    raise NotImplementedError
