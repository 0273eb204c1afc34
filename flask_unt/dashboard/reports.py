"""What the pages and the API show: one question to the store each."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

from flask import current_app
from flask import request

from ..state import State
from ..store.reports import BecameKnown
from ..store.reports import Origins
from ..store.reports import Overview
from ..store.reports import PageShare
from ..store.reports import UserDetail
from ..store.reports import UserList
from ..store.reports import VisitEnds
from ..store.reports import VisitorList
from .by_route import Matcher
from .by_route import RouteShare
from .by_route import pages_of
from .by_route import routes_of
from .clock import Clock
from .filters import is_id
from .filters import parse_number
from .page_list import ROUTE
from .page_list import PagesQuery
from .page_list import parse_pages
from .people_query import ANONYMOUS
from .people_query import parse_people
from .periods import parse_period

PER_PAGE = 50
FIRST_ROWS = 8
MANY_PAGES = 200
MATCHED_PAGES = 2_000
RING = 6
CARD_ROWS = 5
Args = Mapping[str, str]


def overview(state: State, args: Args, clock: Clock) -> Overview:
    period = parse_period(args, clock)
    return state.store.overview(
        since=period.since, until=period.until, now=clock.now, team=period.team
    )


def users(
    state: State,
    args: Args,
    clock: Clock,
    rows: int = PER_PAGE,
    anonymous: bool = True,
) -> UserList:
    query = parse_people(args, clock)
    return state.store.users(
        now=clock.now,
        wanted=query.filter(clock),
        sort=query.sort,
        descending=query.descending,
        page=query.page,
        per_page=rows,
        anonymous=anonymous,
    )


def visitors(
    state: State, args: Args, clock: Clock, rows: int = PER_PAGE
) -> VisitorList:
    query = parse_people({**args, "who": ANONYMOUS}, clock)
    return state.store.visitors(
        wanted=query.filter(clock),
        sort=query.sort,
        descending=query.descending,
        page=query.page,
        per_page=rows,
    )


def pages(
    state: State, args: Args, clock: Clock, limit: int = MANY_PAGES
) -> PageShare | VisitEnds | RouteShare:
    """One of the lists of pages: see ``page_list``."""
    period, query = parse_period(args, clock), parse_pages(args)
    wanted: Any = {
        "since": period.since,
        "until": period.until,
        "sort": query.sort,
        "descending": query.descending,
        "limit": limit,
        "team": period.team,
    }

    if query.by == ROUTE:
        return _by_route(state, query, wanted)

    if query.of_visits:
        return state.store.visit_ends(query.by, **wanted)

    return state.store.page_share(**wanted)


def _by_route(state: State, query: PagesQuery, wanted: Any) -> PageShare | RouteShare:
    """Of the pages that are viewed most: each is matched, one after the other."""
    most = {"sort": "count", "descending": True, "limit": MATCHED_PAGES}
    share = state.store.page_share(**wanted | most)
    matcher = Matcher(current_app, request.script_root)
    order = {name: wanted[name] for name in ("sort", "descending", "limit")}

    if query.route:
        return pages_of(share, matcher, query.route, **order)

    return routes_of(share, matcher, **order)


def origins(state: State, args: Args, clock: Clock, limit: int = CARD_ROWS) -> Origins:
    period = parse_period(args, clock)
    return state.store.origins(
        since=period.since, until=period.until, limit=limit, team=period.team
    )


def became_known(
    state: State, args: Args, clock: Clock, limit: int = CARD_ROWS
) -> BecameKnown:
    period = parse_period(args, clock)
    return state.store.became_known(
        since=period.since, until=period.until, limit=limit, team=period.team
    )


def user(state: State, args: Args, clock: Clock) -> UserDetail | None:
    id = parse_number(args.get("id", ""))
    return state.store.user(id, now=clock.now) if is_id(id) else None


REPORTS: Mapping[str, Callable[[State, Args, Clock], Any]] = {
    "overview": overview,
    "users": users,
    "visitors": visitors,
    "origins": origins,
    "became-known": became_known,
    "pages": pages,
    "user": user,
}
