"""Login links: signed, short-lived addresses that open the dashboard."""

from __future__ import annotations

import hashlib
from enum import Enum

from itsdangerous import BadData
from itsdangerous import SignatureExpired
from itsdangerous import URLSafeTimedSerializer

from ..state import State

MINUTES = 10


class Link(Enum):
    """What a link is worth: ``LATE`` was ours once, ``FALSE`` never."""

    GOOD = "good"
    LATE = "late"
    FALSE = "false"


def make_login_link(state: State) -> str:
    """The path of a link that opens the dashboard, valid for ten minutes.

    :raises ConfigError: the app has no ``SECRET_KEY`` to sign it with.
    """
    token = _serializer(state.secret("dashboard link")).dumps("open")
    return f"{state.settings.dashboard_prefix}/dashboard/login/{token}"


def check_login_link(state: State, token: str) -> Link:
    """Whether ``token`` is one of this app's links, and still valid."""
    serializer = _serializer(state.secret_or_random("dashboard link"))

    try:
        serializer.loads(token, max_age=MINUTES * 60)
    except SignatureExpired:
        return Link.LATE
    except BadData:
        return Link.FALSE

    return Link.GOOD


def _serializer(key: bytes) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        key, salt="login link", signer_kwargs={"digest_method": hashlib.sha256}
    )
