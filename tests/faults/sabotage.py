"""Two broken workers: the proof is worth something only if it catches them.

This is the one place that patches our own code, and only in a process of its own.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask_unt.events import Entry
from flask_unt.events import Leave
from flask_unt.store import Store
from flask_unt.stream import Stream
from flask_unt.stream import Waiting


def sabotage(name: str | None) -> None:
    """Break this process: ``acknowledge-first``, ``no-unique-id``, or not at all."""
    if name is not None:
        {"acknowledge-first": acknowledge_first, "no-unique-id": no_unique_id}[name]()


def acknowledge_first() -> None:
    """Take entries out of the stream when they are handed out, before the commit."""

    def careless(handed_out: Any) -> Any:
        def hand_out(self: Stream, *arguments: Any) -> list[Waiting]:
            batch: list[Waiting] = handed_out(self, *arguments)
            self.acknowledge([waiting.id for waiting in batch])
            return batch

        return hand_out

    for name in ("read", "claim"):
        setattr(Stream, name, careless(getattr(Stream, name)))


def no_unique_id() -> None:
    """Store an event under a key of this delivery's own, not of the browser's id."""
    write = Store.write

    def write_anew(self: Store, entries: Sequence[Entry], now: int) -> Any:
        return write(self, [_under_new_keys(entry) for entry in entries], now)

    Store.write = write_anew  # type: ignore[method-assign]


def _under_new_keys(entry: Entry) -> Entry:
    return replace(
        entry,
        events=tuple(
            event
            if isinstance(event, Leave)
            else replace(event, key=event.key[:6] + os.urandom(10))
            for event in entry.events
        ),
    )
