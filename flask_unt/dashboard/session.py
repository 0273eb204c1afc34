"""The dashboard's own session: one signed cookie, apart from the host's session."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from flask import Response
from flask import request
from itsdangerous import BadData
from itsdangerous import URLSafeSerializer

from ..state import State
from ..state import get_state
from .clock import now_ms
from .format import HOUR
from .format import SECOND

COOKIE = "unt_dashboard"
LIFETIME = 12 * HOUR
LINK = "link"
PASSWORD = "password"
STRANGER = "stranger"
# Kept in the environ: ``g`` outlives a request where a context was pushed before.
HELD = "flask_unt.dashboard.session"
CHANGED = "flask_unt.dashboard.session_changed"


@dataclass(frozen=True, slots=True)
class Session:
    """Who holds the cookie: ``way`` is how they came in, if they did at all."""

    id: str
    way: str

    @property
    def is_open(self) -> bool:
        return self.way in (LINK, PASSWORD)


def current_session() -> Session:
    """The session of this request; a new stranger's where there is none."""
    if HELD not in request.environ:
        cookie = request.cookies.get(COOKIE, "")
        found = unseal(get_state(), cookie, now_ms())
        request.environ[HELD] = found or _new(STRANGER)

    session: Session = request.environ[HELD]
    return session


def open_session(way: str) -> None:
    """Let the holder in, under a new id: one that was planted before is worthless."""
    request.environ[HELD] = _new(way)
    request.environ[CHANGED] = True


def close_session() -> None:
    """Forget the holder, here and in their browser."""
    request.environ[HELD] = _new(STRANGER)
    request.environ[CHANGED] = True


def csrf_token() -> str:
    """What a form of this session must send along; a stranger is remembered for it."""
    session = current_session()

    if not session.is_open:
        request.environ[CHANGED] = True

    return _csrf_of(session)


def is_csrf_token(value: str) -> bool:
    return hmac.compare_digest(_csrf_of(current_session()).encode(), value.encode())


def save_session(response: Response) -> Response:
    """Set the cookie on the paths it is for, if this request changed it."""
    if not request.environ.get(CHANGED):
        return response

    state = get_state()
    cookie = seal(state, current_session(), now_ms())

    for path in _paths(state):
        _set_cookie(response, path, cookie)

    return response


def seal(state: State, session: Session, now: int) -> str:
    """The cookie of a session that begins now."""
    sealed = _serializer(state).dumps([session.id, session.way, now + LIFETIME])
    return str(sealed)


def unseal(state: State, cookie: str, now: int) -> Session | None:
    """The session of a cookie; None if it is not ours, or over."""
    try:
        id, way, until = _serializer(state).loads(cookie)
    except BadData:
        return None

    return Session(id, way) if now < until else None


def _set_cookie(response: Response, path: str, cookie: str) -> None:
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=LIFETIME // SECOND,
        path=path,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )


def _new(way: str) -> Session:
    return Session(secrets.token_hex(16), way)


def _paths(state: State) -> tuple[str, str]:
    """The dashboard, and the 2017 address of a visitor beside it."""
    root = request.script_root
    settings = state.settings
    return (
        f"{root}{settings.dashboard_prefix}/dashboard",
        f"{root}{settings.prefix}/user",
    )


def _serializer(state: State) -> URLSafeSerializer:
    """Signs with the password's hash too: a new password ends the old sessions."""
    return URLSafeSerializer(
        state.keys.one_or_random("dashboard session"),
        salt=f"session {state.settings.dashboard_password_hash or ''}",
        signer_kwargs={"digest_method": hashlib.sha256},
    )


def _csrf_of(session: Session) -> str:
    key = get_state().keys.one_or_random("dashboard form")
    return hmac.new(key, session.id.encode(), hashlib.sha256).hexdigest()
