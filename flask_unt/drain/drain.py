"""Read a batch from the stream, write it, acknowledge it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from collections.abc import Sequence
from contextlib import suppress

from ..errors import StreamUnavailable
from ..errors import UNTError
from ..events import ENTRY_VERSION
from ..events import data_payload
from ..events import decode_entry
from ..events import forgotten_hash
from ..store import Store
from ..stream import Stream
from ..stream import Waiting
from .drained import Drained
from .failpoint import failpoint
from .outage import one_line
from .writer import Item
from .writer import Writer

BATCH_ENTRIES = 500
CLAIM_IDLE_MS = 60_000
CLAIM_EVERY_SECONDS = 5.0
MARKS_AT_ONCE = 20
POLL_SECONDS = 0.25

log = logging.getLogger("flask_unt")


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
        self._writer = Writer(store, now, self._pause, self.drained)

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
        self._writer.insist(lambda: sites.append(self._store.site_id()))

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
        before = self.drained.counts()
        items, left = self._decode(batch)

        failpoint("before-commit")
        locked = self._writer.write(items)
        failpoint("after-commit")
        done = [id for id in self._held if id not in left | locked]
        self._stream.acknowledge(done, self.drained.since(before), self._now())
        self._tell_forgotten()
        failpoint("after-acknowledge")

        self._held = []
        self.drained.entries += len(done)
        self.drained.left += len(left)
        self.drained.locked += len(locked)

    def _tell_forgotten(self) -> None:
        """Have the door refuse them again: Redis may have lost whom to refuse."""
        if self._writer.gone:
            self._stream.forget(map(forgotten_hash, self._writer.gone))
            self._writer.gone.clear()

    def _decode(self, batch: Sequence[Waiting]) -> tuple[list[Item], set[bytes]]:
        """What can be written, and the ids that only a newer release can read."""
        items: list[Item] = []
        left: set[bytes] = set()

        for waiting in batch:
            try:
                items.append(Item(waiting.id, decode_entry(waiting.data)))
            except ValueError as error:
                if is_newer(waiting.data):
                    left.add(waiting.id)
                else:
                    payload = data_payload(waiting.data)
                    self._writer.set_aside([payload], one_line(str(error)))

        return items, left

    def _pause(self, seconds: float) -> None:
        """Sleep, keeping what is held; raise when a stop is asked for."""
        end = time.monotonic() + seconds

        while True:
            if self._stop():
                raise Stopped

            self._keep_claims()
            left = end - time.monotonic()

            if left <= 0:
                return

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
