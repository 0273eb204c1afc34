"""Forgets people for good, and has the door refuse what still comes of them.

Without Redis now, the worker tells it, or the database drops what comes.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from ..errors import StreamUnavailable
from ..events import forgotten_hash
from ..store import Forgotten
from .state import State


def forget_visitor(state: State, visitor: str, now: int) -> None:
    """Erase a visitor, by uuid.

    :raises StoreUnavailable: nothing was erased.
    """
    state.store.forget_visitor(visitor, now)
    _tell(state, [visitor])


def forget_email(state: State, email: str, now: int) -> Forgotten | None:
    """Erase everybody of this address; None if nobody is known by it.

    :raises StoreUnavailable: nothing was erased.
    """
    return _told(state, state.store.forget_email(email, now))


def forget_user(state: State, id: int, now: int) -> Forgotten | None:
    """Erase one user, and all who are merged with them; None if there is none.

    :raises StoreUnavailable: nothing was erased.
    """
    return _told(state, state.store.forget_user(id, now))


def _told(state: State, forgotten: Forgotten | None) -> Forgotten | None:
    if forgotten is not None:
        _tell(state, forgotten.visitors)

    return forgotten


def _tell(state: State, visitors: Iterable[str]) -> None:
    if state.stream is not None:
        with suppress(StreamUnavailable):
            state.stream.forget(map(forgotten_hash, visitors))
