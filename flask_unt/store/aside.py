"""Events that the database refused: kept with the reason, and put back."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import replace
from typing import TypeVar

import sqlalchemy as sa

from flask_unt.errors import WriteFailed
from flask_unt.events import Entry
from flask_unt.events import Event
from flask_unt.events import decode_entry
from flask_unt.events import event_payload
from flask_unt.events import payload_entry

from .counters import add_counts
from .schema import set_aside
from .transactions import Transactions
from .write import Rules
from .write import write_entries

T = TypeVar("T")
REASON_LIMIT = 255
IDS_AT_ONCE = 500
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

    def set_aside(self, events: Sequence[Event | str], reason: str, now: int) -> None:
        """Keep events that cannot be stored, or what came in their place, as text."""
        rows = [
            {
                "payload": event if isinstance(event, str) else event_payload(event),
                "reason": reason[:REASON_LIMIT],
                "created_at": now,
            }
            for event in events
        ]

        if rows:
            self._transactions.write(lambda c: c.execute(sa.insert(set_aside), rows))

    def set_aside_reasons(self, reason: str = "") -> dict[str, int]:
        """How many events are set aside for each reason that has these words."""
        column = set_aside.c.reason
        statement = sa.select(column, sa.func.count()).group_by(column)
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
            entry = self._entry(id)

            if entry is None:
                return None

            return self._transactions.write(
                lambda c: _put_back(c, id, entry, self._rules(), now)
            )
        except (WriteFailed, ValueError) as error:
            text = " ".join(str(error).split())[:REASON_LIMIT]

        change = sa.update(set_aside).where(set_aside.c.id == id).values(reason=text)
        self._transactions.write(lambda c: c.execute(change))

        return Replayed(reason=text)

    def _entry(self, id: int) -> Entry | None:
        statement = sa.select(set_aside.c.payload).where(set_aside.c.id == id)

        with self._transactions.reading() as connection:
            payload = connection.scalar(statement)

        return None if payload is None else _entry_of(payload)


def _put_back(
    connection: sa.Connection, id: int, entry: Entry, rules: Rules, now: int
) -> Replayed | None:
    # Of two replays the second one waits here, and then finds nothing to delete.
    gone = connection.execute(sa.delete(set_aside).where(set_aside.c.id == id))

    if not gone.rowcount:
        return None

    written = write_entries(connection, [entry], rules, now)
    replayed = Replayed(written.stored, written.duplicates, written.forgotten)
    counts = {"set_aside": -1, **asdict(replayed)}
    counts.pop("reason")
    add_counts(connection, counts, {})

    return replayed


def _entry_of(payload: str) -> Entry:
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
