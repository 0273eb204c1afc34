"""Reports on users and visitors."""

from __future__ import annotations

from sqlalchemy import Connection

from flask_unt.store.shapes import UserDetail
from flask_unt.store.shapes import UserList
from flask_unt.store.shapes import VisitorDetail
from flask_unt.store.shapes import VisitorUser


def users(
    conn: Connection,
    *,
    now: int,
    search: str = "",
    sort: str = "last_access",
    descending: bool = True,
    page: int = 1,
    per_page: int = 50,
    zone: str = "UTC",
    bots: str = "apart",
) -> UserList:
    """One page of the known users, those without any view included.

    ``sort`` is one of last_access, first_seen, email, visits, views (else ValueError);
    a page out of range is the nearest one.
    """
    raise NotImplementedError


def user(
    conn: Connection, id: int, *, now: int, zone: str = "UTC", bots: str = "apart"
) -> UserDetail | None:
    """A user's figures and browsers, or None if there is no such user."""
    raise NotImplementedError


def visitor(
    conn: Connection, id: int, *, bots: str = "apart"
) -> VisitorDetail | None:
    """A visitor's figures by their number, or None if there is no such visitor."""
    raise NotImplementedError


def visitor_user(conn: Connection, uuid: str) -> VisitorUser | None:
    """Whose browser this is, or None if it was never seen."""
    raise NotImplementedError
