"""The thread that sees entries come, and has them drained."""

from __future__ import annotations

import logging
import threading
import time

from rq import Queue

from ..errors import StreamUnavailable
from ..errors import UNTError
from ..jobs import DRAIN
from ..jobs import Shift
from ..jobs import enqueue_columns
from ..jobs import enqueue_drain
from ..jobs import enqueue_help
from ..jobs import enqueue_prune
from ..store import Store
from ..stream import Stream
from .health import Pulse

BEAT_SECONDS = 5.0
BEAT_MS = 30_000
PRUNE_SECONDS = 900.0
COLUMNS_SECONDS = 60.0
BLOCK_MS = 1000
POLL_SECONDS = 0.1
AGAIN_SECONDS = 1.0
AFTER_FAILURE_SECONDS = 30.0

log = logging.getLogger("flask_unt")


class Watcher:
    """Enqueues a drain whenever entries wait and nobody drains; shows life."""

    def __init__(
        self, stream: Stream, store: Store, shift: Shift, pulse: Pulse
    ) -> None:
        self._stream = stream
        self._store = store
        self._pulse = pulse
        self._shift = shift
        self._jobs: Queue | None = None
        self._next_beat = 0.0
        self._next_prune = 0.0
        self._next_columns = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(
            target=self._run, daemon=True, name="unt-watcher"
        )

    def start(self) -> None:
        """Start to show life; nothing is enqueued before :meth:`resume`."""
        self._thread.start()

    def resume(self, jobs: Queue) -> None:
        """Enqueue drains on this queue."""
        self._jobs = jobs

    def pause(self) -> None:
        """Enqueue nothing for now."""
        self._jobs = None

    def stop(self) -> None:
        """End the thread."""
        self._over.set()
        self._thread.join(BLOCK_MS / 1000 + 1)

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                self._look()
            except StreamUnavailable:
                # The worker, which needs Redis too, says so in the log, once.
                self._over.wait(AGAIN_SECONDS)
            except Exception:
                log.exception("The watcher failed and goes on.")
                self._over.wait(AFTER_FAILURE_SECONDS)

    def _look(self) -> None:
        self._beat()
        jobs = self._jobs

        if jobs is None or self._stream.leased(DRAIN):
            if jobs is not None and self._shift.helps and not self._shift.busy:
                enqueue_help(self._stream, jobs)

            self._over.wait(POLL_SECONDS)
            return

        if time.monotonic() >= self._next_prune:
            self._next_prune = time.monotonic() + PRUNE_SECONDS
            enqueue_prune(self._stream, jobs)

        if self._shift.columns and time.monotonic() >= self._next_columns:
            self._next_columns = time.monotonic() + COLUMNS_SECONDS
            enqueue_columns(self._stream, jobs)

        if self._is_something_waiting():
            enqueue_drain(self._stream, jobs)

    def _is_something_waiting(self) -> bool:
        """In Redis, or in the database, where entries go while Redis is away."""
        stream = self._stream

        if stream.wait(BLOCK_MS) or stream.stale(self._shift.claim_idle_ms):
            return True

        try:
            return self._store.inbox.is_waiting()
        except UNTError:
            return False

    def _beat(self) -> None:
        if time.monotonic() < self._next_beat:
            return

        self._stream.beat(self._shift.consumer, BEAT_MS)
        self._pulse.beat()
        self._next_beat = time.monotonic() + BEAT_SECONDS
