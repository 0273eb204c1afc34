"""A portion of the inbox: taken, tried, and written in one transaction.

Before a portion is tried, its last row is marked, with the name of who tries it. A mark
that is found there, of somebody who is not at it any more, says that a process ended
over these rows, or that the database refused them: then a few are tried at once, and
after that one by one, until the one is alone that does it every time.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from flask_unt.errors import StoreUnavailable
from flask_unt.errors import UNTError
from flask_unt.errors import WriteFailed
from flask_unt.events import Entry
from flask_unt.events import data_payload
from flask_unt.events import decode_entry
from flask_unt.events import event_payload
from flask_unt.failpoint import failpoint
from flask_unt.failpoint import fatal_entry

from .aside import keep_aside
from .claimant import Claimant
from .counters import add_counts
from .dialect import is_among
from .engine import said_as_refused
from .rules import Rules
from .schema import inbox
from .transactions import Transactions
from .trouble import is_outage
from .trouble import is_passing
from .write import Written
from .write import write_entries

GROUP = 25
ATTEMPTS = 2
DEADLY = 5
ENDED = "It ended its process every time it was tried."


@dataclass(frozen=True, slots=True)
class Portion:
    """The oldest rows, of which the last one was marked; whether there are ``more``.

    ``joined``: somebody else marked it, and may be at it just now.
    """

    rows: Sequence[Any] = ()
    more: bool = False
    joined: bool = False

    @property
    def is_deadly(self) -> bool:
        """Whether this one row has ended too many processes."""
        alone = len(self.rows) == 1 and not self.joined

        return alone and self.rows[0].tries >= DEADLY


def take_portion(
    connection: sa.Connection, limit: int, claimant: Claimant, now: int
) -> Portion:
    """The oldest rows, of which the last one is marked now."""
    oldest = sa.select(inbox).order_by(inbox.c.id).limit(limit)
    rows = connection.execute(_locked(connection, oldest)).all()
    known = next((at for at, row in enumerate(rows) if row.tries), None)

    if known is not None and not _is_over(rows[known], claimant, now):
        return _portion(rows, rows[: known + 1], limit, joined=True)

    if not rows:
        return Portion()

    some, mark = _next_try(rows, known)
    _mark(connection, some[-1], mark, claimant.name, now)

    return _portion(rows, some, limit)


def store_portion(
    transactions: Transactions, portion: Portion, rules: Rules, now: int
) -> int:
    """Write a portion, or set aside what of it cannot be; how many rows were tried.

    :raises StoreUnavailable: the database cannot be written to now.
    """
    work = _Work(portion, rules, now)

    last = portion.rows[-1]

    try:
        return _store(transactions, work, last)
    except StoreUnavailable:
        # Somebody else's mark is theirs to take back.
        if not portion.joined:
            with suppress(UNTError):
                transactions.write(lambda c: _mark(c, last, last.tries), 1)

        raise


def _portion(
    rows: Sequence[Any], some: Sequence[Any], limit: int, joined: bool = False
) -> Portion:
    return Portion(some, len(some) < len(rows) or len(rows) == limit, joined)


def _is_over(row: Any, claimant: Claimant, now: int) -> bool:
    return claimant.has_ended(row.tried_by, row.tried_at, now)


def _next_try(rows: Sequence[Any], known: int | None) -> tuple[Sequence[Any], int]:
    """What to try of the oldest rows, and its mark; ``known`` is where one is."""
    if known is None:
        return rows, 1

    if rows[known].tries == 1:
        return rows[: min(known + 1, GROUP)], 2

    return rows[:1], max(2, rows[0].tries) + 1


def _store(transactions: Transactions, work: _Work, last: Any) -> int:
    try:
        return transactions.write(work.write_all, ATTEMPTS)
    except WriteFailed:
        # Of many the mark stays, without a name: fewer are tried next time.
        if work.size > GROUP:
            transactions.write(lambda c: _mark(c, last, max(1, last.tries)), 1)
            return work.size

    return transactions.write(work.write_each, ATTEMPTS)


class _Work:
    def __init__(self, portion: Portion, rules: Rules, now: int) -> None:
        self._rows = portion.rows
        self._rules = rules
        self._now = now
        self._entries: list[Entry] = []
        self._aside: list[tuple[str, str]] = []

        if portion.is_deadly:
            self._aside = [(data_payload(portion.rows[0].data), ENDED)]
        else:
            self._decode()

    @property
    def size(self) -> int:
        return len(self._rows)

    def write_all(self, connection: sa.Connection) -> int:
        """All at once, and each or none."""
        if not _take_out(connection, self._rows):
            return 0

        written = self._write(connection, self._entries)
        self._finish(connection, [written], self._aside)

        return len(self._rows)

    def write_each(self, connection: sa.Connection) -> int:
        """One event after the other; what the database refuses is set aside."""
        if not _take_out(connection, self._rows):
            return 0

        written, aside = [], list(self._aside)

        for entry in self._entries:
            for event in entry.events:
                try:
                    one = replace(entry, events=(event,))
                    written.append(self._try(connection, one))
                except WriteFailed as error:
                    aside.append((event_payload(event, entry), str(error)))

        self._finish(connection, written, aside)

        return len(self._rows)

    def _decode(self) -> None:
        fatal_entry(row.data for row in self._rows)

        for row in self._rows:
            try:
                self._entries.append(decode_entry(row.data))
            except ValueError as error:
                self._aside.append((data_payload(row.data), str(error)))

    def _try(self, connection: sa.Connection, entry: Entry) -> Written:
        try:
            with said_as_refused(), connection.begin_nested():
                return self._write(connection, [entry])
        except WriteFailed as error:
            cause = error.__cause__ or error

            if is_passing(cause) or is_outage(cause):
                raise cause from None

            raise

    def _write(self, connection: sa.Connection, entries: Iterable[Entry]) -> Written:
        return write_entries(connection, list(entries), self._rules, self._now)

    def _finish(
        self,
        connection: sa.Connection,
        written: Sequence[Written],
        aside: Sequence[tuple[str, str]],
    ) -> None:
        kept = sum(
            keep_aside(connection, [payload], " ".join(reason.split()), self._now)
            for payload, reason in aside
        )
        add_counts(connection, _counted(written, kept, len(aside) - kept), {})
        failpoint("inbox-before-commit")


def _counted(written: Sequence[Written], aside: int, known: int) -> dict[str, int]:
    counts = {
        "stored": sum(one.stored for one in written),
        "duplicates": sum(one.duplicates for one in written) + known,
        "forgotten": sum(one.forgotten for one in written),
        "set_aside": aside,
    }

    return {"accepted": sum(counts.values()), **counts}


def _locked(connection: sa.Connection, statement: Any) -> Any:
    # Older versions of MySQL and MariaDB wait instead.
    skips = connection.dialect.name == "postgresql"

    return statement.with_for_update(skip_locked=skips)


def _take_out(connection: sa.Connection, rows: Sequence[Any]) -> bool:
    """Delete these rows; False where somebody else has them, or had."""
    ours = is_among(connection, inbox.c.id, [row.id for row in rows])
    found = connection.execute(_locked(connection, sa.select(inbox.c.id).where(ours)))

    if len(found.all()) < len(rows):
        return False

    connection.execute(sa.delete(inbox).where(ours))

    return True


def _mark(
    connection: sa.Connection,
    row: Any,
    tries: int,
    name: str | None = None,
    now: int | None = None,
) -> None:
    """Note how often a row was tried, and who is at it, if anybody is."""
    last = sa.update(inbox).where(inbox.c.id == row.id)
    connection.execute(last.values(tries=tries, tried_by=name, tried_at=now))
