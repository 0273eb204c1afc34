"""Which list of pages an address asks for, and the addresses of the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import fields
from dataclasses import replace

from ..store.reports import PAGE_SORTS
from .filters import parse_text

TOP, ENTRY, EXIT, ROUTE = "top", "entry", "exit", "route"
LISTS = {TOP: "Top", ENTRY: "Entry", EXIT: "Exit", ROUTE: "By route"}
RULE_LIMIT = 2048
DEFAULT_SORT = PAGE_SORTS[0]


@dataclass(frozen=True, slots=True)
class PagesQuery:
    """All pages, where visits began or ended, or the site's routes.

    ``route`` is the rule whose pages are to be listed, empty for all routes.
    """

    by: str = TOP
    route: str = ""
    sort: str = DEFAULT_SORT
    descending: bool = True

    @property
    def lists_routes(self) -> bool:
        """Whether the rows are routes, and not pages."""
        return self.by == ROUTE and not self.route

    @property
    def of_visits(self) -> bool:
        """Whether visits are counted, and not views."""
        return self.by in (ENTRY, EXIT)

    def args(self, **changes: str | bool) -> dict[str, str]:
        """The URL parameters of this query with ``changes``, defaults left out."""
        query = replace(self, **changes)  # type: ignore[arg-type]
        wanted = {
            each.name: getattr(query, each.name)
            for each in fields(query)
            if each.name != "descending" and getattr(query, each.name) != each.default
        }

        if query.descending != _descends(query.sort):
            wanted["order"] = "desc" if query.descending else "asc"

        return wanted

    def of(self, by: str) -> dict[str, str]:
        """The URL parameters of another list, sorted like this one."""
        return self.args(by=by, route="")

    def sorted_by(self, sort: str) -> dict[str, str]:
        """The URL parameters that a click on a column's head leads to."""
        descending = not self.descending if sort == self.sort else _descends(sort)
        return self.args(sort=sort, descending=descending)


def parse_pages(args: Mapping[str, str]) -> PagesQuery:
    """``?by=entry&sort=page&order=desc``: what is no list is that of all pages."""
    by, sort, order = args.get("by", ""), args.get("sort", ""), args.get("order", "")
    by = by if by in LISTS else TOP
    sort = sort if sort in PAGE_SORTS else DEFAULT_SORT
    return PagesQuery(
        by=by,
        route=parse_text(args.get("route", ""), RULE_LIMIT) if by == ROUTE else "",
        sort=sort,
        descending=order == "desc" if order in ("asc", "desc") else _descends(sort),
    )


def _descends(sort: str) -> bool:
    return sort == DEFAULT_SORT
