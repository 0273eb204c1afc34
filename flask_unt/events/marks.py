"""The mark that an event carries: who was signed in when it was made."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator

from .kinds import Identity

NOBODY = ""
MARK_BYTES = 16


def mark_of(key: bytes, visitor: str, user: Identity | None) -> str:
    """The mark of a user on a visitor; ``""`` where nobody is signed in.

    Only who has ``key`` can make it or tell whose it is.
    """
    return NOBODY if user is None else next(_marks(key, visitor, user), NOBODY)


def is_mark_of(mark: str, key: bytes, visitor: str, user: Identity) -> bool:
    """Whether a mark is this user's, also from before their account had an id."""
    sent = mark.encode("utf-8", "replace")
    made = _marks(key, visitor, user)
    return any(hmac.compare_digest(sent, one.encode()) for one in made)


def _marks(key: bytes, visitor: str, user: Identity) -> Iterator[str]:
    for kind, name in (("id", user.id), ("email", user.email)):
        if name is not None:
            text = f"{visitor}|{kind}|{name}".encode("utf-8", "replace")
            yield hmac.digest(key, text, hashlib.sha256)[:MARK_BYTES].hex()
