"""What is told of one user, or of one visitor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from .site import PageShare


@dataclass(frozen=True, slots=True)
class Link:
    """What says that a browser is a user's: a sign-in, a typed address, …

    ``undone_at``: when somebody said that it is not so.
    """

    user_id: int
    reason: str
    since: int
    until: int
    name: str | None
    verified: bool
    undone_at: int | None


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser of a user, and why it is theirs.

    ``others`` are other people who signed in there, by number and name.
    """

    visitor_id: int
    first_seen: int
    last_seen: int
    browser: str | None
    system: str | None
    device: str | None
    country: str | None
    links: tuple[Link, ...]
    others: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Member:
    """One of the users who are one person; ``merged_with`` is None for the first."""

    id: int
    email: str | None
    name: str | None
    verified: bool
    host_id: str | None
    created_at: int
    merged_with: int | None
    merged_at: int | None
    merged_by: str | None


@dataclass(frozen=True, slots=True)
class FirstTouch:
    """Where a user came from on their first visit."""

    at: int
    utc_offset: int | None
    referrer: str | None
    campaign: str | None
    page_id: int | None
    page_title: str | None
    page_path: str | None


@dataclass(frozen=True, slots=True)
class BeforeKnown:
    """What came before a user was known: ``views`` at most, and the last page.

    ``is_more``: there were more views than that.
    """

    known_at: int
    views: int
    is_more: bool
    page_id: int | None
    page_title: str | None
    page_path: str | None


@dataclass(frozen=True, slots=True)
class UserDetail:
    """A user's page but for the log.

    ``last_offset``: minutes east of UTC where they were last. ``also_declared`` is the
    number of other browsers that declared this address. ``days`` are those of the last
    365 on which visits began, with the views of these, oldest first. ``favourites``
    are of the newest views. ``columns`` are the site's own, as of ``columns_at``.
    """

    id: int
    email: str | None
    name: str | None
    verified: bool
    host_id: str | None
    created_at: int
    first_seen: int | None
    last_access: int | None
    last_offset: int | None
    visits: int
    views: int
    members: tuple[Member, ...]
    browsers: tuple[Browser, ...]
    more_browsers: int
    first_touch: FirstTouch | None
    before_known: BeforeKnown | None
    also_declared: int
    days: tuple[tuple[date, int], ...]
    favourites: PageShare
    columns: Mapping[str, Any]
    columns_at: int | None


@dataclass(frozen=True, slots=True)
class VisitorDetail:
    """A visitor's page but for the log; ``user_id`` is whose views these are."""

    id: int
    user_id: int | None
    first_seen: int
    last_seen: int
    last_offset: int | None
    visits: int
    views: int
    browser: Browser
    first_touch: FirstTouch | None
    days: tuple[tuple[date, int], ...]
    favourites: PageShare


@dataclass(frozen=True, slots=True)
class VisitorUser:
    """Where a visitor's uuid leads: its number, and the user its views belong to."""

    visitor_id: int
    user_id: int | None
