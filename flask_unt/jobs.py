"""The work that RQ carries: jobs without any data, it waits in the stream."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from dataclasses import field

from rq import Queue
from rq import get_current_job
from rq.serializers import JSONSerializer

from .drain import CLAIM_IDLE_MS
from .drain import Drained
from .drain import drain
from .drain import now_ms
from .drain import reason
from .errors import StreamUnavailable
from .state import get_state
from .state import refresh_columns
from .stream import Stream
from .stream import as_unavailable

DRAIN = "drain"
PRUNE = "prune"
COLUMNS = "columns"
COLUMNS_SECONDS = 5.0
COLUMNS_EVERY_MS = 60_000
NEW_USERS_SECONDS = 0.5
DAY_MS = 86_400_000
LEASE_MS = 5_000
RENEW_SECONDS = 1.0
# Drains beside the first one, where the database takes several writers at once.
HELPS = tuple(f"{DRAIN}-{number}" for number in range(2, 9))
HELP_FROM = 8000
FAILURE_SECONDS = 600

log = logging.getLogger("flask_unt")


@dataclass
class Shift:
    """How the worker of this process works, and what its last drain did.

    It ``helps`` another's drain where the database takes several writers; ``busy`` is
    a worker that has a job. With ``columns`` the site has some of its own for users.
    """

    consumer: str
    stop: Callable[[], bool] = lambda: False
    linger: float = 1.0
    claim_idle_ms: int = CLAIM_IDLE_MS
    helps: bool = False
    columns: bool = False
    busy: bool = False
    last: Drained = field(default_factory=Drained)


SHIFT: ContextVar[Shift] = ContextVar("unt_shift")


def consumer_name() -> str:
    """Return a name for this process that no other has had."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def queue(stream: Stream) -> Queue:
    """Return the RQ queue, on a connection of its own."""
    return Queue(
        stream.queue, connection=stream.connection(), serializer=JSONSerializer
    )


def enqueue_drain(stream: Stream, to: Queue | None = None) -> bool:
    """Have a worker drain the stream; False if a drain runs or waits already.

    :raises StreamUnavailable: Redis is not there.
    """
    return _enqueue(stream, to, DRAIN, LEASE_MS, "flask_unt.jobs.drain_job")


def enqueue_help(stream: Stream, to: Queue | None = None) -> bool:
    """Have one more worker drain if more waits than one soon has done.

    :raises StreamUnavailable: Redis is not there.
    """
    if stream.waiting() < HELP_FROM:
        return False

    job = "flask_unt.jobs.drain_job"

    return any(_enqueue(stream, to, name, LEASE_MS, job) for name in HELPS)


def enqueue_prune(stream: Stream, to: Queue | None = None) -> bool:
    """Have a worker delete what is too old; False if that was done within a day.

    :raises StreamUnavailable: Redis is not there.
    """
    return _enqueue(stream, to, PRUNE, DAY_MS, "flask_unt.jobs.prune_job")


def enqueue_columns(stream: Stream, to: Queue | None = None) -> bool:
    """Have a worker ask for columns of users; False if that was done just now.

    :raises StreamUnavailable: Redis is not there.
    """
    job = "flask_unt.jobs.columns_job"

    return _enqueue(stream, to, COLUMNS, COLUMNS_EVERY_MS, job)


def _enqueue(
    stream: Stream, to: Queue | None, name: str, lease_ms: int, function: str
) -> bool:
    # The job has no arguments: its id tells it which lease is its own.
    job_id = f"unt-{name}-{secrets.token_hex(8)}"

    if not stream.lease(name, job_id, lease_ms):
        return False

    with as_unavailable():
        (to or queue(stream)).enqueue_call(
            function,
            timeout=-1,
            result_ttl=0,
            failure_ttl=FAILURE_SECONDS,
            job_id=job_id,
        )

    return True


def prune_job() -> None:
    """Delete what the current app keeps no longer; tried again if that fails."""
    state = get_state()
    job = get_current_job()

    try:
        state.store.prune(now_ms())
    except Exception as error:
        log.warning("Old views were not deleted: %s", reason(error))

        if state.stream is not None and job is not None:
            state.stream.drop(PRUNE, job.id)


def columns_job() -> None:
    """Ask the site for its own columns of users whose are a day old."""
    refresh_columns(get_state(), COLUMNS_SECONDS)


def drain_job() -> None:
    """Drain the current app's stream, unless another drain does.

    Nothing is raised: RQ would keep the traceback, and with it what it quotes. After
    an error the lease is left to expire, so that the next try comes a moment later.
    """
    stream = get_state().stream
    job = get_current_job()

    if stream is None or job is None:
        return

    try:
        _drain_under(_Lease(stream, _lease_of(job.id), job.id), stream)
    except StreamUnavailable as error:
        log.info("A drain was broken off: %s", error)
    except Exception:
        log.exception("A drain failed.")


def _lease_of(job_id: str) -> str:
    return job_id.removeprefix("unt-").rpartition("-")[0]


def _drain_under(lease: _Lease, stream: Stream) -> None:
    if not lease.take():
        return

    shift = SHIFT.get(None) or Shift(consumer_name())

    with lease.kept():
        shift.last = drain(
            stream,
            get_state().store,
            consumer=shift.consumer,
            stop=lambda: shift.stop() or lease.lost,
            linger=0.0 if lease.name in HELPS else shift.linger,
            claim_idle_ms=shift.claim_idle_ms,
        )

    lease.drop()
    refresh_columns(get_state(), NEW_USERS_SECONDS)


class _Lease:
    """The right to drain; it was taken for the job when the job was enqueued."""

    def __init__(self, stream: Stream, name: str, owner: str) -> None:
        self.name = name
        self.lost = False
        self._stream = stream
        self._owner = owner
        self._over = threading.Event()

    def take(self) -> bool:
        return self._stream.renew(
            self.name, self._owner, LEASE_MS
        ) or self._stream.lease(self.name, self._owner, LEASE_MS)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Renew it from another thread: a batch may take longer than it lasts."""
        thread = threading.Thread(target=self._renew, daemon=True, name="unt-lease")
        thread.start()

        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def drop(self) -> None:
        self._stream.drop(self.name, self._owner)

    def _renew(self) -> None:
        while not self._over.wait(RENEW_SECONDS):
            # While Redis is away nobody can take it, and the database may be served.
            with suppress(StreamUnavailable):
                self.lost = not self.take()
