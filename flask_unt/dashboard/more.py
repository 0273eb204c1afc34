"""All rows of what the first screen shows five of."""

from __future__ import annotations

from flask import Response
from flask import request

from . import reports
from .periods import RANGES
from .periods import parse_period
from .views import asked
from .views import missing
from .views import show

ALL_ROWS = 500
CARDS = ("origins", "known", "devices")


def more(card: str) -> Response:
    if card not in CARDS:
        return missing()

    state, clock = asked()
    return show(
        "more.html",
        clock,
        tab="overview",
        card=card,
        period=parse_period(request.args, clock),
        ranges=RANGES,
        origins=reports.origins(state, request.args, clock, limit=ALL_ROWS),
        known=reports.became_known(state, request.args, clock, limit=ALL_ROWS),
    )
