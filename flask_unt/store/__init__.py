"""The database: what is written, kept up and reported, behind one class."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import replace
from typing import Any
from typing import TypeVar

import sqlalchemy as sa

from flask_unt.agents import Agent
from flask_unt.agents import agent_words
from flask_unt.agents import parse_agent
from flask_unt.errors import UNTError
from flask_unt.errors import VisitorForgotten
from flask_unt.errors import WriteFailed
from flask_unt.events import Entry
from flask_unt.events import encode_entry
from flask_unt.failpoint import failpoint

from . import demo
from . import forget
from . import forgotten
from . import import_2017
from . import migrate
from . import people
from . import schema
from .aside import Aside
from .aside import Replayed
from .canary import canary_entry
from .counters import Notes
from .counters import add_counts
from .counters import read_counts
from .engine import Database
from .facts import DatabaseFacts
from .facts import ask_database
from .forget_person import Forgotten
from .host_columns import DueUser
from .host_columns import HostColumned
from .host_columns import HostColumns
from .host_reports import FoundUser
from .host_reports import HostReported
from .host_reports import LandedView
from .inbox import Inbox
from .inbox import Waiting
from .links import Seen
from .listening import News
from .news import Identified
from .news import VisitStarted
from .news import describe_news
from .own import Own
from .ownership import total
from .partitions import ensure_months
from .persons import Persons
from .prune import Pruned
from .prune import prune
from .reported import Reported
from .settings import StoreSettings
from .sizes import size_of
from .transactions import Transactions
from .write import Rules
from .write import Written
from .write import mark_hours
from .write import write_entries

__all__ = [
    "DatabaseFacts",
    "DueUser",
    "Forgotten",
    "FoundUser",
    "HostColumns",
    "Identified",
    "LandedView",
    "News",
    "Pruned",
    "Replayed",
    "Store",
    "StoreSettings",
    "StoreStatus",
    "VisitStarted",
    "Waiting",
    "Written",
]

T = TypeVar("T")
DAY_MS = 86_400_000
AGENTS_KEPT = 4096
SIZED = {"views": schema.page_view, "users": schema.user, "visitors": schema.visitor}
FOR_EVER = float("inf")


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """``revision`` is None while nothing is set up; this code wants ``head``.

    Those of the figures that are in ``about`` are estimates: there are many.
    """

    revision: str | None
    head: str
    views: int
    set_aside: int
    users: int
    visitors: int
    about: tuple[str, ...] = ()


class Store(Reported, Aside, Own, Persons, HostColumned, HostReported):
    """One database. Connects when first asked, and anew in every process.

    :param engine_options: for SQLAlchemy's ``create_engine``, over ours.
    :param keep_journal: the SQLite file is another's: leave its journal mode.
    :param mark_keys: what marks of who was signed in may have been made with.
    """

    def __init__(
        self,
        url: str,
        settings: StoreSettings | None = None,
        *,
        engine_options: Mapping[str, Any] | None = None,
        keep_journal: bool = False,
        mark_keys: Sequence[bytes] = (),
    ) -> None:
        self.settings = settings or StoreSettings()
        self._mark_keys = tuple(mark_keys)
        database = Database(url, options=engine_options, keep_journal=keep_journal)
        self._database = database
        self._transactions = Transactions(database, self._set_up, self.canary)
        self.listening = self._transactions.listening
        self.inbox = Inbox(database, self._transactions, self._rules, self._make_months)
        self._months_made_on: int | None = None
        self._agents: dict[str, Agent] = {}

    @property
    def head(self) -> str:
        """The revision that this release wants."""
        return migrate.head()

    @property
    def takes_several_writers(self) -> bool:
        """Whether several may write at once; on SQLite they wait for each other."""
        return self._database.backend != "sqlite"

    def ping(self) -> None:
        """Ask the database anything at all.

        :raises StoreUnavailable: it does not answer.
        """
        with self._database.reading() as connection:
            connection.execute(sa.select(1))

    def prepare(self) -> None:
        """Set up an empty database; done once per process.

        :raises SchemaOutdated: the tables are those of an older release.
        :raises StoreUnavailable: it cannot be reached, or set up.
        """
        self._transactions.prepare()

    def migrate(self) -> None:
        """Create the tables, or bring them to this release.

        :raises StoreUnavailable: it cannot be reached, or set up.
        """
        migrate.migrate(self._database, self.settings.timezone, _now())

    def dispose(self) -> None:
        """Close the connections; the next use opens new ones."""
        self.inbox.close()
        self._database.dispose()

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

    def canary(self) -> bool:
        """Whether a made-up entry can be written; it is rolled back."""
        now = _now()
        entry = canary_entry(str(uuid.uuid4()), secrets.token_bytes(16), now)

        try:
            with self._database.writing() as connection:
                write_entries(connection, [entry], self._rules(), now)
                connection.rollback()
        except UNTError:
            return False

        return True

    def site_id(self) -> str:
        """The random id that this database was given when it was set up."""
        with self._transactions.reading() as connection:
            statement = sa.select(schema.site.c.site_id).where(schema.site.c.id == 1)
            return str(connection.scalar(statement))

    def status(self) -> StoreStatus:
        """What is set up, and how much is stored.

        :raises StoreUnavailable: the database cannot be reached.
        """
        with self._database.reading() as connection:
            revision = migrate.current(connection)

            if revision is None:
                return StoreStatus(None, migrate.head(), 0, 0, 0, 0)

            sizes = {name: size_of(connection, table) for name, table in SIZED.items()}
            aside = connection.scalar(sa.select(total(schema.set_aside.c.events)))

        return StoreStatus(
            revision,
            migrate.head(),
            set_aside=int(aside or 0),
            about=tuple(name for name, size in sizes.items() if size.about),
            **{name: size.rows for name, size in sizes.items()},
        )

    def revision(self) -> str | None:
        """The revision of the tables, None while nothing is set up.

        :raises StoreUnavailable: the database cannot be reached.
        """
        with self._database.reading() as connection:
            return migrate.current(connection)

    def facts(self) -> DatabaseFacts:
        """What the database says of itself: see :func:`facts.ask_database`."""
        return ask_database(self._database)

    def ensure_partitions(self, now: int) -> None:
        """Make this month's and the next month's partitions (PostgreSQL).

        :raises WriteFailed: the role may not create tables.
        """
        self._write(lambda c: ensure_months(c, now))

    def prune(self, now: int) -> Pruned:
        """Delete what is older than the site keeps."""
        self.prepare()
        self.catch_up()

        return prune(
            self._database,
            now,
            retention_days=self.settings.retention_days,
            zone=self.settings.timezone,
            bots=self.settings.bots,
        )

    def import_2017(self, url: str, **options: Any) -> import_2017.Imported:
        """Bring a 2017 database over: see :func:`import_2017.import_2017`."""
        imported = import_2017.import_2017(self, url, **options)
        self._sum_up(_now())
        self._bring_figures_up_to_date(FOR_EVER)

        return imported

    def make_demo(self, now: int, **options: Any) -> int:
        """Write the visits of made-up people: see :func:`demo.make_demo`."""
        views = demo.make_demo(self, now, **options)
        self._sum_up(_now())
        self._bring_figures_up_to_date(FOR_EVER)

        return views

    def _set_up(self) -> None:
        migrate.prepare(self._database, self.settings.timezone, _now())

    def _write(self, work: Callable[[sa.Connection], T]) -> T:
        return self._transactions.write(work)

    def _rules(self) -> Rules:
        timeout_ms = self.settings.visit_timeout * 1000

        return Rules(
            self.settings.timezone, timeout_ms, self._parse_agent, self._mark_keys
        )

    def _parse_agent(self, user_agent: str) -> Agent:
        agent = self._agents.get(user_agent)

        if agent is None:
            if len(self._agents) >= AGENTS_KEPT:
                self._agents.clear()

            agent = self._agents[user_agent] = parse_agent(user_agent)

        return agent

    def _make_months(self, now: int) -> None:
        """Once a day; without the right to, the DEFAULT partition takes all."""
        day = now // DAY_MS

        if self._months_made_on == day:
            return

        self._months_made_on = day

        with suppress(WriteFailed):
            self.ensure_partitions(now)


def _now() -> int:
    return int(time.time() * 1000)
