"""``GET /me``: what this site knows about whoever asks, and nothing of anybody else.

Open to everybody, so apart from the dashboard and its guard. Who asks is told by the
visitor's cookie and by the site's own sign-in, both of which only their browser sends.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from flask import Blueprint
from flask import Flask
from flask import Response
from flask import current_app
from flask import request
from flask import url_for
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from ..cleaning import clean_visitor
from ..errors import RequestRefused
from ..errors import StoreUnavailable
from ..events import Identity
from ..identity import resolve_identity
from ..state import SHOWN
from ..state import State
from ..state import forget_visitor
from ..state import get_state
from ..store.reports import Log
from ..store.reports import OwnData
from . import assets
from .access import is_own_origin
from .clock import Clock
from .clock import now_ms
from .log import is_event
from .log import read_log
from .log import timeline
from .page import ours
from .page import page
from .page import refuse_unreadable

BLUEPRINT = "unt_me"
COOKIE = "unt"
FILES = ("dashboard.css", "me.js", "icon.svg")
WORDS = "What this site knows about you"
ASKED = tuple[Identity | None, str | None]
NOT_OURS = "Send this from the page itself: nothing was changed."
WHICH = "This browser sent no cookie of its visits, so nobody can tell which are its."
GONE = "All of it is gone. What is still on its way is dropped when it comes."


def register(app: Flask, state: State, host: str | None) -> None:
    """Mount the page, and the link to it for the site's templates."""
    blueprint = Blueprint(BLUEPRINT, __name__)
    prefix = state.settings.prefix
    options: dict[str, Any] = {"host": host, "provide_automatic_options": False}
    blueprint.url_value_preprocessor(_leave_to_us)
    blueprint.url_defaults(_name_host)
    blueprint.before_request(refuse_unreadable)
    blueprint.before_request(_begin)
    blueprint.after_request(ours)
    blueprint.register_error_handler(StoreUnavailable, _unavailable)
    blueprint.add_url_rule(f"{prefix}/me", view_func=me, methods=["GET"], **options)
    blueprint.add_url_rule(
        f"{prefix}/me", view_func=forget_me, methods=["POST"], **options
    )
    blueprint.add_url_rule(
        f"{prefix}/me.json", view_func=download, methods=["GET"], **options
    )
    blueprint.add_url_rule(
        f"{prefix}/me/<name>", view_func=file, methods=["GET"], **options
    )
    app.register_blueprint(blueprint)
    state.exemptions.add(blueprint)
    app.jinja_env.globals["unt_privacy_link"] = unt_privacy_link


def unt_privacy_link(words: str = WORDS) -> Markup:
    """A link to the page, for ``{{ unt_privacy_link() }}`` in a template."""
    return Markup('<a href="{}" rel="nofollow">{}</a>').format(
        url_for(f"{BLUEPRINT}.me"), words
    )


def me() -> Response:
    state = get_state()
    clock = Clock(state.settings.timezone, now_ms())
    identity, visitor = _who_asks(state)
    found: list[OwnData | None] = []

    def ask(before: str | None = None, after: str | None = None) -> Log:
        own = state.store.own_data(identity, visitor, before=before, after=after)
        found.append(own)

        if own is None:
            raise NotFound

        return own.log

    try:
        shown = read_log(ask, request.args, clock)
    except NotFound:
        return _page("me_unknown.html", clock, has_cookie=visitor is not None)

    has_cookie = visitor is not None
    return _page("me.html", clock, own=found[-1], shown=shown, has_cookie=has_cookie)


def forget_me() -> Response:
    """Forget this browser, its cookie included."""
    state = get_state()

    if not is_own_origin(required=True):
        return _page("plain_me.html", None, 403, title="Not done", sentence=NOT_OURS)

    visitors = list(_visitors())

    if not visitors:
        title = "Nothing was forgotten"
        return _page("plain_me.html", None, 400, title=title, sentence=WHICH)

    for visitor in visitors:
        forget_visitor(state, visitor, now_ms())

    title = "This browser is forgotten"
    answer = _page("plain_me.html", None, title=title, sentence=GONE)

    for path in ("/", *_prefixes(state)):
        answer.delete_cookie(COOKIE, path=path, httponly=True, samesite="Lax")

    return answer


def download() -> Response:
    """All of it, as a file."""
    state = get_state()
    found = state.store.export_own(*_who_asks(state))
    text = json.dumps(found or {}, indent=2, ensure_ascii=False)
    answer = Response(text, mimetype="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="about-me.json"'
    return answer


def file(name: str) -> Response:
    """The style and the script of the page, also where the dashboard is closed."""
    if name not in FILES:
        raise NotFound

    return assets.send(name)


def _who_asks(state: State) -> ASKED:
    identity = resolve_identity(current_app, request.environ).user
    return identity, next(_visitors(), None)


def _visitors() -> Iterator[str]:
    """Those whom the cookie names: a browser may send one for each of its paths."""
    for value in request.cookies.getlist(COOKIE):
        with suppress(RequestRefused):
            yield clean_visitor(value)


def _prefixes(state: State) -> tuple[str, ...]:
    root = request.script_root
    prefixes = (state.settings.prefix, *state.settings.old_prefixes)
    return tuple(root + prefix for prefix in prefixes)


def _page(name: str, clock: Clock | None, status: int = 200, **values: Any) -> Response:
    settings = get_state().settings
    return page(
        name,
        status,
        clock=clock,
        asset=_url_of,
        site=settings.server_name or request.host,
        settings=settings,
        timeline=timeline,
        is_event=is_event,
        url=partial(url_for, f"{BLUEPRINT}.me"),
        **values,
    )


def _url_of(name: str) -> str:
    if name == "dashboard.js":
        name = "me.js"

    return url_for(f"{BLUEPRINT}.file", name=name, v=assets.hashes()[name])


def _unavailable(error: StoreUnavailable) -> Response:
    sentence = "The site cannot look just now. Load this page again in a moment."
    answer = _page("plain_me.html", None, 503, title="Not now", sentence=sentence)
    answer.headers["Retry-After"] = "10"
    return answer


def _begin() -> None:
    request.environ[SHOWN] = True


def _leave_to_us(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Ours are the rule's host, and what a host's CSRF protection would ask for."""
    if values:
        values.pop("unt_host", None)

    csrf: Any = current_app.extensions.get("csrf")

    if hasattr(csrf, "exempt"):
        csrf.exempt(current_app.blueprints[BLUEPRINT])


def _name_host(endpoint: str, values: dict[str, Any]) -> None:
    if current_app.url_map.host_matching:
        values.setdefault("unt_host", request.host)
