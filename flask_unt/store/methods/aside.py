"""Events that the database refused: kept, looked through, and put back."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from flask_unt.errors import WriteFailed
from flask_unt.events import Event
from flask_unt.events import event_payload

from ..aside import REASON_LIMIT
from ..aside import Replayed
from ..aside import entry_of
from ..aside import keep_aside
from ..aside import put_back
from ..ownership import total
from ..schema import set_aside
from .opened import Opened

IDS_AT_ONCE = 500


class Aside(Opened):
    """The part of a store that keeps what cannot be stored."""

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
                lambda c: put_back(c, id, entry, events, self._rules(), now)
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
