"""A navigation log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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
