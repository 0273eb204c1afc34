"""What the reports answer with.

Every moment is an ``int``: milliseconds since 1970, UTC. Every ``day`` is one of the
site's own time zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Figures:
    """A period in four figures. ``engaged_ms_median`` is that of its visits."""

    visitors: int
    views: int
    visits: int
    engaged_ms_median: int
    newly_known: int


@dataclass(frozen=True, slots=True)
class DayFigures:
    day: date
    visitors: int
    views: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The first screen.

    ``previous`` is the period of equal length before this one, ``series_before`` its
    days.

    ``hours_behind`` changed hours are not added up yet: their older figures are shown.
    """

    since: int
    until: int
    visitors: int
    views: int
    visits: int
    engaged_ms_median: int
    newly_known: int
    previous: Figures
    here_now: int
    series: tuple[DayFigures, ...]
    not_counted_bots: int
    not_counted_team: int
    first_view_at: int | None
    hours_behind: int
    series_before: tuple[DayFigures, ...] = ()


@dataclass(frozen=True, slots=True)
class PageRow:
    """A page and its part of all views; ``page_id`` is None for the rest, "Other"."""

    page_id: int | None
    title: str
    host: str
    path: str
    views: int
    share: float


@dataclass(frozen=True, slots=True)
class PageShare:
    total: int
    rows: tuple[PageRow, ...]


@dataclass(frozen=True, slots=True)
class UserRow:
    """One line of the list of users; ``days`` counts views of the last 14 days.

    ``columns`` are the site's own, as they were at ``columns_at``.
    """

    id: int
    email: str | None
    name: str | None
    verified: bool
    first_seen: int | None
    last_access: int | None
    visits: int
    views: int
    browsers: int
    last_page_title: str | None
    last_page_path: str | None
    days: tuple[int, ...]
    columns: Mapping[str, Any] = field(default_factory=dict)
    columns_at: int | None = None


@dataclass(frozen=True, slots=True)
class UserList:
    """One page of users; ``page`` is the one that is shown, from 1 to ``pages``."""

    rows: tuple[UserRow, ...]
    total: int
    page: int
    pages: int
    anonymous_visitors: int


@dataclass(frozen=True, slots=True)
class VisitorRow:
    """One line of the list of anonymous visitors."""

    id: int
    first_seen: int
    last_access: int
    visits: int
    views: int
    devices: tuple[str, ...]
    countries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VisitorList:
    """One page of visitors; ``page`` is the one that is shown, from 1 to ``pages``."""

    rows: tuple[VisitorRow, ...]
    total: int
    page: int
    pages: int


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
class LogView:
    """One page view of a log; ``utc_offset`` is minutes east of UTC.

    ``acting``: they saw it as somebody else, on whose behalf they acted.
    """

    id: str
    local_time: int
    utc_offset: int
    server_time: int
    title: str
    host: str
    path: str
    engaged_ms: int | None
    scroll: int | None
    status: int | None
    kind: str | None
    skewed: bool
    acting: bool


@dataclass(frozen=True, slots=True)
class LogEvent:
    """A custom event within a visit."""

    name: str
    props: Mapping[str, Any]
    local_time: int
    utc_offset: int
    server_time: int


@dataclass(frozen=True, slots=True)
class LogVisit:
    """A visit and its views on this page of the log, both newest first.

    ``continued``: newer views of it were on the page of the log before this one.
    """

    id: str
    visitor_id: int | None
    started_at: int
    last_at: int
    utc_offset: int
    zone: str | None
    device: str | None
    browser: str | None
    system: str | None
    language: str | None
    country: str | None
    referrer: str | None
    campaign: str | None
    views: tuple[LogView, ...]
    events: tuple[LogEvent, ...]
    continued: bool


@dataclass(frozen=True, slots=True)
class Log:
    """One page of a navigation log.

    ``next`` is the ``before`` of the page of older views, ``previous`` the ``after``
    of the page of newer ones.
    """

    visits: tuple[LogVisit, ...]
    next: str | None
    previous: str | None


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
