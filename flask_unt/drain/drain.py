"""Read a batch from the stream, write it, acknowledge it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from ..errors import UNTError
from ..events import data_payload
from ..events import forgotten_hash
from ..failpoint import failpoint
from ..store import Store
from ..store.collecting import collecting_rarely
from ..stream import Stream
from .batches import Batch
from .batches import Batches
from .batches import Decoded
from .batches import decode
from .drained import Drained
from .keeper import Keeper
from .suspects import REASON
from .suspects import Suspects
from .writer import Writer

BATCH_ENTRIES = 4000
CLAIM_IDLE_MS = 15_000
MARKS_AT_ONCE = 20
POLL_SECONDS = 0.25
INBOX_SECONDS = 2.0

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
    batches = Batches(stream, consumer, count, claim_idle_ms)
    work = _Drain(stream, store, batches, stop, now)

    with collecting_rarely(), Keeper(batches, claim_idle_ms):
        try:
            work.run(linger, work_for, on_batch or (lambda drained: None))
        except Stopped:
            batches.release()
        finally:
            batches.close()

    return work.drained


class _Drain:
    def __init__(
        self,
        stream: Stream,
        store: Store,
        batches: Batches,
        stop: Callable[[], bool],
        now: Callable[[], int],
    ) -> None:
        self.drained = Drained()
        self._stream = stream
        self._store = store
        self._batches = batches
        self._stop = stop
        self._now = now
        self._suspects = Suspects(stream)
        self._writer = Writer(store, now, self._pause, self.drained)

    def run(
        self, linger: float, work_for: float, on_batch: Callable[[Drained], None]
    ) -> None:
        quiet_since = started = time.monotonic()

        if not self._is_ours():
            return

        while self._batches.is_ahead or not (
            self._stop() or time.monotonic() - started >= work_for
        ):
            batch = self._batches.take(min(linger, POLL_SECONDS))

            if batch is not None:
                self._move(batch)
                on_batch(self.drained)
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since >= linger and not self._finish():
                return

        self._finish()

    def _is_ours(self) -> bool:
        if self._stream.claim_site(self._writer.insist(self._store.site_id)):
            return True

        self.drained.foreign = True
        log.error(
            "The queue %r belongs to another site: give each site its own UNT_QUEUE.",
            self._stream.queue,
        )
        return False

    def _move(self, batch: Batch) -> None:
        if batch.decoded is None:
            self._move_suspects(batch)
        else:
            if not self._stop():
                self._batches.look_ahead(batch)

            self._store_all(batch.ids, batch.decoded)

        self._batches.done(batch)

    def _move_suspects(self, batch: Batch) -> None:
        deadly, groups = self._suspects.sort_out(batch.claimed)

        if deadly:
            self._writer.wait_for_database()
            ids = [one.id for one in deadly]
            garbage = [(data_payload(one.data), REASON, one.events) for one in deadly]
            self._store_all(ids, Decoded(garbage=garbage))
            self._stream.end_try(ids)

        ready = self._writer.wait_for_database

        for group in self._suspects.try_groups(groups, ready):
            self._store_all([one.id for one in group], decode(group))

    def _store_all(self, ids: list[bytes], decoded: Decoded) -> None:
        before = self.drained.counts()

        for payload, why, events in decoded.garbage:
            self._writer.set_aside(payload, why, events)

        locked = self._writer.write(decoded.items)
        failpoint("after-commit")
        done = [id for id in ids if id not in decoded.left | locked]
        self._stream.acknowledge(done, self.drained.since(before), self._now())
        self._tell_forgotten()
        failpoint("after-acknowledge")

        self.drained.entries += len(done)
        self.drained.left += len(decoded.left)
        self.drained.locked += len(locked)

    def _tell_forgotten(self) -> None:
        """Have the door refuse them again: Redis may have lost whom to refuse."""
        if self._writer.gone:
            self._stream.forget(map(forgotten_hash, self._writer.gone))
            self._writer.gone.clear()

    def _pause(self, seconds: float) -> None:
        """Sleep; raise when a stop is asked for."""
        end = time.monotonic() + seconds
        self._suspects.unmark()

        while True:
            if self._stop():
                raise Stopped

            left = end - time.monotonic()

            if left <= 0:
                return

            time.sleep(min(left, POLL_SECONDS))

    def _finish(self) -> bool:
        """Write what waits in the database, too; False when there was nothing to do."""
        self._store.catch_up(INBOX_SECONDS)

        return self._recompute()

    def _recompute(self) -> bool:
        """Recompute what is marked, some of it; False when there was nothing to do."""
        try:
            hours = self._store.recompute_marks(MARKS_AT_ONCE, self._now())
            return self._store.recompute_figures() + hours > 0
        except UNTError:
            return False
