"""The mark that an event carries: who was signed in when it was made."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator

from .kinds import Identity

NOBODY = ""
ACTING = "acting|"
MARK_BYTES = 16


def mark_of(key: bytes, visitor: str, user: Identity | None) -> str:
    """The mark of a user on a visitor; ``""`` where nobody is signed in.

    Only who has ``key`` can make it or tell whose it is.
    """
    return NOBODY if user is None else next(_marks(key, visitor, user), NOBODY)


def acting_mark_of(key: bytes, visitor: str, user: Identity) -> str:
    """The mark of who is signed in as somebody else."""
    return next(_marks(key, visitor, user, ACTING), NOBODY)


def is_acting_mark_of(mark: str, key: bytes, visitor: str, user: Identity) -> bool:
    """Whether a mark is of this user, signed in as somebody else."""
    return _is_among(mark, _marks(key, visitor, user, ACTING))


def is_mark_of(mark: str, key: bytes, visitor: str, user: Identity) -> bool:
    """Whether a mark is this user's, also from before their account had an id."""
    return _is_among(mark, _marks(key, visitor, user))


def _is_among(mark: str, made: Iterator[str]) -> bool:
    sent = mark.encode("utf-8", "replace")
    return any(hmac.compare_digest(sent, one.encode()) for one in made)


def _marks(key: bytes, visitor: str, user: Identity, before: str = "") -> Iterator[str]:
    for kind, name in (("id", user.id), ("email", user.email)):
        if name is not None:
            text = f"{before}{visitor}|{kind}|{name}".encode("utf-8", "replace")
            yield hmac.digest(key, text, hashlib.sha256)[:MARK_BYTES].hex()
