"""The lines of the lists of people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any


@dataclass(frozen=True, slots=True)
class UserRow:
    """One line of the list of users; ``days`` counts views of the last 14 days.

    ``columns`` are the site's own, as they were at ``columns_at``; ``last_offset`` is
    minutes east of UTC where they were last.
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
    last_offset: int | None = None
    devices: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()


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
