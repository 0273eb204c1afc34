"""The search box: people and pages by how they are called."""

from __future__ import annotations

from flask import Response
from flask import request

from ..store.reports import FoundPages
from . import reports
from .people_query import parse_people
from .views import asked
from .views import show

PAGES = 20
NO_PAGES = FoundPages(0, ())


def search() -> Response:
    state, clock = asked()
    query = parse_people({"q": request.args.get("q", "")}, clock)
    people, pages = None, NO_PAGES

    if query.search:
        wanted = {"q": query.search}
        rows = reports.FIRST_ROWS
        people = reports.users(state, wanted, clock, rows, anonymous=False)
        pages = state.store.find_pages(query.search, limit=PAGES)

    return show(
        "search.html", clock, tab="search", query=query, people=people, pages=pages
    )
