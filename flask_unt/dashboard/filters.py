"""What a dashboard URL asks for: always something that can be answered.

A parameter that is missing, unknown or out of range is read as the nearest one that
makes sense, so that an old or mistyped address still shows a page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from datetime import time
from datetime import timedelta
from urllib.parse import urlsplit

from .clock import Clock

SORTS = ("last_access", "first_seen", "email", "visits", "views")
SEARCH_LIMIT = 200
LAST_PAGE = 1_000_000
LARGEST_ID = 2**63 - 1
CURSOR_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Range:
    """A choice of days, and the words for it and for the time before it."""

    name: str
    days: int
    label: str
    words: str
    before: str
    key: str


RANGES = (
    Range("today", 1, "Today", "today", "yesterday", "t"),
    Range("7d", 7, "7 d", "in the last 7 days", "the week before", "7"),
    Range("30d", 30, "30 d", "in the last 30 days", "the 30 days before", "3"),
    Range("12m", 365, "12 m", "in the last 12 months", "the year before", ""),
)
DEFAULT_RANGE = RANGES[1]


@dataclass(frozen=True, slots=True)
class Period:
    """A range that ends now; ``since`` and ``until`` in ms since 1970."""

    range: Range
    since: int
    until: int

    @property
    def comparable(self) -> bool:
        """Whether the time before says anything: a day that just began does not."""
        return self.range.days > 1


@dataclass(frozen=True, slots=True)
class PeopleQuery:
    """Which users, in which order, from which page on."""

    search: str = ""
    sort: str = "last_access"
    descending: bool = True
    page: int = 1

    def args(self, **changes: str | int | bool) -> dict[str, str | int]:
        """The URL parameters of this query with ``changes``, defaults left out."""
        search = str(changes.get("search", self.search))
        sort = str(changes.get("sort", self.sort))
        descending = bool(changes.get("descending", self.descending))
        page = int(changes.get("page", self.page))
        wanted: dict[str, str | int] = {"q": search} if search else {}

        if sort != SORTS[0]:
            wanted["sort"] = sort

        if descending != _descends(sort):
            wanted["order"] = "desc" if descending else "asc"

        return wanted | ({"page": page} if page > 1 else {})

    def sorted_by(self, sort: str) -> dict[str, str | int]:
        """The URL parameters that a click on a column's head leads to."""
        descending = not self.descending if sort == self.sort else _descends(sort)
        return self.args(sort=sort, descending=descending, page=1)


def parse_period(args: Mapping[str, str], clock: Clock) -> Period:
    """``?range=7d``: whole days of the site's clock up to now."""
    name = args.get("range")
    chosen = next((each for each in RANGES if each.name == name), DEFAULT_RANGE)
    today = clock.at(clock.now).date()
    first = today - timedelta(days=chosen.days - 1)
    since = datetime.combine(first, time(), clock.zone)
    return Period(chosen, int(since.timestamp() * 1000), clock.now + 1)


def parse_people(args: Mapping[str, str]) -> PeopleQuery:
    """``?q=…&sort=…&order=asc|desc&page=…``."""
    sort = args.get("sort", "")
    sort = sort if sort in SORTS else SORTS[0]
    order = args.get("order", "")
    descending = order == "desc" if order in ("asc", "desc") else _descends(sort)
    return PeopleQuery(
        search=parse_text(args.get("q", ""), SEARCH_LIMIT),
        sort=sort,
        descending=descending,
        page=max(1, min(parse_number(args.get("page", "")), LAST_PAGE)),
    )


def parse_text(value: str, limit: int) -> str:
    """Printable text; a database takes neither NUL nor half a surrogate pair."""
    return "".join(letter for letter in value[:limit] if letter.isprintable()).strip()


def parse_number(value: str) -> int:
    """A whole number; 0 where it is none, or longer than any of ours."""
    if not value.isascii() or not value.isdigit() or len(value) > 30:
        return 0

    return int(value)


def is_id(number: int) -> bool:
    """Whether a database could hold this as the number of a row."""
    return 0 < number <= LARGEST_ID


def parse_cursor(args: Mapping[str, str]) -> str | None:
    """``?before=…``, the key a page of a log goes on from."""
    value = args.get("before", "")
    return value if value.isascii() and 0 < len(value) <= CURSOR_LIMIT else None


def parse_next(value: str | None, below: str) -> str:
    """The page to go on to after signing in: one of ours, else ``below`` itself.

    Rebuilt from the path, so that it cannot lead to another host.
    """
    parts = urlsplit(value or "")

    if parts.path != below and not parts.path.startswith(f"{below}/"):
        return below

    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _descends(sort: str) -> bool:
    return sort != "email"
