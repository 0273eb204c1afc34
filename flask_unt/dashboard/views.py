"""The dashboard's pages. The guard in ``access`` has let the viewer in before."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask import redirect
from flask import request
from flask import url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from ..errors import StoreUnavailable
from ..state import State
from ..state import get_state
from . import reports
from .clock import Clock
from .clock import now_ms
from .health import health
from .page import page
from .page_list import LISTS
from .page_list import parse_pages
from .periods import RANGES
from .periods import Period
from .periods import parse_period
from .sentences import figures_of
from .sentences import sentence_of
from .start import start_of
from .status import status_of


def overview() -> Response:
    state, clock = asked()
    report = reports.overview(state, request.args, clock)

    if report.first_view_at is None:
        return show("empty.html", clock, tab="overview", start=start_of(state, report))

    period = parse_period(request.args, clock)
    # The ring has the most frequent ones, whatever the table was sorted by.
    most = {**request.args.to_dict(), "sort": "", "order": "", "route": ""}
    return show(
        "overview.html",
        clock,
        tab="overview",
        period=period,
        ranges=RANGES,
        report=report,
        sentence=sentence_of(report, period),
        figures=figures_of(report, period),
        people=reports.users(state, _team(period), clock, rows=reports.FIRST_ROWS),
        lists=LISTS,
        listed=parse_pages(most),
        share=reports.pages(state, most, clock, limit=reports.RING),
        origins=reports.origins(state, request.args, clock),
        known=reports.became_known(state, request.args, clock),
    )


def _team(period: Period) -> dict[str, str]:
    return {"team": "1"} if period.team else {}


def status() -> Response:
    state, clock = asked()
    return show("status.html", clock, tab="status", **status_of(state, clock.now))


def home() -> AnyResponse:
    return redirect(url_for("unt_dashboard.overview"))


def elsewhere(rest: str) -> Response:
    return missing()


def missing() -> Response:
    return plain("Nothing here", "There is no such page on this dashboard.", 404)


def refused(error: HTTPException) -> Response:
    """The page for a request that a viewer may not make."""
    answer = plain(error.name, error.description or "", error.code or 400)
    answer.headers.extend(
        (name, value)
        for name, value in error.get_headers(request.environ)
        if name.lower() == "allow"
    )
    return answer


def unavailable(error: StoreUnavailable) -> Response:
    """The page for a database that does not answer: what to do, and no traceback."""
    answer = plain(
        "The database does not answer",
        "Nothing is lost: browsers and Redis keep new views until it does. Check that"
        " it runs and that UNT_DATABASE_URL is right; this page then works again.",
        503,
        detail=str(error),
    )
    answer.headers["Retry-After"] = "10"
    return answer


def asked() -> tuple[State, Clock]:
    """The app's state, and its clock at the moment of this request."""
    state = get_state()
    return state, Clock(state.settings.timezone, now_ms())


def show(name: str, clock: Clock, **values: Any) -> Response:
    """A page within the dashboard's frame."""
    state = get_state()
    return page(
        name,
        clock=clock,
        site=state.settings.server_name or request.host,
        health=health(state, clock.now),
        **values,
    )


def plain(title: str, sentence: str, status: int, detail: str = "") -> Response:
    """A page of one sentence, which asks nothing of the database or of Redis."""
    return page(
        "plain.html", status, title=title, sentence=sentence, detail=detail, tab=""
    )
