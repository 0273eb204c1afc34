"""The stream of one queue: add in the web process, read in the worker."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any
from typing import TypeVar

import redis

from ..errors import StreamUnavailable
from ..errors import VisitorForgotten
from ..events import forgotten_hash
from .counts import Notes
from .counts import count
from .counts import read_counts
from .link import UNLIMITED
from .link import Link
from .link import address_of
from .link import as_unavailable
from .link import new_client
from .replies import GROUP
from .replies import age
from .replies import autoclaim
from .replies import create_group
from .replies import deliveries
from .replies import entries
from .replies import last_read
from .replies import pending
from .scripts import ACKNOWLEDGE
from .scripts import ADD
from .scripts import DROP
from .scripts import FOREIGN
from .scripts import FULL
from .scripts import RENEW
from .scripts import RETIRE
from .scripts import run_script

T = TypeVar("T")

LATE_MS = 60_000
_DAY_MS = 86_400_000
# Browsers keep what waits for 7 days.
FRESH_MS = 8 * _DAY_MS
FORGOTTEN_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Waiting:
    """One entry handed to a consumer, and how often it was handed out so far."""

    id: bytes
    data: bytes
    deliveries: int


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """Entries not yet acknowledged, the oldest one's age in ms, and who works."""

    waiting: int
    oldest_ms: int | None
    pending: int
    workers: tuple[str, ...]
    trouble: str | None

    def troubles(self) -> tuple[str, ...]:
        """Return sentences about what is wrong and what to do."""
        troubles = [self.trouble] if self.trouble else []

        if self.oldest_ms is not None and self.oldest_ms > LATE_MS:
            wait = "1 view waits" if self.waiting == 1 else f"{self.waiting} views wait"
            seconds = self.oldest_ms // 1000
            troubles.append(
                f"{wait}, the oldest for {seconds} seconds: look at the worker's log."
                if self.workers
                else f"{wait}: run flask unt-worker."
            )

        return tuple(troubles)


