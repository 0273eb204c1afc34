"""Events that the database refused: kept with the reason, and put back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import replace

import sqlalchemy as sa

from flask_unt.events import Entry
from flask_unt.events import decode_entry
from flask_unt.events import payload_entry

from .bulk import add_new
from .counters import add_counts
from .rules import Rules
from .schema import set_aside
from .write import write_entries

REASON_LIMIT = 255
COLUMNS = ("payload", "reason", "created_at", "hash", "events")
# The user agent was not kept. An empty one would say "bot".
UNKNOWN_AGENT = "Mozilla/5.0"


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one event: ``reason`` is why it is still set aside."""

    stored: int = 0
    duplicates: int = 0
    forgotten: int = 0
    reason: str | None = None


def _hash(payload: str) -> bytes:
    return hashlib.sha256(payload.encode()).digest()[:16]


def keep_aside(
    connection: sa.Connection,
    payloads: Sequence[str],
    reason: str,
    now: int,
    each: int = 1,
) -> int:
    """Keep these texts; how many of them were not set aside already."""
    known_by = {_hash(payload): payload for payload in payloads}
    rows = [
        (known_by[key], reason[:REASON_LIMIT], now, key, each)
        for key in sorted(known_by)
    ]

    return add_new(connection, set_aside, COLUMNS, rows, "hash")


def put_back(
    connection: sa.Connection,
    id: int,
    entry: Entry,
    events: int,
    rules: Rules,
    now: int,
) -> Replayed | None:
    """Store an entry that was set aside as this row; None if that is gone."""
    # Of two replays the second one waits here, and then finds nothing to delete.
    gone = connection.execute(sa.delete(set_aside).where(set_aside.c.id == id))

    if not gone.rowcount:
        return None

    written = write_entries(connection, [entry], rules, now)
    replayed = Replayed(written.stored, written.duplicates, written.forgotten)
    counts = {"set_aside": -events, **asdict(replayed)}
    counts.pop("reason")
    add_counts(connection, counts, {})

    return replayed


def entry_of(payload: str) -> Entry:
    """An event with names, or an entry that could not be read when it came.

    :raises ValueError: neither.
    """
    try:
        return payload_entry(payload, UNKNOWN_AGENT)
    except ValueError as error:
        try:
            entry = decode_entry(payload.encode())
            return replace(entry, agent=entry.agent or UNKNOWN_AGENT)
        except ValueError:
            raise error from None
