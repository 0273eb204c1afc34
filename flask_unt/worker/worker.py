"""One worker: an RQ worker in this process, and a watcher of the stream."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from rq import Queue
from rq import SimpleWorker
from rq.exceptions import DequeueTimeout
from rq.serializers import JSONSerializer

from ..drain import Drained
from ..drain import Outage
from ..drain import now_ms
from ..errors import StoreUnavailable
from ..errors import StreamUnavailable
from ..errors import WriteFailed
from ..jobs import SHIFT
from ..jobs import Shift
from ..jobs import consumer_name
from ..jobs import enqueue_drain
from ..jobs import enqueue_help
from ..jobs import queue
from ..state import State
from ..stream import Stream
from ..stream import as_unavailable
from .health import Pulse
from .stopping import Stopping
from .watcher import Watcher

DEQUEUE_SECONDS = 1
BURST_SECONDS = 0.1
REGISTERED_SECONDS = 30
INBOX_SECONDS = 5.0
LAST_SECONDS = 2.0

log = logging.getLogger("flask_unt")


class Worker:
    """Takes jobs off the queue while Redis and the database are there."""

    def __init__(
        self,
        state: State,
        stream: Stream,
        stopping: Stopping,
        burst: bool,
        claim_idle_ms: int,
        pulse: Pulse,
    ) -> None:
        self._state = state
        self._stream = stream
        self._stopping = stopping
        self._burst = burst
        self._shift = Shift(
            consumer_name(),
            stop=stopping,
            linger=0.0 if burst else 1.0,
            claim_idle_ms=claim_idle_ms,
        )
        self._watcher = Watcher(stream, state.store, self._shift, pulse)
        self._outage = Outage("The worker waits", "The worker goes on.")

    def run(self) -> int:
        """Work until a stop is asked for; return the exit code."""
        token = SHIFT.set(self._shift)

        try:
            return self._run()
        finally:
            SHIFT.reset(token)

    def _run(self) -> int:
        self._watcher.start()

        while not self._stopping():
            try:
                self._get_ready()
                self._outage.end()

                if self._work():
                    break
            except (StoreUnavailable, StreamUnavailable, WriteFailed) as error:
                self._watcher.pause()
                self._stopping.wait(self._outage.wait(error))

        self._leave()

        return 0

    def _get_ready(self) -> None:
        """Bring the tables up to date, and see that the queue is this site's."""
        store = self._state.store
        store.migrate()
        self._shift.helps = store.takes_several_writers
        self._shift.columns = bool(self._state.host.user_columns)

        if not self._stream.claim_site(store.site_id()):
            raise StreamUnavailable(
                f"The queue {self._stream.queue!r} belongs to another site: "
                "give each site its own UNT_QUEUE."
            )

        self._stream.ensure_group()
        self._stream.forget(store.forgotten_hashes())
        store.inbox.drain(now_ms(), INBOX_SECONDS)

    def _work(self) -> bool:
        """Work as long as the queue is ours; True when all is done (``burst``)."""
        jobs = queue(self._stream)
        self._shift.last = Drained()

        with as_unavailable():
            rq_worker = _rq_worker(jobs)

            try:
                return (
                    self._drain_all(rq_worker, jobs)
                    if self._burst
                    else (self._serve(rq_worker, jobs))
                )
            finally:
                with suppress(Exception):
                    rq_worker.register_death()

    def _serve(self, rq_worker: Any, jobs: Queue) -> bool:
        log.info("The worker is ready.")
        self._watcher.resume(jobs)

        while not self._stopping():
            self._take_job(rq_worker, jobs, DEQUEUE_SECONDS)

            if self._shift.last.foreign:
                self._watcher.pause()
                return False

        return False

    def _drain_all(self, rq_worker: Any, jobs: Queue) -> bool:
        while not self._stopping():
            if self._stream.waiting() > self._shift.last.left:
                self._enqueue(jobs)

            if self._take_job(rq_worker, jobs, None):
                continue

            if self._stream.waiting() <= self._shift.last.left:
                self._state.store.inbox.drain(now_ms())
                return True

            self._stopping.wait(BURST_SECONDS)

        return True

    def _take_job(self, rq_worker: Any, jobs: Queue, timeout: int | None) -> bool:
        if rq_worker.should_run_maintenance_tasks:
            rq_worker.run_maintenance_tasks()

        rq_worker.heartbeat()

        try:
            found = Queue.dequeue_any(
                [jobs],
                timeout,
                connection=rq_worker.connection,
                serializer=JSONSerializer,
            )
        except DequeueTimeout:
            return False

        if found is None:
            return False

        self._shift.busy = True

        try:
            rq_worker.execute_job(*found)
        finally:
            self._shift.busy = False

        return True

    def _enqueue(self, jobs: Queue) -> None:
        if not enqueue_drain(self._stream, jobs) and self._shift.helps:
            enqueue_help(self._stream, jobs)

    def _leave(self) -> None:
        self._watcher.stop()

        with suppress(StreamUnavailable):
            self._stream.rest(self._shift.consumer)
            self._stream.retire(self._shift.consumer)

        self._state.store.catch_up(LAST_SECONDS)


def _rq_worker(jobs: Queue) -> Any:
    worker: Any = SimpleWorker(
        [jobs],
        connection=jobs.connection,
        serializer=JSONSerializer,
        worker_ttl=REGISTERED_SECONDS,
    )
    # RQ tells of every job at INFO; a job of ours is no news.
    worker.log = logging.getLogger("flask_unt.rq")
    worker.log.setLevel(logging.WARNING)
    worker.register_birth()

    return worker
