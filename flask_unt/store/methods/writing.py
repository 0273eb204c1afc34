"""What a store takes in, and what it forgets of a browser."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from flask_unt.agents import agent_words
from flask_unt.errors import VisitorForgotten
from flask_unt.events import Entry
from flask_unt.events import encode_entry
from flask_unt.failpoint import failpoint

from .. import forget
from .. import forgotten
from .. import people
from .. import schema
from ..counters import Notes
from ..counters import add_counts
from ..counters import read_counts
from ..links import Seen
from ..listening import News
from ..news import Identified
from ..news import VisitStarted
from ..news import describe_news
from ..write import Written
from ..write import mark_hours
from ..write import write_entries
from .opened import Opened


class Writing(Opened):
    """The part of a store that takes in what happens."""

    def write(self, entries: Sequence[Entry], now: int) -> Written:
        """Store what is new in these entries, all or nothing.

        :raises StoreUnavailable: the database cannot be written to now.
        :raises WriteFailed: it can, but it refuses these entries.
        """
        self._make_months(now)

        def write(connection: sa.Connection) -> Written:
            written = write_entries(connection, entries, self._rules(), now)
            failpoint("before-commit")

            return written

        return self._write(write)

    def put(self, entry: Entry) -> None:
        """Keep an entry to be written soon, by whoever has the time.

        The user agent is kept as the few words that are made of it.

        :raises VisitorForgotten: nothing was kept, as some visitors were forgotten.
        :raises StoreUnavailable: the database cannot be written to now.
        """
        agent = agent_words(self._parse_agent(entry.agent))
        visitors = {event.visitor for event in entry.events if event.visitor}
        self.inbox.put(encode_entry(replace(entry, agent=agent)), visitors)

    def declare_email(self, visitor: str, email: str, now: int) -> None:
        """Note the address that somebody typed in this visitor's browser.

        :raises VisitorForgotten: nothing is stored of this visitor.
        :raises StoreUnavailable: the database cannot be written to now.
        """

        def declare(connection: sa.Connection) -> None:
            user_id = people.meet_declared(connection, email, now)
            rows = people.meet_visitors(connection, {visitor: Seen(now, now)})

            if forgotten.forgotten_among(connection, [visitor]):
                raise VisitorForgotten([visitor])

            people.declare(connection, rows[visitor].id, user_id, now)

        self._write(declare)

    def forget_visitor(self, visitor: str, now: int) -> None:
        """Erase a visitor, and each user who had no other browser, for good.

        What still comes of this visitor is dropped. Pages and their titles stay.

        :raises StoreUnavailable: the database cannot be written to now.
        """

        def erase(connection: sa.Connection) -> None:
            moments = forget.forget_visitor(connection, visitor, now)
            mark_hours(connection, moments, self.settings.timezone)

        self.catch_up()
        self._write(erase)

    def forgotten_hashes(self) -> Sequence[bytes]:
        """What forgotten visitors are known by: see ``events.forgotten_hash``."""
        with self._transactions.reading() as connection:
            return forgotten.forgotten_hashes(connection)

    def fresh_at(self, visitor: str) -> int | None:
        """When this visitor was made on purpose; None where it was not."""
        self.catch_up()
        key = uuid.UUID(visitor).bytes
        statement = sa.select(schema.visitor.c.fresh_at)

        with self._transactions.reading() as connection:
            return connection.scalar(statement.where(schema.visitor.c.uuid == key))

    def add_counts(self, counts: Mapping[str, int], notes: Notes) -> None:
        """Add to the figures that all processes share, and replace notes.

        :raises StoreUnavailable: they are not kept.
        """
        self._write(lambda c: add_counts(c, counts, notes))

    def counts(self) -> tuple[dict[str, int], dict[str, tuple[int, str]]]:
        """The figures that processes share, and what they noted: a time, a text.

        :raises StoreUnavailable: the database cannot be asked now.
        """
        with self._transactions.reading() as connection:
            return read_counts(connection)

    def describe_news(self, news: News) -> list[VisitStarted | Identified]:
        """What a write brought, in words: see :mod:`news`."""
        with self._transactions.reading() as connection:
            return describe_news(connection, news)
