"""The door in front of the site: tracking requests stop here, the rest pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

from werkzeug.wsgi import ClosingIterator

from ..errors import RequestRefused
from ..errors import VisitorForgotten
from ..geoip import open_countries
from ..limits import Limits
from ..limits import client_key
from ..limits import is_behind_proxy
from ..state import BLUEPRINT
from ..state import State
from ..state import refresh_columns
from .accept import RETRY_SECONDS
from .answers import Answer
from .answers import Headers
from .answers import cors_headers
from .answers import empty_answer
from .answers import gone_answer
from .answers import preflight_headers
from .answers import refusal
from .endpoints import take_2017_email
from .endpoints import take_2017_view
from .endpoints import take_batch
from .endpoints import take_email
from .origin import Judge
from .origin import Origin
from .requests import Request
from .script import FILES
from .script import serve_script
from .track import pass_on

COLUMNS_SECONDS = 0.02
COLUMNS_EVERY_SECONDS = 5.0

Environ = dict[str, Any]
WSGI = Callable[[Environ, Any], Iterable[bytes]]
Take = Callable[[Request], Answer]
Prepare = Callable[[Environ], None]
OfVisitor = Callable[[Request, str], Answer]

TAKES: dict[str, Take] = {"/e": take_batch, "/email": take_email}
OF_VISITOR: dict[str, OfVisitor] = {
    "track": take_2017_view,
    "email": take_2017_email,
}
RULES = (
    ("/unt.js", "script", ["GET"]),
    ("/unt.js.map", "script_map", ["GET"]),
    ("/unt.src.js", "script_source", ["GET"]),
    ("/e", "events", ["POST"]),
    ("/email", "email", ["POST"]),
    ("/user/<uuid:visitor>/track", "track_2017", ["POST"]),
    ("/user/<uuid:visitor>/email", "email_2017", ["POST"]),
)


def install(state: State, prepare: Prepare | None = None) -> None:
    """Put the door in front of the app, inside of the middleware it already has.

    :param prepare: is given the environment of each request that goes on to the site.
    """
    _place(state, prepare)

    for path, name, methods in RULES:
        state.app.add_url_rule(
            state.settings.prefix + path,
            endpoint=f"{BLUEPRINT}.{name}",
            methods=methods,
            build_only=True,
            provide_automatic_options=False,
        )


class Door:
    """A WSGI app that answers the tracking addresses, and calls ``app`` for others."""

    def __init__(self, app: WSGI, state: State, prepare: Prepare | None) -> None:
        self.app = app
        self._state = state
        self._prepare = prepare
        self._judge = Judge(state.settings)
        self._limits = Limits(state.settings)
        self._country_of = open_countries(state.settings.geoip)
        self._secret = state.keys.one_or_random("client address")
        self._serves = False
        self._columns_at = 0.0
        prefixes = (state.settings.prefix, *state.settings.old_prefixes)
        self._scripts = {prefix + name: name for prefix in prefixes for name in FILES}
        self._takes = {
            prefix + path: take for prefix in prefixes for path, take in TAKES.items()
        }
        self._of_visitors = tuple(f"{prefix}/user/" for prefix in prefixes)
        self._ours = tuple(f"{prefix}/" for prefix in prefixes)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        if not self._serves:
            self._state.begin_serving()
            self._serves = True

        path = environ.get("PATH_INFO", "")

        if path.startswith(self._ours):
            answer = self._answer(path, environ)

            if answer is not None:
                body = answer.send(
                    start_response, with_body=environ["REQUEST_METHOD"] != "HEAD"
                )
                after = self._after_answer()
                return ClosingIterator(body, after) if after else body

        if self._prepare is not None:
            self._prepare(environ)

        return pass_on(self._state, self.app, environ, start_response)

    def _after_answer(self) -> list[Callable[[], None]]:
        """What is to be done once the answer is sent."""
        state = self._state
        after: list[Callable[[], None]] = []

        if state.counts.is_due():
            after.append(state.counts.hand_on)

        if state.inbox_is_due:
            after.append(lambda: state.work_off_inbox(_now()))

        if self._columns_are_due():
            after.append(self._refresh_columns)

        return after

    def _refresh_columns(self) -> None:
        refresh_columns(self._state, COLUMNS_SECONDS)

    def _columns_are_due(self) -> bool:
        """Now and then, where no worker asks for them."""
        state = self._state

        if not state.host.user_columns or state.stream is not None:
            return False

        due = time.monotonic() >= self._columns_at

        if due:
            self._columns_at = time.monotonic() + COLUMNS_EVERY_SECONDS

        return due

    def _answer(self, path: str, environ: Environ) -> Answer | None:
        if path in self._scripts:
            return self._script(environ, self._scripts[path])

        take = self._takes.get(path) or self._of_visitor(path)
        return take and self._take(take, environ)

    def _of_visitor(self, path: str) -> Take | None:
        root = next((r for r in self._of_visitors if path.startswith(r)), None)
        visitor, _, name = path[len(root or path) :].partition("/")
        take = OF_VISITOR.get(name)

        if take is None or not visitor:
            return None

        return lambda request: take(request, visitor)

    def _script(self, environ: Environ, name: str) -> Answer:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _not_allowed("GET, HEAD")

        return serve_script(environ, name)

    def _take(self, take: Take, environ: Environ) -> Answer:
        settings = self._state.settings
        method = environ["REQUEST_METHOD"]

        if method not in ("POST", "OPTIONS"):
            return _not_allowed("OPTIONS, POST")

        origin = self._judge.judge(environ)
        headers = cors_headers(origin, varies=bool(settings.origins))

        if not origin.allowed:
            if origin.sender:
                self._state.counts.note("refused-sender", origin.sender, _now())

            return self._refuse(RequestRefused(403, origin.reason or "origin"), headers)

        if method == "OPTIONS":
            return empty_answer((*headers, *preflight_headers("POST")))

        try:
            request = self._request(environ, origin)
            answer = take(request)
        except RequestRefused as error:
            return self._refuse(error, headers)
        except VisitorForgotten as error:
            return _gone(request, error).with_headers(headers)
        except Exception as error:
            self._state.failures.note(error)
            return refusal(RequestRefused(503, "failed", RETRY_SECONDS), headers)

        return answer.with_headers(headers)

    def _request(self, environ: Environ, origin: Origin) -> Request:
        now = _now()
        client: bytes | None = client_key(environ, self._secret)

        if is_behind_proxy(environ):
            self._state.noticed.behind_proxy = True
            self._state.counts.note("proxy", "X-Forwarded-For", now)
            client = None

        known = client is not None
        country = self._country_of(environ.get("REMOTE_ADDR", "")) if known else None
        return Request(self._state, self._limits, environ, origin, now, client, country)

    def _refuse(self, error: RequestRefused, headers: Headers) -> Answer:
        self._state.counts.refuse(error.reason)
        return refusal(error, headers)


def _now() -> int:
    return time.time_ns() // 1_000_000


def _gone(request: Request, error: VisitorForgotten) -> Answer:
    cookie = request.cookie
    is_theirs = cookie.visitor in error.visitors
    return gone_answer(error.visitors, cookie.delete() if is_theirs else ())


def _not_allowed(methods: str) -> Answer:
    return refusal(RequestRefused(405, "method"), (("Allow", methods),))


def _place(state: State, prepare: Prepare | None) -> None:
    """Go innermost, by the attribute under which middleware keeps the next one.

    What cannot be stepped through stays inside.
    """
    app = state.app
    holder: Any = app
    name = "wsgi_app"

    while not _is_app_itself(getattr(holder, name), app):
        inner = getattr(holder, name)
        step = next((n for n in ("app", "wsgi_app") if _leads_on(inner, n, app)), None)

        if step is None:
            state.noticed.wrapped_inside = _name_of(inner)
            break

        holder, name = inner, step

    setattr(holder, name, Door(getattr(holder, name), state, prepare))


def _is_app_itself(wsgi: Any, app: object) -> bool:
    return getattr(wsgi, "__self__", None) is app


def _name_of(middleware: Any) -> str:
    return str(getattr(middleware, "__qualname__", type(middleware).__name__))


def _leads_on(middleware: Any, name: str, app: object) -> bool:
    inner = getattr(middleware, name, None)
    return callable(inner) and inner is not app
