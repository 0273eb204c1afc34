"""The list of people: those who are known, and the anonymous visitors."""

from __future__ import annotations

from flask import Response
from flask import request

from ..state import State
from ..store.reports import UserList
from ..store.reports import VisitorList
from . import reports
from .clock import Clock
from .filters import is_id
from .filters import parse_number
from .people_query import OWN
from .people_query import PeopleQuery
from .people_query import parse_people
from .periods import RANGES
from .views import asked
from .views import show

DEVICES = ("desktop", "mobile", "tablet", "other")
# What is counted for the tab that is not shown.
MANY = 10_000


def users() -> Response:
    state, clock = asked()
    query = parse_people(request.args, clock)
    shown = _shown(state, query, clock)
    return show(
        "people.html",
        clock,
        tab="people",
        query=query,
        shown=shown,
        counts=_counts(state, query, clock, shown.total),
        many=MANY,
        chips=query.chips(clock, _page_name(state, query)),
        own=_own(shown),
        own_sort=OWN,
        ranges=RANGES,
        devices=DEVICES,
    )


def _shown(state: State, query: PeopleQuery, clock: Clock) -> UserList | VisitorList:
    if query.is_anonymous:
        return reports.visitors(state, request.args, clock)

    return reports.users(state, request.args, clock, anonymous=False)


def _counts(
    state: State, query: PeopleQuery, clock: Clock, total: int
) -> tuple[int, int | None]:
    """How many known people and anonymous visitors are like that, if that is fast."""
    wanted = query.filter(clock)

    # One more than that is many.
    if query.is_anonymous:
        return state.store.count_users(wanted=wanted, limit=MANY + 1), total

    if wanted.reads_all:
        return total, None

    return total, state.store.count_visitors(wanted=wanted, limit=MANY + 1)


def _own(shown: UserList | VisitorList) -> list[str]:
    """The names of the site's own columns."""
    if isinstance(shown, VisitorList):
        return []

    return list(dict.fromkeys(name for row in shown.rows for name in row.columns))


def _page_name(state: State, query: PeopleQuery) -> str | None:
    """How people call the page that is asked for by its number."""
    number = parse_number(query.visited)
    page = state.store.page(number) if is_id(number) else None
    return None if page is None else page.title or page.path
