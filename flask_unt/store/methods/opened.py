"""What all the methods of a store work with: its database, settings and inbox."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from contextlib import suppress
from typing import Any
from typing import TypeVar

import sqlalchemy as sa

from flask_unt.agents import Agent
from flask_unt.agents import parse_agent
from flask_unt.errors import UNTError
from flask_unt.errors import WriteFailed

from .. import migrate
from ..canary import canary_entry
from ..engine import Database
from ..inbox import Inbox
from ..partitions import ensure_months
from ..rules import Rules
from ..settings import StoreSettings
from ..transactions import Transactions
from ..write import write_entries

T = TypeVar("T")
DAY_MS = 86_400_000
AGENTS_KEPT = 4096
PATIENCE = 10.0
READ_PATIENCE = 2.0


class Opened:
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

    def prepare(self) -> None:
        """Set up an empty database; done once per process.

        :raises SchemaOutdated: the tables are those of an older release.
        :raises StoreUnavailable: it cannot be reached, or set up.
        """
        self._transactions.prepare()

    def dispose(self) -> None:
        """Close the connections; the next use opens new ones."""
        self.inbox.close()
        self._database.dispose()

    def catch_up(self, seconds: float = PATIENCE) -> None:
        """Write what waits in the inbox, for so long; the rest goes on waiting."""
        with suppress(UNTError):
            self.inbox.drain(now_ms(), seconds)

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        """A transaction for reading, after what waits was written."""
        self.catch_up(READ_PATIENCE)

        with self._transactions.reading() as connection:
            yield connection

    def ensure_partitions(self, now: int) -> None:
        """Make this month's and the next month's partitions (PostgreSQL).

        :raises WriteFailed: the role may not create tables.
        """
        self._write(lambda c: ensure_months(c, now))

    def canary(self) -> bool:
        """Whether a made-up entry can be written; it is rolled back."""
        now = now_ms()
        entry = canary_entry(str(uuid.uuid4()), secrets.token_bytes(16), now)

        try:
            with self._database.writing() as connection:
                write_entries(connection, [entry], self._rules(), now)
                connection.rollback()
        except UNTError:
            return False

        return True

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

    def _set_up(self) -> None:
        migrate.prepare(self._database, self.settings.timezone, now_ms())

    def _make_months(self, now: int) -> None:
        """Once a day; without the right to, the DEFAULT partition takes all."""
        day = now // DAY_MS

        if self._months_made_on == day:
            return

        self._months_made_on = day

        with suppress(WriteFailed):
            self.ensure_partitions(now)


def now_ms() -> int:
    return time.time_ns() // 1_000_000
