"""The site's pages, and one of them: who saw it, and on the way to where."""

from __future__ import annotations

from flask import Response
from flask import request

from ..store.reports import VISITS_LOOKED_AT
from . import reports
from .by_route import NONE
from .filters import is_id
from .page_list import LISTS
from .page_list import parse_pages
from .periods import RANGES
from .periods import parse_period
from .views import asked
from .views import missing
from .views import show


def pages() -> Response:
    state, clock = asked()
    return show(
        "pages.html",
        clock,
        tab="pages",
        period=parse_period(request.args, clock),
        ranges=RANGES,
        lists=LISTS,
        listed=parse_pages(request.args),
        no_route=NONE,
        looked_at=VISITS_LOOKED_AT,
        share=reports.pages(state, request.args, clock),
    )


def page_detail(id: int) -> Response:
    state, clock = asked()
    period = parse_period(request.args, clock)
    found = None

    if is_id(id):
        found = state.store.page_detail(
            id,
            since=period.since,
            until=period.until,
            now=clock.now,
            team=period.team,
        )

    if found is None:
        return missing()

    return show(
        "page.html", clock, tab="pages", period=period, ranges=RANGES, detail=found
    )
