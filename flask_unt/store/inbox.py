"""What was accepted and waits to be written, in a table of the database itself.

Putting an entry in is one small statement, where writing its views takes ten. Whoever
has the time writes many entries at once, and in the same transaction takes them out:
so each is written exactly once, whatever ends in between.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from threading import TIMEOUT_MAX

import sqlalchemy as sa

from flask_unt.errors import VisitorForgotten
from flask_unt.events import decode_entry
from flask_unt.events import forgotten_hash
from flask_unt.failpoint import failpoint

from .claimant import Claimant
from .collecting import collecting_rarely
from .credit import Credit
from .dialect import select_in
from .engine import Database
from .lane import Lane
from .portions import ATTEMPTS
from .portions import store_portion
from .portions import take_portion
from .rules import Rules
from .schema import forgotten
from .schema import inbox
from .transactions import Transactions

PUT = (
    "INSERT INTO unt_inbox (data) SELECT ? WHERE NOT EXISTS"
    " (SELECT 1 FROM unt_forgotten WHERE hash IN ({}))"
)
AT_ONCE = 500
BRIEFLY = 50
QUIET_SECONDS = 0.15
QUIET_SHARE = 0.02
BUSY_SECONDS = 0.1
BUSY_SHARE = 0.03
AFTERWARDS = 250
AFTERWARDS_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many entries wait, and when the oldest was received, if that can be read."""

    entries: int
    oldest: int | None

    def age(self, now: int) -> int:
        """Since when the oldest waits, in ms; 0 where nothing does."""
        return 0 if self.oldest is None else max(0, now - self.oldest)


class Inbox:
    """The entries that wait in a database, and when this process writes them.

    :param prepare: called with the time before anything is written.
    """

    def __init__(
        self,
        database: Database,
        transactions: Transactions,
        rules: Callable[[], Rules],
        prepare: Callable[[int], None],
    ) -> None:
        self._transactions = transactions
        self._rules = rules
        self._prepare = prepare
        self._lane = Lane(database)
        self._claimant = Claimant()
        self._turn = threading.Lock()
        self._quiet = Credit(QUIET_SECONDS, QUIET_SHARE, time.thread_time)
        self._busy = Credit(BUSY_SECONDS, BUSY_SHARE, time.monotonic)
        self._left_over = False

    def put(self, data: bytes, visitors: Iterable[str]) -> None:
        """Keep an encoded entry of these visitors.

        :raises VisitorForgotten: nothing was kept, as some of them were forgotten.
        :raises StoreUnavailable: the database cannot be written to now.
        """
        self._transactions.prepare()
        hashes = {forgotten_hash(name): name for name in visitors}
        marks = ", ".join("?" * len(hashes))

        # Nothing put is nothing known of why: the other way tells.
        if not self._lane.run(PUT.format(marks), (data, *hashes)):
            self._transactions.write(lambda c: _put(c, data, hashes))

        failpoint("after-put")

    def settle(self, now: int) -> None:
        """Write what was just put in, unless this process is too busy for that.

        :raises UNTError: it is not written, but it waits.
        """
        is_quiet = not self._left_over and self._quiet.left
        self._left_over = True

        if is_quiet:
            self._work(now, BRIEFLY, self._quiet)

    @property
    def is_due(self) -> bool:
        """Whether :meth:`work_off` has something to do, and may do it."""
        return self._left_over and self._busy.left

    def work_off(self, now: int) -> None:
        """Write some of what a busy process left; for after an answer.

        :raises UNTError: it is not written, but it waits.
        """
        end = time.monotonic() + AFTERWARDS_SECONDS

        while self.is_due and self._work(now, AFTERWARDS, self._busy):
            if time.monotonic() >= end:
                return

    def drain(self, now: int, seconds: float = float("inf")) -> None:
        """Write all that waits, for so long at most.

        :raises StoreUnavailable: the database cannot be written to now.
        """
        end = time.monotonic() + seconds

        while self.is_waiting():
            if not self._turn.acquire(timeout=min(seconds, TIMEOUT_MAX)):
                return

            if not self._write(now, AT_ONCE) or time.monotonic() >= end:
                return

    def is_waiting(self) -> bool:
        """Whether anything waits.

        :raises StoreUnavailable: the database cannot be asked now.
        """
        with self._transactions.reading() as connection:
            return connection.scalar(sa.select(inbox.c.id).limit(1)) is not None

    def waiting(self) -> Waiting:
        """What waits now.

        :raises StoreUnavailable: the database cannot be asked now.
        """
        oldest = sa.select(inbox.c.data).order_by(inbox.c.id).limit(1)

        with self._transactions.reading() as connection:
            entries = connection.scalar(sa.select(sa.func.count()).select_from(inbox))
            data = connection.scalar(oldest)

        return Waiting(entries or 0, None if data is None else _received(data))

    def close(self) -> None:
        """Close this process's own connection."""
        self._lane.close()

    def _work(self, now: int, limit: int, credit: Credit) -> bool:
        """Write a portion; False where another thread does.

        That one, or its request, looks again when it is done.
        """
        if not self._turn.acquire(blocking=False):
            return False

        with credit.spent():
            self._write(now, limit)

        return True

    def _write(self, now: int, limit: int) -> int:
        """Write a portion in the turn of this thread, which ends; how many rows."""
        try:
            self._left_over = False
            self._prepare(now)
            portion = self._transactions.write(
                lambda c: take_portion(c, limit, self._claimant, now), ATTEMPTS
            )

            if not portion.rows:
                return 0

            with collecting_rarely():
                done = store_portion(self._transactions, portion, self._rules(), now)

            self._left_over = self._left_over or portion.more
            failpoint("inbox-after-commit")
        except BaseException:
            self._left_over = True
            raise
        finally:
            self._turn.release()

        return done


def _received(data: bytes) -> int | None:
    try:
        return decode_entry(data).received
    except ValueError:
        return None


def _put(connection: sa.Connection, data: bytes, hashes: Mapping[bytes, str]) -> None:
    statement = sa.select(forgotten.c.hash)
    rows = select_in(connection, statement, forgotten.c.hash, sorted(hashes))

    if gone := {hashes[row.hash] for row in rows}:
        raise VisitorForgotten(gone)

    connection.execute(sa.insert(inbox), {"data": data})