class Stream:
    """A lazy, fork-safe door to the stream of one queue.

    Give either the address or a host's :func:`connection_settings`. Nothing
    connects before it is needed. Calls of the web process fail within a second
    and then at once for two seconds; calls of the worker wait some seconds.
    Every method raises :exc:`StreamUnavailable` unless it says otherwise.
    """

    def __init__(
        self,
        url: str | None,
        *,
        queue: str,
        max_backlog: int,
        connection_kwargs: Mapping[str, Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.queue = queue
        self.max_backlog = max_backlog
        self.key = self._name("stream")
        self._settings = address_of(url, connection_kwargs)
        self._clock = clock
        self._own_link: Link | None = None

    def connection(self) -> redis.Redis:
        """Return a new client for RQ, without the limits of the web process."""
        return new_client(self._settings, UNLIMITED)

    @property
    def trouble(self) -> str | None:
        """Why entries are not taken at the moment, as far as this process knows."""
        return self._link.refusal or self._link.trouble

    # -- the web process ------------------------------------------------

    def add(
        self,
        data: bytes,
        *,
        site: str | None = None,
        visitors: Iterable[str] = (),
        fresh: tuple[str, int] | None = None,
        events: int = 1,
    ) -> None:
        """Append one entry in one round trip; when this returns, it is safe.

        With ``site`` a stream that belongs to another site refuses it. ``visitors``
        are those it speaks of, ``fresh`` one that was made on purpose, and when;
        so many ``events`` are counted as accepted.

        :raises VisitorForgotten: some of these visitors were forgotten.
        """
        hashes = {forgotten_hash(visitor): visitor for visitor in visitors}
        keys = [self.key, *map(self._name, ("site", "forgotten", "counts"))]
        made_at = 0

        if fresh is not None:
            keys.append(self._fresh(fresh[0]))
            made_at = fresh[1]

        limits = (self.max_backlog, data, made_at, FRESH_MS, events)
        values = (site or "", *limits, *hashes)

        with self._quick() as client:
            self._check()
            added = run_script(client, ADD, keys, *values)

        if isinstance(added, list):
            raise VisitorForgotten(hashes[hash] for hash in added)

        if added == FULL:
            raise self._link.refuse(f"{self.max_backlog} entries wait already.")

        if added == FOREIGN:
            raise self._link.refuse(
                f"The queue {self.queue!r} belongs to another site: "
                "give each site its own UNT_QUEUE."
            )

    def fresh_at(self, visitor: str) -> int | None:
        """When this visitor was made on purpose, if that was within some days."""
        with self._quick() as client:
            made_at = client.get(self._fresh(visitor))

        return None if made_at is None else int(made_at)

    def forget(self, hashes: Iterable[bytes]) -> None:
        """Take no more entries of these visitors: see ``events.forgotten_hash``."""
        rest = iter(hashes)

        with self._patient() as client:
            while some := list(islice(rest, FORGOTTEN_AT_ONCE)):
                client.sadd(self._name("forgotten"), *some)

    def available(self) -> bool:
        """Tell whether entries would be taken now; never raises."""
        try:
            with self._quick() as client:
                self._check()
                client.ping()
        except StreamUnavailable:
            return False

        return True

    def status(self, now: int) -> StreamStatus:
        """Return what waits and who works; never raises, see ``trouble``."""
        waiting, held, oldest = 0, 0, None
        workers: tuple[str, ...] = ()

        with suppress(StreamUnavailable), self._quick() as client:
            self._link.check_memory(self.key, self._clock())
            waiting = client.xlen(self.key)
            oldest = age(client.xrange(self.key, count=1), now)
            held = pending(client, self.key)
            workers = self._live_workers(client)

        return StreamStatus(waiting, oldest, held, workers, self.trouble)

    def count(self, counts: Mapping[str, int], notes: Notes, now: int) -> None:
        """Add to the figures that all processes share, and replace notes."""
        with self._quick() as client:
            count(client, self._name("counts"), counts, notes, now)

    def counts(self) -> tuple[dict[str, int], dict[str, tuple[int, str]]]:
        """The figures that processes share, and what they noted: a time, a text.

        Among them are ``since`` and ``last-drain``, times in ms.
        """
        with self._quick() as client:
            return read_counts(client, self._name("counts"))

    def claim_site(self, site: str) -> bool:
        """Mark the stream as this site's; False if it is another's."""
        with self._quick() as client:
            if client.set(self._name("site"), site, nx=True):
                return True

            return bool(client.get(self._name("site")) == site.encode())

    # -- the worker -----------------------------------------------------

    def ensure_group(self) -> None:
        """Create the consumer group from the first entry on, if it is missing."""
        with self._patient() as client:
            create_group(client, self.key)

    def waiting(self) -> int:
        """Return how many entries are not acknowledged yet."""
        with self._patient() as client:
            return int(client.xlen(self.key))

    def wait(self, block_ms: int) -> bool:
        """Block until an entry nobody has read waits; False when none came."""
        with self._patient() as client:
            last = self._in_group(lambda: last_read(client, self.key))
            return bool(client.xread({self.key: last}, count=1, block=block_ms))

    def stale(self, idle_ms: int) -> bool:
        """Tell whether an entry was handed out that long ago and not acknowledged."""
        with self._patient() as client:
            return bool(
                self._in_group(
                    lambda: client.xpending_range(
                        self.key, GROUP, "-", "+", 1, idle=idle_ms
                    )
                )
            )

    def read(self, consumer: str, count: int, block_ms: int) -> list[Waiting]:
        """Hand out up to ``count`` new entries, blocking for the first one."""
        with self._patient() as client:
            answer = self._in_group(
                lambda: client.xreadgroup(
                    GROUP, consumer, {self.key: ">"}, count, block_ms or None
                )
            )

        return [Waiting(id, data, 1) for id, data in entries(answer)]

    def claim(self, consumer: str, count: int, idle_ms: int) -> list[Waiting]:
        """Take over up to ``count`` entries whose consumer has been silent so long."""
        with self._patient() as client:
            found = self._in_group(
                lambda: autoclaim(client, self.key, consumer, count, idle_ms)
            )
            times = deliveries(client, self.key, consumer, found)

        return [Waiting(id, data, times.get(id, 1)) for id, data in found]

    def keep(self, consumer: str, ids: Sequence[bytes]) -> None:
        """Restart the idle time of claimed entries, so that nobody takes them."""
        self._claim_again(consumer, ids, idle_ms=0)

    def release(self, consumer: str, ids: Sequence[bytes]) -> None:
        """Let any consumer claim these entries at once."""
        self._claim_again(consumer, ids, idle_ms=_DAY_MS)

    def acknowledge(
        self,
        ids: Sequence[bytes],
        counts: Mapping[str, int] | None = None,
        now: int = 0,
    ) -> None:
        """Take entries out of the stream, now that the database has them.

        ``counts`` says what became of their events, for :meth:`counts`.
        """
        if not ids:
            return

        found = {name: count for name, count in (counts or {}).items() if count}
        pairs = [part for pair in found.items() for part in pair]
        keys = (self.key, self._name("counts"))

        with self._patient() as client:
            run_script(client, ACKNOWLEDGE, keys, GROUP, now, len(found), *pairs, *ids)

    def retire(self, consumer: str) -> None:
        """Remove a consumer that will not come back, unless it holds entries."""
        with self._patient() as client:
            self._in_group(
                lambda: run_script(client, RETIRE, (self.key,), GROUP, consumer)
            )

    def lease(self, name: str, owner: str, ttl_ms: int) -> bool:
        """Take a lease that nobody holds."""
        with self._patient() as client:
            return bool(client.set(self._lease(name), owner, nx=True, px=ttl_ms))

    def renew(self, name: str, owner: str, ttl_ms: int) -> bool:
        """Extend a lease; False if it was lost."""
        with self._patient() as client:
            return bool(run_script(client, RENEW, (self._lease(name),), owner, ttl_ms))

    def drop(self, name: str, owner: str) -> None:
        """Give a lease back if it is still the owner's."""
        with self._patient() as client:
            run_script(client, DROP, (self._lease(name),), owner)

    def leased(self, name: str) -> bool:
        """Tell whether somebody holds the lease."""
        with self._patient() as client:
            return bool(client.exists(self._lease(name)))

    def beat(self, worker: str, ttl_ms: int) -> None:
        """Show this worker as alive for ``ttl_ms``."""
        with self._patient() as client:
            client.set(self._name(f"worker:{worker}"), 1, px=ttl_ms)
            client.sadd(self._name("workers"), worker)

    def rest(self, worker: str) -> None:
        """Show this worker as gone."""
        with self._patient() as client:
            client.delete(self._name(f"worker:{worker}"))
            client.srem(self._name("workers"), worker)

    # -- inside ---------------------------------------------------------

    @property
    def _link(self) -> Link:
        if self._own_link is None or self._own_link.pid != os.getpid():
            self._own_link = Link(self._settings)

        return self._own_link

    @contextmanager
    def _quick(self) -> Iterator[Any]:
        link = self._link
        link.enter(self._clock())

        # Whatever goes wrong here must lead to the database, never to a 500.
        try:
            yield link.quick
        except StreamUnavailable:
            raise
        except Exception as error:
            raise link.fail(error, self._clock()) from error

        link.succeed()

    @contextmanager
    def _patient(self) -> Iterator[Any]:
        with as_unavailable():
            yield self._link.patient

    def _check(self) -> None:
        self._link.check_memory(self.key, self._clock())

        if self._link.refusal:
            raise StreamUnavailable(self._link.refusal)

    def _in_group(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except redis.ResponseError as error:
            if "NOGROUP" not in str(error) and "no such key" not in str(error):
                raise

        create_group(self._link.patient, self.key)
        return call()

    def _claim_again(self, consumer: str, ids: Sequence[bytes], idle_ms: int) -> None:
        if not ids:
            return

        with self._patient() as client:
            client.xclaim(
                self.key, GROUP, consumer, 0, list(ids), idle=idle_ms, justid=True
            )

    def _live_workers(self, client: Any) -> tuple[str, ...]:
        names = sorted(name.decode() for name in client.smembers(self._name("workers")))
        beats = client.mget([self._name(f"worker:{n}") for n in names]) if names else []
        live = {name: beat is not None for name, beat in zip(names, beats, strict=True)}

        if gone := [name for name in names if not live[name]]:
            client.srem(self._name("workers"), *gone)

        return tuple(name for name in names if live[name])

    def _fresh(self, visitor: str) -> str:
        return self._name(f"fresh:{forgotten_hash(visitor).hex()}")

    def _lease(self, name: str) -> str:
        return self._name(f"lease:{name}")

    def _name(self, part: str) -> str:
        return f"{{{self.queue}}}:{part}"
