"""One page of the site: its figures, who saw it, and on the way to where."""

from __future__ import annotations

from flask import Response
from flask import request

from .filters import is_id
from .periods import RANGES
from .periods import parse_period
from .views import asked
from .views import missing
from .views import show


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
