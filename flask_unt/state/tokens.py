"""Signed tokens that say who somebody is, for pages that have no session here."""

from __future__ import annotations

import hashlib
from typing import Any

from itsdangerous import BadData
from itsdangerous import URLSafeSerializer

from ..errors import ConfigError
from ..events import Identity
from .state import State

PURPOSE = "identity token"


def make_token(state: State, user: Identity, until: int) -> str:
    """A token of this site that is worth something ``until`` then, in ms since 1970.

    :raises ConfigError: the app has no ``SECRET_KEY`` to sign it with.
    """
    keys = state.keys.all(PURPOSE)

    if not keys:
        raise ConfigError("Set SECRET_KEY: UNT signs with a key derived from it.")

    signed: str = _serializer(keys[0]).dumps(
        [user.email, user.id, until, state.site_id()]
    )
    return signed


def read_token(state: State, token: str, now: int) -> Identity | None:
    """Who somebody is by a token; None if it is none of this site, or too old."""
    for key in state.keys.all(PURPOSE):
        try:
            email, id, until, site = _serializer(key).loads(token)
        except (BadData, ValueError, TypeError):
            continue

        if now < until and _is_ours(state, site):
            return Identity(email, id, None)

    return None


def _is_ours(state: State, site: Any) -> bool:
    """Two sites may share a key. Without their database, neither knows its name."""
    return site is None or state.site_id() in (None, site)


def _serializer(key: bytes) -> URLSafeSerializer:
    return URLSafeSerializer(
        key, salt=PURPOSE, signer_kwargs={"digest_method": hashlib.sha256}
    )
