"""A made-up entry, to see whether the database takes any."""

from __future__ import annotations

from flask_unt.events import Custom
from flask_unt.events import Entry
from flask_unt.events import Event
from flask_unt.events import Leave
from flask_unt.events import View


def canary_entry(visitor: str, key: bytes, now: int) -> Entry:
    """One event of each kind, so that every table of the write is tried."""
    events: tuple[Event, ...] = (
        _view(visitor, key, now),
        Leave(key[::-1], visitor, now, 1, 1, "canary"),
        Custom(key, "canary", visitor, now, 0, key, "canary", "{}", False, None),
    )

    return Entry(now, "canary", None, False, None, events)


def _view(visitor: str, key: bytes, now: int) -> View:
    return View(
        key=key,
        id="canary",
        visitor=visitor,
        time=now,
        tz=0,
        host="canary.invalid",
        path=f"/{visitor}",
        title="canary",
        referrer=None,
        campaign=(),
        from_key=None,
        kind="load",
        width=None,
        lang=None,
        status=None,
        skewed=False,
        mark=None,
    )
