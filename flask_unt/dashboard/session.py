"""The dashboard's own session: one signed cookie, apart from the host's session."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from flask import Response
from flask import request
from itsdangerous import BadData
from itsdangerous import URLSafeTimedSerializer

from ..state import State
from ..state import get_state

COOKIE = "unt_dashboard"
HOURS = 12
LIFETIME = HOURS * 3600
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
        request.environ[HELD] = _read(get_state()) or _new(STRANGER)

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

    for path in _paths(get_state()):
        _set_cookie(response, path, current_session())

    return response


def _set_cookie(response: Response, path: str, session: Session) -> None:
    response.set_cookie(
        COOKIE,
        _serializer(get_state()).dumps([session.id, session.way]),
        max_age=LIFETIME,
        path=path,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )


def _read(state: State) -> Session | None:
    try:
        id, way = _serializer(state).loads(
            request.cookies.get(COOKIE, ""), max_age=LIFETIME
        )
    except (BadData, TypeError, ValueError):
        return None

    return Session(id, way)


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


def _serializer(state: State) -> URLSafeTimedSerializer:
    """Signs with the password's hash too: a new password ends the old sessions."""
    return URLSafeTimedSerializer(
        state.secret_or_random("dashboard session"),
        salt=f"session {state.settings.dashboard_password_hash or ''}",
        signer_kwargs={"digest_method": hashlib.sha256},
    )


def _csrf_of(session: Session) -> str:
    key = get_state().secret_or_random("dashboard form")
    return hmac.new(key, session.id.encode(), hashlib.sha256).hexdigest()
