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
    """The first screen. ``previous`` is the period of equal length before this one.

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
    first_view_at: int | None
    hours_behind: int


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
class Browser:
    """A browser of a user, and why it is theirs."""

    visitor_id: int
    since: int
    reason: str
    browser: str | None
    system: str | None
    device: str | None


@dataclass(frozen=True, slots=True)
class FirstTouch:
    """Where a user came from on their first visit."""

    at: int
    referrer: str | None
    campaign: str | None
    page_title: str | None
    page_path: str | None


@dataclass(frozen=True, slots=True)
class UserDetail:
    """A user's page but for the log.

    ``also_declared`` is the number of browsers that declared this same address;
    ``days`` holds the days with views of the last 365, oldest first.
    """

    id: int
    email: str | None
    name: str | None
    verified: bool
    host_id: str | None
    created_at: int
    first_seen: int | None
    last_access: int | None
    visits: int
    views: int
    engaged_ms: int
    browsers: tuple[Browser, ...]
    first_touch: FirstTouch | None
    also_declared: int
    days: tuple[tuple[date, int], ...]


@dataclass(frozen=True, slots=True)
class LogView:
    """One page view of a log; ``utc_offset`` is minutes east of UTC."""

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
    referrer: str | None
    campaign: str | None
    views: tuple[LogView, ...]
    continued: bool


@dataclass(frozen=True, slots=True)
class Log:
    """One page of a navigation log; ``next`` is the ``before`` of the next one."""

    visits: tuple[LogVisit, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class VisitorDetail:
    """A visitor's page but for the log; ``user_id`` is whose views these are."""

    id: int
    user_id: int | None
    first_seen: int
    last_seen: int
    visits: int
    views: int


@dataclass(frozen=True, slots=True)
class VisitorUser:
    """Where a visitor's uuid leads: its number, and the user its views belong to."""

    visitor_id: int
    user_id: int | None
