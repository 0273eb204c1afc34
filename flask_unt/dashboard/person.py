"""The pages of one person, and of a browser that nobody is known of."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from flask import redirect
from flask import request
from flask import url_for
from werkzeug.wrappers import Response

from ..state import get_state
from .access import may_manage
from .filters import is_id
from .log import CLOCKS
from .log import is_event
from .log import read_log
from .log import timeline
from .views import asked
from .views import missing
from .views import show


def user(id: int) -> Response:
    state, clock = asked()
    person = state.store.user(id, now=clock.now) if is_id(id) else None

    if person is None:
        whose = state.store.who_in_the_end(id) if is_id(id) else None

        if whose is None or whose == id:
            return missing()

        return redirect(url_for("unt_dashboard.user", id=whose))

    return show(
        "person.html",
        clock,
        tab="people",
        person=person,
        shown=read_log(partial(state.store.navigation_log, id), request.args, clock),
        today=clock.today,
        manages=may_manage(state),
        **OF_LOG,
    )


def visitor(id: int) -> Response:
    state, clock = asked()
    found = state.store.visitor(id, now=clock.now) if is_id(id) else None

    if found is None:
        return missing()

    if found.user_id is not None:
        return redirect(url_for("unt_dashboard.user", id=found.user_id))

    return show(
        "visitor.html",
        clock,
        tab="people",
        visitor=found,
        shown=read_log(partial(state.store.visitor_log, id), request.args, clock),
        today=clock.today,
        manages=may_manage(state),
        **OF_LOG,
    )


def visitor_by_uuid(uuid: UUID) -> Response:
    """The 2017 address of a visitor, which leads to the page of today."""
    found = get_state().store.visitor_user(str(uuid))

    if found is None:
        return missing()

    if found.user_id is not None:
        return redirect(url_for("unt_dashboard.user", id=found.user_id))

    return redirect(url_for("unt_dashboard.visitor", id=found.visitor_id))


OF_LOG = {"clocks": CLOCKS, "timeline": timeline, "is_event": is_event}
