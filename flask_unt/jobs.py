"""The work that RQ carries: jobs without any data, it waits in the stream."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import time
from collections.abc import Callable
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
from .stream import Stream
from .stream import as_unavailable

DRAIN = "drain"
PRUNE = "prune"
DAY_MS = 86_400_000
LEASE_MS = 10_000
RENEW_SECONDS = 2.0
FAILURE_SECONDS = 600

log = logging.getLogger("flask_unt")


@dataclass
class Shift:
    """How the worker of this process works, and what its last drain did."""

    consumer: str
    stop: Callable[[], bool] = lambda: False
    linger: float = 1.0
    claim_idle_ms: int = CLAIM_IDLE_MS
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


def enqueue_prune(stream: Stream, to: Queue | None = None) -> bool:
    """Have a worker delete what is too old; False if that was done within a day.

    :raises StreamUnavailable: Redis is not there.
    """
    return _enqueue(stream, to, PRUNE, DAY_MS, "flask_unt.jobs.prune_job")


def _enqueue(
    stream: Stream, to: Queue | None, name: str, lease_ms: int, function: str
) -> bool:
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
        _drain_under(_Lease(stream, job.id), stream)
    except StreamUnavailable as error:
        log.info("A drain was broken off: %s", error)
    except Exception:
        log.exception("A drain failed.")


def _drain_under(lease: _Lease, stream: Stream) -> None:
    if not lease.take():
        return

    shift = SHIFT.get(None) or Shift(consumer_name())
    shift.last = drain(
        stream,
        get_state().store,
        consumer=shift.consumer,
        stop=lambda: shift.stop() or not lease.hold(),
        linger=shift.linger,
        claim_idle_ms=shift.claim_idle_ms,
    )
    lease.drop()


class _Lease:
    """The right to drain; it was taken for the job when the job was enqueued."""

    def __init__(self, stream: Stream, owner: str) -> None:
        self._stream = stream
        self._owner = owner
        self._next_renewal = 0.0

    def take(self) -> bool:
        return self._renew() or self._stream.lease(DRAIN, self._owner, LEASE_MS)

    def hold(self) -> bool:
        """Renew it now and then; False if it was lost."""
        if time.monotonic() < self._next_renewal:
            return True

        # While Redis is away nobody can take it, and the database may still be served.
        with suppress(StreamUnavailable):
            return self.take()

        return True

    def drop(self) -> None:
        self._stream.drop(DRAIN, self._owner)

    def _renew(self) -> bool:
        self._next_renewal = time.monotonic() + RENEW_SECONDS

        return self._stream.renew(DRAIN, self._owner, LEASE_MS)
