"""The ways in and out: login links, the sign-in form, the sign-out button, files."""

from __future__ import annotations

from flask import Response
from flask import current_app
from flask import redirect
from flask import request
from flask import url_for
from werkzeug.security import check_password_hash
from werkzeug.wrappers import Response as AnyResponse

from ..limits import client_key
from ..state import State
from ..state import get_state
from . import assets
from .access import has_sign_in
from .clock import now_ms
from .filters import parse_next
from .links import Link
from .links import check_login_link
from .page import page
from .session import LINK
from .session import PASSWORD
from .session import close_session
from .session import open_session
from .tries import Tries

CLOSED = "You are signed out.\n"
LATE = (
    "This link is no longer valid: links open the dashboard for 10 minutes."
    " Run `flask unt login-link` for a new one.\n"
)


def login(token: str) -> AnyResponse:
    if check_login_link(get_state(), token, now_ms()) is not Link.GOOD:
        return Response(LATE, 403, mimetype="text/plain")

    open_session(LINK)
    return redirect(url_for("unt_dashboard.overview"), 303)


def sign_in() -> AnyResponse:
    onward = parse_next(request.values.get("next"), url_for("unt_dashboard.overview"))

    if request.method != "POST":
        return _form(onward)

    state = get_state()
    tries: Tries = current_app.extensions["unt_dashboard"]
    client = client_key(request.environ, state.keys.one_or_random("dashboard tries"))

    if not tries.begin(client, now_ms()):
        return _form(onward, "Too many tries. Wait a minute, then try again.", 429)

    if not _is_password(state, request.form.get("password", "")):
        return _form(onward, "That is not the password.", 403)

    tries.forgive(client)
    open_session(PASSWORD)
    return redirect(onward, 303)


def sign_out() -> AnyResponse:
    close_session()

    if has_sign_in(get_state()):
        return redirect(url_for("unt_dashboard.sign_in"), 303)

    return Response(CLOSED, mimetype="text/plain")


def static_file(name: str) -> Response:
    return assets.send(name)


def _is_password(state: State, given: str) -> bool:
    """Whether it is; an overlong one is not, at no cost."""
    stored = state.settings.dashboard_password_hash or ""
    return len(given) <= 1_000 and check_password_hash(stored, given)


def _form(onward: str, problem: str = "", status: int = 200) -> Response:
    return page("sign_in.html", status, onward=onward, problem=problem, tab="")
