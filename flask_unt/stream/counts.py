"""What processes count and note for all of them to see: one hash in Redis."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Notes = Mapping[str, tuple[int, str]]
NOTE = "note:"


def count(
    client: Any, key: str, counts: Mapping[str, int], notes: Notes, now: int
) -> None:
    """Add to the figures, and replace notes: each a time in ms and a text."""
    transaction = client.pipeline(transaction=True)
    transaction.hsetnx(key, "since", now)

    for name, value in counts.items():
        transaction.hincrby(key, name, value)

    for name, note in notes.items():
        transaction.hset(key, NOTE + name, json.dumps(note))

    transaction.execute()


def read_counts(
    client: Any, key: str
) -> tuple[dict[str, int], dict[str, tuple[int, str]]]:
    """All figures, and all notes."""
    found = {name.decode(): value for name, value in client.hgetall(key).items()}
    notes = {
        name.removeprefix(NOTE): tuple(json.loads(found.pop(name)))
        for name in list(found)
        if name.startswith(NOTE)
    }

    return {name: int(value) for name, value in found.items()}, notes
