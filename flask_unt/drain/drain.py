"""Read a batch from the stream, write it, acknowledge it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import replace

from ..errors import SchemaOutdated
from ..errors import StoreUnavailable
from ..errors import StreamUnavailable
from ..errors import UNTError
from ..events import ENTRY_VERSION
from ..events import Entry
from ..events import Event
from ..events import decode_entry
from ..store import Store
from ..stream import Stream
from ..stream import Waiting
from .failpoint import failpoint
from .outage import SHORTEST_WAIT
from .outage import Outage
from .outage import one_line

BATCH_ENTRIES = 500
CLAIM_IDLE_MS = 60_000
CLAIM_EVERY_SECONDS = 5.0
TRIES_TOGETHER = 1
TRIES_ALONE = 3
TRIES_WHILE_LOCKED = 8
MARKS_AT_ONCE = 20
POLL_SECONDS = 0.25

log = logging.getLogger("flask_unt")


@dataclass(slots=True)
class Drained:
    """What one drain did.

    ``entries`` were acknowledged; ``stored``, ``duplicates`` and ``set_aside`` count
    events; ``left`` entries are for a newer release; a ``foreign`` stream was not read.
    """

    entries: int = 0
    stored: int = 0
    duplicates: int = 0
    set_aside: int = 0
    left: int = 0
    foreign: bool = False


class Stopped(Exception):
    """A stop was asked for while the database was away."""


def now_ms() -> int:
    """Return the time in ms since 1970."""
    return time.time_ns() // 1_000_000


def drain(
    stream: Stream,
    store: Store,
    *,
    consumer: str,
    stop: Callable[[], bool],
    linger: float = 1.0,
    work_for: float = 30.0,
    count: int = BATCH_ENTRIES,
    claim_idle_ms: int = CLAIM_IDLE_MS,
    now: Callable[[], int] = now_ms,
    on_batch: Callable[[Drained], None] | None = None,
) -> Drained:
    """Move entries into the database until none came for ``linger`` seconds.

    Returns after ``work_for`` seconds of work, or soon after ``stop()`` is true.
    While the database is away it waits, holding its entries.

    :raises StreamUnavailable: Redis went away; what was not acknowledged comes again.
    """
    work = _Drain(stream, store, consumer, stop, count, claim_idle_ms, now)

    try:
        work.run(linger, work_for, on_batch or (lambda drained: None))
    except Stopped:
        work.let_go()

    return work.drained


class _Drain:
    def __init__(
        self,
        stream: Stream,
        store: Store,
        consumer: str,
        stop: Callable[[], bool],
        count: int,
        claim_idle_ms: int,
        now: Callable[[], int],
    ) -> None:
        self.drained = Drained()
        self._stream = stream
        self._store = store
        self._consumer = consumer
        self._stop = stop
        self._count = count
        self._claim_idle_ms = claim_idle_ms
        self._now = now
        self._held: list[bytes] = []
        self._next_claim = 0.0
        self._next_keep = 0.0
        self._outage = Outage(
            "The database cannot be written to, entries wait",
            "The database can be written to again.",
        )

    def run(
        self, linger: float, work_for: float, on_batch: Callable[[Drained], None]
    ) -> None:
        quiet_since = started = time.monotonic()

        if not self._is_ours():
            return

        while not self._stop() and time.monotonic() - started < work_for:
            batch = self._take(min(linger, POLL_SECONDS))

            if batch:
                self._move(batch)
                on_batch(self.drained)
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since >= linger and not self._recompute():
                return

        self._recompute()

    def let_go(self) -> None:
        """Let another consumer have the entries at once."""
        with suppress(StreamUnavailable):
            self._stream.release(self._consumer, self._held)

    def _is_ours(self) -> bool:
        sites: list[str] = []
        self._insist(lambda: sites.append(self._store.site_id()))

        if self._stream.claim_site(sites[0]):
            return True

        self.drained.foreign = True
        log.error(
            "The queue %r belongs to another site: give each site its own UNT_QUEUE.",
            self._stream.queue,
        )
        return False

    def _take(self, block: float) -> list[Waiting]:
        if time.monotonic() >= self._next_claim:
            claimed = self._stream.claim(
                self._consumer, self._count, self._claim_idle_ms
            )

            if claimed:
                return claimed

            self._next_claim = time.monotonic() + CLAIM_EVERY_SECONDS

        return self._stream.read(self._consumer, self._count, int(block * 1000))

    def _move(self, batch: Sequence[Waiting]) -> None:
        self._held = [waiting.id for waiting in batch]
        entries: list[Entry] = []
        left: set[bytes] = set()

        for waiting in batch:
            try:
                entries.append(decode_entry(waiting.data))
            except ValueError as error:
                if is_newer(waiting.data):
                    left.add(waiting.id)
                else:
                    self._set_aside([one_line(str(error))], "This is not an entry.")

        failpoint("before-commit")
        self._write(entries)
        failpoint("after-commit")
        done = [waiting.id for waiting in batch if waiting.id not in left]
        self._stream.acknowledge(done)
        failpoint("after-acknowledge")
        self._held = []
        self.drained.entries += len(done)
        self.drained.left += len(left)

    def _write(self, entries: Sequence[Entry]) -> None:
        """Store all of these, or set aside those that fail alone."""
        if not entries:
            return

        alone = len(entries) == 1 and len(entries[0].events) <= 1
        error = self._attempt(lambda: self._write_once(entries), alone)

        if error is None:
            return

        if alone:
            self._set_aside(entries[0].events, _reason(error))
            return

        for part in _halves(entries):
            self._write(part)

    def _write_once(self, entries: Sequence[Entry]) -> None:
        written = self._store.write(entries, self._now())
        self.drained.stored += written.stored
        self.drained.duplicates += written.duplicates

    def _set_aside(self, events: Sequence[Event | str], reason: str) -> None:
        self._insist(lambda: self._store.set_aside(events, reason, self._now()))
        self.drained.set_aside += len(events)
        log.error("An event was set aside: see flask unt status.")

    def _attempt(self, call: Callable[[], None], alone: bool) -> Exception | None:
        """Call until it works; the error, if only the database's answer is no."""
        failures = 0

        while True:
            try:
                call()
            except Exception as error:
                if not self._database_works(error):
                    self._wait(error)
                    continue

                failures += 1

                if failures >= _tries(error, alone):
                    return error

                self._pause(SHORTEST_WAIT * 2**failures)
            else:
                self._outage.end()
                return None

    def _insist(self, call: Callable[[], None]) -> None:
        """Call until it works, however long that takes."""
        while True:
            try:
                call()
            except Exception as error:
                self._wait(error)
            else:
                self._outage.end()
                return

    def _database_works(self, error: Exception) -> bool:
        if isinstance(error, SchemaOutdated):
            return False

        try:
            return self._store.canary()
        except Exception:
            return False

    def _wait(self, error: Exception) -> None:
        self._pause(self._outage.note(error))

    def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds

        while (left := end - time.monotonic()) > 0:
            if self._stop():
                raise Stopped

            self._keep_claims()
            time.sleep(min(left, POLL_SECONDS))

    def _keep_claims(self) -> None:
        if time.monotonic() < self._next_keep:
            return

        self._next_keep = time.monotonic() + self._claim_idle_ms / 4000

        with suppress(StreamUnavailable):
            self._stream.keep(self._consumer, self._held)

    def _recompute(self) -> bool:
        """Recompute some marked hours; False when there was nothing to do."""
        try:
            return self._store.recompute_marks(MARKS_AT_ONCE, self._now()) > 0
        except UNTError:
            return False


def is_newer(data: bytes) -> bool:
    """Whether an entry was made by a release newer than this one."""
    try:
        version = json.loads(data)[0]
    except (ValueError, TypeError, LookupError, RecursionError):
        return False

    return isinstance(version, int) and version > ENTRY_VERSION


def _halves(entries: Sequence[Entry]) -> tuple[Sequence[Entry], Sequence[Entry]]:
    if len(entries) == 1:
        entries = [replace(entries[0], events=(e,)) for e in entries[0].events]

    middle = len(entries) // 2

    return entries[:middle], entries[middle:]


def _tries(error: Exception, alone: bool) -> int:
    # A lock that somebody holds on one row looks like an outage of that row alone.
    if isinstance(error, StoreUnavailable):
        return TRIES_WHILE_LOCKED if alone else TRIES_ALONE

    return TRIES_ALONE if alone else TRIES_TOGETHER


def _reason(error: Exception) -> str:
    # Other messages may quote what must not be kept, such as the user agent.
    return one_line(str(error)) if isinstance(error, UNTError) else type(error).__name__
