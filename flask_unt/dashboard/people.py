"""The list of people: those who are known, and the anonymous visitors."""

from __future__ import annotations

from flask import Response
from flask import request

from ..state import State
from . import reports
from .filters import is_id
from .filters import parse_number
from .people_query import OWN
from .people_query import PeopleQuery
from .people_query import parse_people
from .periods import RANGES
from .reports import PER_PAGE
from .views import asked
from .views import show

DEVICES = ("desktop", "mobile", "tablet", "other")


def users() -> Response:
    state, clock = asked()
    query = parse_people(request.args, clock)
    known, anonymous = (1, PER_PAGE) if query.is_anonymous else (PER_PAGE, 1)
    people = reports.users(state, request.args, clock, rows=known)
    visitors = reports.visitors(state, request.args, clock, rows=anonymous)
    own = list(dict.fromkeys(name for row in people.rows for name in row.columns))
    return show(
        "people.html",
        clock,
        tab="people",
        query=query,
        people=people,
        visitors=visitors,
        shown=visitors if query.is_anonymous else people,
        chips=query.chips(clock, _page_name(state, query)),
        own=own,
        own_sort=OWN,
        ranges=RANGES,
        devices=DEVICES,
    )


def _page_name(state: State, query: PeopleQuery) -> str | None:
    """How people call the page that is asked for by its number."""
    number = parse_number(query.visited)
    page = state.store.page(number) if is_id(number) else None
    return None if page is None else page.title or page.path
