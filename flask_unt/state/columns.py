"""Asks the site for its own columns of a user, away from any request."""

from __future__ import annotations

import json
import logging
import math
import time
from typing import Any

from ..errors import UNTError
from ..events import clean_text
from ..outage import describe
from ..store import DueUser
from .state import State

NOTE = "user-columns"
USERS_AT_ONCE = 20
TEXT_LIMIT = 1000
BYTES_LIMIT = 2048

logger = logging.getLogger("flask_unt")


def refresh_columns(state: State, seconds: float) -> int:
    """Ask for the columns of users that are new, or a day old, for so long.

    Never raises. Returns how many users were asked for.
    """
    end = time.monotonic() + seconds
    asked = 0

    while state.host.user_columns:
        try:
            count = _refresh_some(state)
        except UNTError:
            return asked

        asked += count

        if count < USERS_AT_ONCE or time.monotonic() >= end:
            return asked

    return asked


def _refresh_some(state: State) -> int:
    now = time.time_ns() // 1_000_000
    due = state.store.users_due(now, USERS_AT_ONCE)

    if due:
        found = {user.id: _columns_of(state, user) for user in due}
        state.store.keep_columns(found, now)

    return len(due)


def _columns_of(state: State, user: DueUser) -> dict[str, Any]:
    """What the site says; what it fails to say stays as it was."""
    found: dict[str, Any] = {}

    for name, column in state.host.user_columns.items():
        try:
            # Each in a context of its own: one that fails leaves the next a clean one.
            with state.app.app_context():
                value = state.app.ensure_sync(column)(user.email, user.host_id)

            found[name] = _single(value)
        except Exception as error:
            _note(state, f"{name}: {describe(error)}")

            if name in user.values:
                found[name] = user.values[name]

    return _fitting(state, found)


def _single(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int)):
        return value

    if isinstance(value, float) and math.isfinite(value):
        return value

    return clean_text(str(value), TEXT_LIMIT)


def _fitting(state: State, found: dict[str, Any]) -> dict[str, Any]:
    while found and len(json.dumps(found, ensure_ascii=False).encode()) > BYTES_LIMIT:
        longest = max(found, key=lambda name: len(str(found[name])))
        del found[longest]
        _note(state, f"{longest}: the columns of a user are over {BYTES_LIMIT} bytes")

    return found


def _note(state: State, text: str) -> None:
    name = text.partition(":")[0]

    if name not in state.noticed.failing_columns:
        state.noticed.failing_columns.add(name)
        logger.error("A column of a user could not be had: %s", text)

    state.counts.note(NOTE, text, time.time_ns() // 1_000_000)
