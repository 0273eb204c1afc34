"""The pages of one person, and of a browser that nobody is known of."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from flask import redirect
from flask import request
from flask import url_for
from werkzeug.wrappers import Response

from ..state import State
from ..state import get_state
from ..store.reports import Log
from .access import may_manage
from .clock import Clock
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

    if person is not None:
        ask = partial(state.store.navigation_log, id)
        return _show("person.html", state, clock, ask, person=person)

    whose = state.store.who_in_the_end(id) if is_id(id) else None
    return missing() if whose is None or whose == id else _go_to_user(whose)


def visitor(id: int) -> Response:
    state, clock = asked()
    found = state.store.visitor(id, now=clock.now) if is_id(id) else None

    if found is None:
        return missing()

    if found.user_id is not None:
        return _go_to_user(found.user_id)

    ask = partial(state.store.visitor_log, id)
    return _show("visitor.html", state, clock, ask, visitor=found)


def visitor_by_uuid(uuid: UUID) -> Response:
    """The 2017 address of a visitor, which leads to the page of today."""
    found = get_state().store.visitor_user(str(uuid))

    if found is None:
        return missing()

    if found.user_id is not None:
        return _go_to_user(found.user_id)

    return redirect(url_for("unt_dashboard.visitor", id=found.visitor_id))


def _show(
    name: str, state: State, clock: Clock, ask: Callable[..., Log], **whose: Any
) -> Response:
    """The page of somebody, with the part of their log that the address asks for."""
    return show(
        name,
        clock,
        tab="people",
        shown=read_log(ask, request.args, clock),
        clocks=CLOCKS,
        timeline=timeline,
        is_event=is_event,
        today=clock.today,
        manages=may_manage(state),
        **whose,
    )


def _go_to_user(id: int) -> Response:
    return redirect(url_for("unt_dashboard.user", id=id))
