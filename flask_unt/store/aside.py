"""Events that the database refused: kept with the reason, and put back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import replace
from typing import Any
from typing import TypeVar

import sqlalchemy as sa

from flask_unt.errors import WriteFailed
from flask_unt.events import Entry
from flask_unt.events import Event
from flask_unt.events import decode_entry
from flask_unt.events import event_payload
from flask_unt.events import payload_entry

from .bulk import add_new
from .counters import add_counts
from .ownership import total
from .schema import set_aside
from .transactions import Transactions
from .write import Rules
from .write import write_entries

T = TypeVar("T")
REASON_LIMIT = 255
IDS_AT_ONCE = 500
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


class Aside:
    """The part of a store that keeps what cannot be stored."""

    _transactions: Transactions
    _rules: Callable[[], Rules]

    def set_aside(
        self, events: Sequence[Event | str], reason: str, now: int, each: int = 1
    ) -> int:
        """Keep events that cannot be stored, or what came in their place, as text.

        :param each: how many events each of them stands for.
        :returns: how many of them were not set aside already.
        """
        payloads = [e if isinstance(e, str) else event_payload(e) for e in events]

        return self._transactions.write(
            lambda c: keep_aside(c, payloads, reason, now, each)
        )

    def set_aside_reasons(self, reason: str = "") -> dict[str, int]:
        """How many events are set aside for each reason that has these words."""
        column = set_aside.c.reason
        count = total(set_aside.c.events)
        statement = sa.select(column, count).group_by(column)
        wanted = statement.where(column.contains(reason, autoescape=True))

        with self._transactions.reading() as connection:
            return {name: count for name, count in connection.execute(wanted)}

    def set_aside_ids(self, reason: str = "") -> Iterator[int]:
        """The events that are set aside now, the oldest first."""
        last = 0
        column = set_aside.c.reason
        statement = sa.select(set_aside.c.id).order_by(set_aside.c.id)
        wanted = statement.where(column.contains(reason, autoescape=True))

        while True:
            with self._transactions.reading() as connection:
                some = wanted.where(set_aside.c.id > last).limit(IDS_AT_ONCE)
                ids = connection.scalars(some).all()

            if not ids:
                return

            yield from ids
            last = ids[-1]

    def replay(self, id: int, now: int) -> Replayed | None:
        """Store an event that was set aside, and take it off, in one transaction.

        None if it is not there any more. One that fails again stays, with the reason.

        :raises StoreUnavailable: the database cannot be written to now.
        """
        try:
            found = self._found(id)

            if found is None:
                return None

            entry, events = entry_of(found.payload), found.events
            return self._transactions.write(
                lambda c: _put_back(c, id, entry, events, self._rules(), now)
            )
        except (WriteFailed, ValueError) as error:
            text = " ".join(str(error).split())[:REASON_LIMIT]

        change = sa.update(set_aside).where(set_aside.c.id == id).values(reason=text)
        self._transactions.write(lambda c: c.execute(change))

        return Replayed(reason=text)

    def _found(self, id: int) -> Any:
        columns = (set_aside.c.payload, set_aside.c.events)
        statement = sa.select(*columns).where(set_aside.c.id == id)

        with self._transactions.reading() as connection:
            return connection.execute(statement).one_or_none()


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


def _put_back(
    connection: sa.Connection,
    id: int,
    entry: Entry,
    events: int,
    rules: Rules,
    now: int,
) -> Replayed | None:
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
