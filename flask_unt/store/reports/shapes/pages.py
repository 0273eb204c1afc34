"""What reports on one page answer with."""

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
class FoundPages:
    """Some of ``total`` pages that were asked for."""

    total: int
    rows: tuple[PageName, ...]


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
