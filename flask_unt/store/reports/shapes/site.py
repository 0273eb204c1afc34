"""What reports on the whole site answer with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from .pages import Steps


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

    @property
    def count(self) -> int:
        """What the rows of this list are compared by."""
        return self.views


@dataclass(frozen=True, slots=True)
class PageShare:
    total: int
    rows: tuple[PageRow, ...]


@dataclass(frozen=True, slots=True)
class EndRow:
    """A page on which visits began, or ended; ``bounces`` are those of one view.

    ``page_id`` is None for the rest, "Other".
    """

    page_id: int | None
    title: str
    host: str
    path: str
    visits: int
    bounces: int
    share: float

    @property
    def count(self) -> int:
        """What the rows of this list are compared by."""
        return self.visits


@dataclass(frozen=True, slots=True)
class VisitEnds:
    """Where the last visits of a period began, or ended; ``total`` are looked at."""

    total: int
    rows: tuple[EndRow, ...]


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
