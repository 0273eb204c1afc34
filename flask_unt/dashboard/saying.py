"""Who changed something here, for the row that they changed and for the log."""

from __future__ import annotations

from flask import current_app
from flask import request

from ..identity import resolve_identity
from ..state import State
from .session import LINK
from .session import PASSWORD
from .session import current_session

WAYS = {LINK: "a login link", PASSWORD: "the dashboard's password"}


def who_says(state: State) -> tuple[str, str]:
    """Who this is, to be stored, and without an address, to be logged."""
    session = current_session()

    if state.host.can_manage is None:
        way = WAYS[session.way]
        return way, way

    user = resolve_identity(current_app, request.environ).user

    if user is None:
        return "somebody of the site", "somebody of the site"

    named = f"user {user.id!r} of the site" if user.id else "a user of the site"
    return user.email or named, named
