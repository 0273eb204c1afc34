"""Who may look: the one place that every request to the dashboard passes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import abort
from flask import current_app
from flask import make_response
from flask import redirect
from flask import request
from flask import url_for
from werkzeug.exceptions import Forbidden
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ..state import SHOWN
from ..state import Check
from ..state import State
from ..state import get_state
from ..urls import host_key
from ..urls import origin_host
from .clock import now_ms
from .links import Link
from .links import check_login_link
from .links import make_login_link
from .routes import READ
from .routes import Route
from .session import current_session
from .session import is_csrf_token

__all__ = ["Guard", "check_login_link", "make_login_link", "may_manage"]


class Guard:
    """Asked before every view of the blueprint, the static files included.

    Who may not look is told that there is nothing, or is shown the way to sign in;
    only then does it matter what they asked for.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = {route.endpoint: route for route in routes}

    def __call__(self) -> Response | None:
        state = get_state()
        route = self._routes[(request.endpoint or "").rpartition(".")[2]]
        refused = (route.entry or refuse_stranger)(state)

        if refused is not None:
            return refused

        request.environ[SHOWN] = True

        if request.method not in route.methods:
            raise MethodNotAllowed(valid_methods=route.methods)

        if request.method not in READ and not _is_own_form():
            raise Forbidden("This form is out of date: load its page again.")

        if route.manage and not may_manage(state):
            raise Forbidden("You may look, but not change what is stored.")

        return None


def has_sign_in(state: State) -> bool:
    """Whether there is a form to sign in with: ``can_view`` takes its place."""
    return bool(state.settings.dashboard_password_hash) and state.host.can_view is None


def may_manage(state: State) -> bool:
    """Whether this request may change what is stored."""
    if state.host.can_manage is None:
        return current_session().is_open

    return _ask(state.host.can_manage) is True


def refuse_stranger(state: State) -> Response | None:
    """What somebody who may not look gets; None for who may."""
    if state.host.can_view is not None:
        return _ask_host(state.host.can_view)

    if current_session().is_open:
        return None

    if not has_sign_in(state):
        raise NotFound

    if request.method not in READ:
        abort(401)

    asked = request.script_root + request.full_path.rstrip("?")
    return redirect(url_for("unt_dashboard.sign_in", next=asked), 303)


def refuse_without_link(state: State) -> Response | None:
    """For login links: they let in by themselves, or say that they came too late."""
    token = (request.view_args or {})["token"]

    if check_login_link(state, token, now_ms()) is Link.FALSE:
        raise NotFound

    return None


def refuse_without_form(state: State) -> Response | None:
    """For the sign-in form, which is only there with a password."""
    if not has_sign_in(state):
        raise NotFound

    return None


def refuse_unseen(state: State) -> Response | None:
    """For files that the sign-in form needs too."""
    return None if has_sign_in(state) else refuse_stranger(state)


def _ask_host(can_view: Check) -> Response | None:
    answer = _ask(can_view)

    if isinstance(answer, Response):
        return answer

    if answer is not True:
        raise NotFound

    return None


def _ask(check: Check) -> Any:
    """The host's answer: a response, or whether it is yes; an error is a no."""
    try:
        answer = current_app.ensure_sync(check)()

        if isinstance(answer, (Response, tuple)):
            return make_response(answer)

        return bool(answer)
    except HTTPException:
        return False
    except Exception:
        name = getattr(check, "__name__", type(check).__name__)
        current_app.logger.exception("UNT: %s failed, so the answer is no.", name)
        return False


def _is_own_form() -> bool:
    """Whether a change was asked for by a form of ours, in this very session."""
    return is_own_origin() and is_csrf_token(request.form.get("token", ""))


def is_own_origin(*, required: bool = False) -> bool:
    """Whether this site's own page sent the request, as the browser says.

    :param required: a request that says nothing of it does not count as ours.
    """
    site = request.headers.get("Sec-Fetch-Site")

    if site is not None:
        return site == "same-origin"

    origin = request.headers.get("Origin")

    if origin is None:
        return not required

    return origin_host(origin) in _own_hosts(origin)


def _own_hosts(origin: str) -> frozenset[str]:
    """What this site is called, behind a proxy that does not pass Host too."""
    settings = get_state().settings
    scheme = origin.partition("://")[0].lower()
    named = (request.host, settings.server_name)
    return settings.hosts | {host_key(host, scheme) for host in named if host}
