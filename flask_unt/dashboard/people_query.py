"""Which people an address asks for, and the addresses that ask for others."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import fields
from dataclasses import replace

from ..store.reports import ALWAYS
from ..store.reports import Moments
from ..store.reports import PeopleFilter
from .clock import Clock
from .filters import is_id
from .filters import parse_number
from .filters import parse_text
from .periods import moments_of
from .periods import span_words

SORTS = ("last_access", "first_seen", "email", "visits", "views")
VISITOR_SORTS = tuple(sort for sort in SORTS if sort != "email")
OWN = "column:"
TEXT_LIMIT = 200
PATH_LIMIT = 2048
LAST_PAGE = 1_000_000
KNOWN, ANONYMOUS = "known", "anonymous"
THEIRS = "visitor"
KINDS = {"verified": True, "declared": False}
Args = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, in words, and the address without it."""

    words: str
    without: Args


@dataclass(frozen=True, slots=True)
class PeopleQuery:
    """Whom to list. Each filter is the text of its parameter, empty where it is off.

    ``seen``, ``first``, ``known`` and ``came`` are spans of days (see ``periods``).
    ``clock`` is "visitor" where times are told on their own clock.
    """

    search: str = ""
    who: str = KNOWN
    seen: str = ""
    first: str = ""
    known: str = ""
    came: str = ""
    visited: str = ""
    within: str = ""
    did: str = ""
    device: str = ""
    country: str = ""
    kind: str = ""
    own: str = ""
    team: str = ""
    sort: str = SORTS[0]
    descending: bool = True
    page: int = 1
    clock: str = ""

    @property
    def is_anonymous(self) -> bool:
        return self.who == ANONYMOUS

    def args(self, **changes: str | int | bool) -> Args:
        """The URL parameters of this query with ``changes``, defaults left out."""
        return replace(self, **changes)._args()  # type: ignore[arg-type]

    def of(self, who: str) -> Args:
        """The other list, with the same filters."""
        sort = self.sort if self.sort in _sorts(who) else SORTS[0]
        return self.args(who=who, page=1, sort=sort, descending=_descends(sort))

    def sorted_by(self, sort: str) -> Args:
        """The URL parameters that a click on a column's head leads to."""
        descending = not self.descending if sort == self.sort else _descends(sort)
        return self.args(sort=sort, descending=descending, page=1)

    def kept(self) -> Args:
        """What a form that changes the filters keeps."""
        kept = ("who", "sort", "descending", "clock")
        return PeopleQuery(**{name: getattr(self, name) for name in kept})._args()

    def chips(self, clock: Clock, page_name: str | None = None) -> list[Chip]:
        """The filters that are on; ``page_name`` is how people call the page."""
        first = replace(self, page=1)
        return [
            Chip(words, first.args(**{name: ""} | LEFT_WITH.get(name, {})))
            for name, words in self._words(clock, page_name)
        ]

    def filter(self, clock: Clock) -> PeopleFilter:
        """What the store is asked for."""
        name, separator, value = self.own.partition(":")
        number = parse_number(self.visited)
        return PeopleFilter(
            search=self.search,
            seen=_moments(self.seen, clock),
            first=_moments(self.first, clock),
            known=_moments(self.known, clock),
            came=_moments(self.came, clock),
            page=(number if is_id(number) else self.visited) or None,
            page_since=_moments(self.within, clock)[0],
            event=self.did,
            device=self.device,
            country=self.country,
            verified=KINDS.get(self.kind),
            column=(name, value) if separator else None,
            team=bool(self.team),
        )

    def _args(self) -> Args:
        wanted: Args = {}

        for each in fields(self):
            value = getattr(self, each.name)

            if each.name not in ("search", "descending") and value != each.default:
                wanted[each.name] = value

        if self.search:
            wanted["q"] = self.search

        if self.descending != _descends(self.sort):
            wanted["order"] = "desc" if self.descending else "asc"

        return wanted

    def _words(self, clock: Clock, page_name: str | None) -> Iterator[tuple[str, str]]:
        spans = {
            "seen": "Last seen",
            "first": "First seen",
            "known": "Became known",
            "came": "Came",
        }
        since = f" {span_words(self.within, clock)}" if self.within else ""
        texts = {
            "search": f"“{self.search}”",
            "visited": f"Visited {page_name or self.visited}{since}",
            "did": f"Did {self.did}",
            "device": f"On {self.device}",
            "country": f"From {self.country}",
            "kind": "Signed in" if KINDS.get(self.kind) else "Declared",
            "own": self.own.replace(":", " is ", 1),
            "team": "With the team",
        }

        for name, words in spans.items():
            if getattr(self, name):
                yield name, f"{words} {span_words(getattr(self, name), clock)}"

        for name, words in texts.items():
            if getattr(self, name):
                yield name, words


def parse_people(args: Mapping[str, str], clock: Clock) -> PeopleQuery:
    """The parameters of the list of people: what is no filter is none."""
    who = ANONYMOUS if args.get("who") == ANONYMOUS else KNOWN
    sort = args.get("sort", "")
    sort = sort if sort in _sorts(who) or _is_own(sort, who) else SORTS[0]
    order = args.get("order", "")
    kind, own = args.get("kind", ""), _text(args, "own")
    visited = parse_text(args.get("visited", ""), PATH_LIMIT)
    return PeopleQuery(
        search=_text(args, "q"),
        who=who,
        **{name: _span(args, name, clock) for name in SPANS},
        visited=visited,
        within=_span(args, "within", clock) if visited else "",
        did=_text(args, "did"),
        device=_text(args, "device").lower(),
        country=_text(args, "country").upper(),
        kind=kind if kind in KINDS else "",
        own=own if ":" in own else "",
        team="1" if args.get("team") == "1" else "",
        sort=sort,
        descending=order == "desc" if order in ("asc", "desc") else _descends(sort),
        page=max(1, min(parse_number(args.get("page", "")), LAST_PAGE)),
        clock=THEIRS if args.get("clock") == THEIRS else "",
    )


SPANS = ("seen", "first", "known", "came")
# What a filter that is taken off takes along.
LEFT_WITH = {"visited": {"within": ""}}


def _text(args: Mapping[str, str], name: str) -> str:
    return parse_text(args.get(name, ""), TEXT_LIMIT)


def _span(args: Mapping[str, str], name: str, clock: Clock) -> str:
    text = args.get(name, "")
    return "" if moments_of(text, clock) is None else text


def _moments(text: str, clock: Clock) -> Moments:
    return moments_of(text, clock) or ALWAYS


def _sorts(who: str) -> tuple[str, ...]:
    return VISITOR_SORTS if who == ANONYMOUS else SORTS


def _is_own(sort: str, who: str) -> bool:
    name = sort.removeprefix(OWN)
    return who == KNOWN and name != sort and name == parse_text(name, TEXT_LIMIT) != ""


def _descends(sort: str) -> bool:
    return sort != "email" and not sort.startswith(OWN)
