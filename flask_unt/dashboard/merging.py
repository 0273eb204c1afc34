"""Who is whom, said by hand: merges, and typed addresses that are somebody else's."""

from __future__ import annotations

import logging

from flask import redirect
from flask import request
from flask import url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from ..errors import MergeRefused
from ..state import State
from ..store.reports import PeopleFilter
from ..store.reports import UserDetail
from .filters import is_id
from .filters import parse_number
from .filters import parse_text
from .saying import who_says
from .views import asked
from .views import missing
from .views import show

CANDIDATES = 8
SEARCH_LIMIT = 200

logger = logging.getLogger("flask_unt")


def merge(id: int) -> Response:
    """Look for somebody, ask whether it is the same person, and make it so."""
    state, clock = asked()
    person = _user(state, id, clock.now)

    if person is None:
        return missing()

    other = _user(state, parse_number(request.values.get("with", "")), clock.now)

    if other is not None and request.method == "POST":
        return _change(state, "merged into", other.id, id, now=clock.now)

    search = parse_text(request.args.get("q", ""), SEARCH_LIMIT)
    wanted = PeopleFilter(search=search, team=True)
    found = state.store.users(now=clock.now, wanted=wanted, per_page=CANDIDATES + 1)
    return show(
        "merge.html",
        clock,
        tab="people",
        person=person,
        other=None if other is None or other.id == id else other,
        search=search,
        found=[row for row in found.rows if row.id != id][:CANDIDATES],
    )


def part(id: int) -> Response:
    """Take a merge back."""
    state, _ = asked()
    return _change(state, "parted from", _number("member"), id)


def claim(id: int) -> Response:
    """Say that an address which was typed in a browser is not its, or is after all."""
    state, clock = asked()
    browser, member = _number("browser"), _number("member")
    by, words = who_says(state)

    if request.form.get("undo") == "yes":
        state.store.undo_claim(browser, member, clock.now, by)
        logger.info("Browser %s is not user %s's, says %s.", browser, member, words)
    else:
        state.store.restore_claim(browser, member)
        logger.info("Browser %s is user %s's, says %s.", browser, member, words)

    return _back(state, id)


def _change(
    state: State, what: str, id: int, other: int, now: int | None = None
) -> Response:
    by, words = who_says(state)

    try:
        if now is None:
            state.store.take_back_merge(id)
        else:
            state.store.merge_users(id, other, now, by)
    except MergeRefused as error:
        raise BadRequest(str(error)) from None

    logger.info("User %s was %s user %s, by %s.", id, what, other, words)
    return _back(state, other)


def _back(state: State, id: int) -> Response:
    whose = state.store.who_in_the_end(id) if is_id(id) else None
    return redirect(url_for("unt_dashboard.user", id=whose or id), 303)


def _user(state: State, id: int, now: int) -> UserDetail | None:
    return state.store.user(id, now=now) if is_id(id) else None


def _number(name: str) -> int:
    number = parse_number(request.form.get(name, ""))

    if not is_id(number):
        raise BadRequest("This form is not complete: load its page again.")

    return number
