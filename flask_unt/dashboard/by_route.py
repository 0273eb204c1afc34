"""The site's pages by its routes: each path is matched as the app would match it.

The database knows paths, not routes: these may change with every release.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from typing import TypeVar
from urllib.parse import unquote

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from ..store.reports import PageRow
from ..store.reports import PageShare

Route = tuple[str, str]
# As a rule, in an address: a rule begins with a slash.
NONE = "-"


@dataclass(frozen=True, slots=True)
class RouteRow:
    """A rule of the app, such as ``/user/<name>``, and the pages that it serves.

    ``rule`` is ``-`` for pages that no rule serves, None for the rest, "Other".
    """

    rule: str | None
    endpoint: str | None
    title: str
    pages: int
    views: int
    share: float

    @property
    def page_id(self) -> None:
        """It is no page."""

    @property
    def count(self) -> int:
        """What the rows of this list are compared by."""
        return self.views


Row = TypeVar("Row", PageRow, RouteRow)


@dataclass(frozen=True, slots=True)
class RouteShare:
    """How views spread over routes; ``total`` are those of all pages."""

    total: int
    rows: tuple[RouteRow, ...]


class Matcher:
    """Tells which route serves a page of the site."""

    def __init__(self, app: Flask, root: str = "") -> None:
        self._app = app
        self._root = root
        self._adapters: dict[str, MapAdapter | None] = {}

    def route_of(self, page: PageRow) -> Route | None:
        """Its rule and endpoint; None if the app would not serve it."""
        # A kept query and a route of the browser's are no part of the path.
        path = unquote(page.path.partition("#")[0].partition("?")[0])

        if page.host not in self._adapters:
            self._adapters[page.host] = self._adapter_of(page.host)

        adapter = self._adapters[page.host]

        if adapter is None or not path.startswith(f"{self._root}/"):
            return None

        try:
            rule, _ = adapter.match(
                path.removeprefix(self._root), method="GET", return_rule=True
            )
        except HTTPException:
            return None

        return rule.rule, rule.endpoint

    def _adapter_of(self, host: str) -> MapAdapter | None:
        """The app's rules as that host has them; None if it has none."""
        url_map, name = self._app.url_map, self._app.config["SERVER_NAME"]

        try:
            if url_map.host_matching or not (self._app.subdomain_matching and name):
                return url_map.bind(host)

            if host == name:
                return url_map.bind(name)

            subdomain = host.removesuffix(f".{name}")
            return (
                None if subdomain == host else url_map.bind(name, subdomain=subdomain)
            )
        except HTTPException:
            return None


def routes_of(
    share: PageShare,
    matcher: Matcher,
    *,
    sort: str = "count",
    descending: bool = True,
    limit: int = 6,
) -> RouteShare:
    """These pages by their routes, those beyond ``limit`` and the rest as "Other"."""
    pages = defaultdict(list)

    for page in _named(share):
        pages[matcher.route_of(page)].append(page)

    found = [_row(route, each, share.total) for route, each in pages.items()]
    rows = in_order(found, sort, descending)[:limit]
    rest = share.total - sum(row.views for row in rows)

    if rest > 0:
        others = len(_named(share)) - sum(row.pages for row in rows)
        rows.append(RouteRow(None, None, "Other", others, rest, rest / share.total))

    return RouteShare(share.total, tuple(rows))


def pages_of(
    share: PageShare,
    matcher: Matcher,
    rule: str,
    *,
    sort: str = "count",
    descending: bool = True,
    limit: int = 6,
) -> PageShare:
    """The pages of one rule, with their shares of its views."""
    pages = [page for page in _named(share) if _is_of(matcher.route_of(page), rule)]
    views = sum(page.views for page in pages)
    rows = [replace(page, share=page.views / views) for page in pages]
    shown = in_order(rows, sort, descending)[:limit]
    rest = views - sum(row.views for row in shown)

    if rest > 0:
        shown.append(PageRow(None, "Other", "", "", rest, rest / views))

    return PageShare(views, tuple(shown))


def in_order(rows: Sequence[Row], sort: str, descending: bool) -> list[Row]:
    """By their counts, or by how they are called."""
    if sort == "page":
        return sorted(rows, key=lambda row: row.title.lower(), reverse=descending)

    return sorted(rows, key=lambda row: row.count, reverse=descending)


def _named(share: PageShare) -> list[PageRow]:
    return [row for row in share.rows if row.page_id is not None]


def _is_of(route: Route | None, rule: str) -> bool:
    return rule == (NONE if route is None else route[0])


def _row(route: Route | None, pages: Sequence[PageRow], everything: int) -> RouteRow:
    rule, endpoint = route or (NONE, None)
    views = sum(page.views for page in pages)
    return RouteRow(
        rule=rule,
        endpoint=endpoint,
        title="No route" if route is None else rule,
        pages=len(pages),
        views=views,
        share=views / everything,
    )
