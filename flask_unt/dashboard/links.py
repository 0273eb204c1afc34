"""Login links: signed, short-lived addresses that open the dashboard."""

from __future__ import annotations

import hashlib
from enum import Enum

from itsdangerous import BadData
from itsdangerous import URLSafeSerializer

from ..state import State
from .clock import now_ms
from .format import MINUTE

LIFETIME = 10 * MINUTE


class Link(Enum):
    """What a link is worth: ``LATE`` was ours once, ``FALSE`` never."""

    GOOD = "good"
    LATE = "late"
    FALSE = "false"


def make_login_link(state: State, now: int | None = None) -> str:
    """The path of a link that opens the dashboard, valid for ten minutes.

    :raises ConfigError: the app has no ``SECRET_KEY`` to sign it with.
    """
    until = (now_ms() if now is None else now) + LIFETIME
    token = _serializer(state.keys.one("dashboard link")).dumps(until)
    return f"{state.settings.dashboard_prefix}/dashboard/login/{token}"


def check_login_link(state: State, token: str, now: int) -> Link:
    """Whether ``token`` is one of this app's links, and still valid."""
    serializer = _serializer(state.keys.one_or_random("dashboard link"))

    try:
        until = serializer.loads(token)
    except BadData:
        return Link.FALSE

    return Link.GOOD if now < until else Link.LATE


def _serializer(key: bytes) -> URLSafeSerializer:
    return URLSafeSerializer(
        key, salt="login link", signer_kwargs={"digest_method": hashlib.sha256}
    )
