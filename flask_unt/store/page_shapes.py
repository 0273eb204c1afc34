"""What the reports on one page answer with: see ``shapes``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class PageName:
    """A page, and how it is called."""

    id: int
    title: str
    host: str
    path: str


@dataclass(frozen=True, slots=True)
class LiveView:
    """A view of a moment ago, and whose; ``since`` is when that visit began.

    ``user_id`` is None of an anonymous visitor, ``visitor_id`` where there is none.
    """

    id: str
    visitor_id: int | None
    user_id: int | None
    email: str | None
    name: str | None
    verified: bool
    device: str | None
    since: int
    at: int
    page_id: int
    title: str
    host: str
    path: str


@dataclass(frozen=True, slots=True)
class Live:
    """Who is here: ``total`` visitors, some with their last view; the newest views."""

    total: int
    here: tuple[LiveView, ...]
    newest: tuple[LiveView, ...]


@dataclass(frozen=True, slots=True)
class PagePerson:
    """Somebody who saw a page, and when they did last."""

    id: int
    email: str | None
    name: str | None
    verified: bool
    last_at: int


@dataclass(frozen=True, slots=True)
class Steps:
    """How many visits went by a page of the site, by another site, or by neither."""

    page: PageName | None
    site: str | None
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Ways:
    """The last visits to a page: how many began and ended there, and led by where."""

    visits: int
    entries: int
    exits: int
    before: tuple[Steps, ...]
    after: tuple[Steps, ...]


@dataclass(frozen=True, slots=True)
class PageDetail:
    """A page's figures. ``people`` are known, ``anonymous`` visitors are not."""

    page: PageName
    views: int
    people: int
    anonymous: int
    series: tuple[tuple[date, int], ...]
    who: tuple[PagePerson, ...]
    ways: Ways


@dataclass(frozen=True, slots=True)
class Part:
    """One of several that visits are counted by; ``name`` is None where unknown."""

    name: str | None
    visits: int
    share: float


@dataclass(frozen=True, slots=True)
class Origins:
    """Where visits came from and with what they were made, the most frequent first.

    ``visits`` are those that were looked at: the last of the period.
    """

    visits: int
    sites: tuple[Part, ...]
    campaigns: tuple[Part, ...]
    devices: tuple[Part, ...]
    countries: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class BecameKnown:
    """The page before people became known, and where those left who never were.

    ``people`` and ``visits`` are those that were looked at: the last of the period.
    """

    people: int
    visits: int
    led: tuple[Steps, ...]
    left: tuple[Steps, ...]
