"""Who is signed in on the site, asked in a request context of our own."""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Mapping
from importlib import import_module
from typing import Any
from typing import NamedTuple

from flask import Flask

from .errors import RequestRefused
from .events import Identity
from .events import clean_email
from .events import clean_text
from .state import State
from .state import describe
from .state import get_state

logger = logging.getLogger("flask_unt")

ID_LIMIT = 255
NAME_LIMIT = 255


class Asked(NamedTuple):
    """Who is signed in. None is nobody where the site ``told`` so, else unknown.

    ``team``: whether they are of the site's team, None is unknown. ``impersonator``:
    who acts as them.
    """

    user: Identity | None = None
    told: bool = False
    team: bool | None = None
    impersonator: Identity | None = None


def resolve_identity(app: Flask, environ: Mapping[str, Any]) -> Asked:
    """The user signed in by this request's cookies.

    Neither ``before_request`` hooks nor the session's saving run; teardowns do.
    Never raises: an error of the site's makes the request anonymous, is logged
    once, and is kept in the app's state.
    """
    state = get_state(app)

    if not can_identify(state):
        return Asked()

    try:
        asked = _ask(app, environ, state)
    except Exception as error:
        _note(state, error)
        return Asked()

    state.noticed.identity_fails = False
    return asked


def current_identity(state: State) -> Identity | None:
    """The user signed in to the current request, or who acts as them. Never raises."""
    if not can_identify(state):
        return None

    try:
        user = _ask_here(state)
        return user and (_ask_impersonator(state) or user)
    except Exception as error:
        _note(state, error)
        return None


def named_identity(user: Any) -> Identity:
    """Somebody whom the site names, by an email or a mapping.

    :raises ValueError: it names nobody.
    :raises TypeError: it is neither.
    """
    if not isinstance(user, (str, Mapping)):
        raise TypeError(
            "A user is an email or a mapping with email, id and name,"
            f" not {type(user).__name__}."
        )

    identity = _from_answer(user)

    if identity is None or (isinstance(user, str) and identity.email is None):
        raise ValueError(f"No email, and no mapping with one or an id: {user!r}.")

    return identity


def can_identify(state: State) -> bool:
    """Whether the site can be asked who is signed in."""
    return state.host.identify is not None or hasattr(state.app, "login_manager")


def _ask(app: Flask, environ: Mapping[str, Any], state: State) -> Asked:
    with app.request_context(_emptied(environ)):
        user = _ask_here(state)

        if user is None:
            return Asked(None, told=True)

        # Not knowing who really sees a page, it would be put down to the wrong one.
        actor = _ask_impersonator(state)
        team = None if actor is not None else _ask_team(state)
        return Asked(user, True, team, actor)


def _ask_impersonator(state: State) -> Identity | None:
    if state.host.impersonator is None:
        return None

    answer = state.app.ensure_sync(state.host.impersonator)()
    return _from_answer(answer, "impersonator")


def _ask_team(state: State) -> bool | None:
    """Whether the signed-in user is of the team; None where nobody can tell."""
    try:
        if state.host.is_team is not None:
            return bool(state.app.ensure_sync(state.host.is_team)())

        return _is_admin(state)
    except Exception as error:
        _note(state, error)
        return None


def _is_admin(state: State) -> bool | None:
    if not hasattr(state.app, "login_manager"):
        return None

    user = import_module("flask_login").current_user

    if not user.is_authenticated:
        return None

    is_admin = getattr(user, "is_admin", False)
    return bool(is_admin() if callable(is_admin) else is_admin)


def _ask_here(state: State) -> Identity | None:
    if state.host.identify is None:
        return _from_flask_login()

    return _from_answer(state.app.ensure_sync(state.host.identify)())


def _emptied(environ: Mapping[str, Any]) -> dict[str, Any]:
    """The request without its body, which is ours to read."""
    return {
        **environ,
        "wsgi.input": io.BytesIO(),
        "CONTENT_LENGTH": "0",
        "HTTP_TRANSFER_ENCODING": "",
    }


def _from_flask_login() -> Identity | None:
    user = import_module("flask_login").current_user

    if not user.is_authenticated:
        return None

    return _identity(
        getattr(user, "email", None), user.get_id(), getattr(user, "name", None)
    )


def _from_answer(answer: Any, name: str = "identify") -> Identity | None:
    if answer is None or answer == "":
        return None

    if isinstance(answer, str):
        return _identity(answer, None, None)

    if isinstance(answer, Mapping):
        return _identity(answer.get("email"), answer.get("id"), answer.get("name"))

    raise TypeError(
        f"{name} must return an email, a mapping with email, id and name, or None,"
        f" not {type(answer).__name__}."
    )


def _identity(email: Any, id: Any, name: Any) -> Identity | None:
    address = _email(email)

    # What a site calls an email may be any name of an account.
    if address is None and id is None and isinstance(email, str):
        id = email

    id = _text(str(id), ID_LIMIT) if id is not None else None
    name = _text(name, NAME_LIMIT) if isinstance(name, str) else None

    if address is None and id is None:
        return None

    return Identity(address, id, name)


def _email(value: Any) -> str | None:
    try:
        return clean_email(value)
    except RequestRefused:
        return None


def _text(value: str, limit: int) -> str | None:
    return clean_text(value, limit) or None


def _note(state: State, error: Exception) -> None:
    text = describe(error)

    if not state.noticed.identity_fails:
        logger.error("The signed-in user could not be asked for: %s", text)

    state.noticed.identity_fails = True
    state.noticed.identity_error = text
    state.counts.note("identity", text, time.time_ns() // 1_000_000)
