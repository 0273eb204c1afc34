"""``/dashboard/api/<report>``: the figures of the pages as JSON."""

from __future__ import annotations

from flask import Response
from flask import request

from . import reports
from .page import figures
from .start import start_of
from .views import asked


def api(report: str) -> Response:
    state, clock = asked()

    if report == "start":
        overview = reports.overview(state, {}, clock)
        return figures(start_of(state, overview))

    if report not in reports.REPORTS:
        return figures({"error": "There is no such report."}, 404)

    found = reports.REPORTS[report](state, request.args, clock)
    return figures({"error": "Not found."}, 404) if found is None else figures(found)
