"""The Redis stream: where events are safe before a worker writes them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from .errors import ConfigError
from .errors import StreamUnavailable

GROUP = "unt"
BREAKER_SECONDS = 2.0
CHECK_SECONDS = 5.0
QUICK = {"socket_connect_timeout": 0.25, "socket_timeout": 0.5}
PATIENT = {"socket_connect_timeout": 2.0, "socket_timeout": 5.0}

_ADDRESS = frozenset(
    "host port path db username password credential_provider protocol "
    "socket_keepalive socket_keepalive_options socket_type".split()
)
_ADDED, _FULL, _FOREIGN = 1, 0, -1
_ADD = """
local site = redis.call('GET', KEYS[2])
if ARGV[1] ~= '' and site ~= ARGV[1] then
  if site then return -1 end
  redis.call('SET', KEYS[2], ARGV[1])
end
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('XADD', KEYS[1], '*', 'd', ARGV[3])
return 1
"""
_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
_DROP = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""
_RETIRE = """
local held = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2])
if #held > 0 then return 0 end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return 1
"""


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


def connection_settings(client: redis.Redis) -> dict[str, Any]:
    """Return how a host's client reaches Redis, fit for ``connection_kwargs``."""
    pool = client.connection_pool

    return {**pool.connection_kwargs, "connection_class": pool.connection_class}


class Stream:
    """A lazy, fork-safe door to the stream of one queue.

    Give either the address or a host's :func:`connection_settings`. Nothing
    connects before it is needed. Calls of the web process fail within a second
    and then at once for two seconds; calls of the worker are more patient.
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
        self.key = f"{{{queue}}}:stream"
        self.site_key = f"{{{queue}}}:site"
        self._settings = _address(url, connection_kwargs)
        self._clock = clock
        self._own = _Process(self._settings)

    # -- the web process ------------------------------------------------

    def add(self, data: bytes, *, site: str | None = None) -> None:
        """Append one entry in one round trip; when this returns, it is safe."""

    @property
    def trouble(self) -> str | None:
        """Why entries are not taken at the moment, as far as this process knows."""

    def available(self) -> bool:
        """Tell whether entries would be taken now; never raises."""

    def status(self, now: int) -> StreamStatus:
        """Return what waits and who works; never raises, see ``trouble``."""

    def claim_site(self, site: str) -> bool:
        """Mark the stream as this site's; False if it is another's."""

    # -- the worker -----------------------------------------------------

    def ensure_group(self) -> None:
        """Create the consumer group from the first entry on, if it is missing."""

    def wait(self, block_ms: int) -> bool:
        """Block until an entry nobody has read waits; False when none came."""

    def stale(self, idle_ms: int) -> bool:
        """Tell whether an entry was handed out that long ago and not acknowledged."""

    def read(self, consumer: str, count: int, block_ms: int) -> list[Waiting]:
        """Hand out up to ``count`` new entries, blocking for the first one."""

    def claim(self, consumer: str, count: int, idle_ms: int) -> list[Waiting]:
        """Take over up to ``count`` entries whose consumer has been silent so long."""

    def keep(self, consumer: str, ids: Sequence[bytes]) -> None:
        """Restart the idle time of claimed entries, so that nobody takes them."""

    def release(self, consumer: str, ids: Sequence[bytes]) -> None:
        """Let any consumer claim these entries at once."""

    def acknowledge(self, ids: Sequence[bytes]) -> None:
        """Take entries out of the stream, now that the database has them."""

    def retire(self, consumer: str) -> None:
        """Remove a consumer that will not come back, unless it holds entries."""

    def lease(self, name: str, owner: str, ttl_ms: int) -> bool:
        """Take a lease that nobody holds."""

    def renew(self, name: str, owner: str, ttl_ms: int) -> bool:
        """Extend a lease; False if it was lost."""

    def drop(self, name: str, owner: str) -> None:
        """Give a lease back if it is still the owner's."""

    def leased(self, name: str) -> bool:
        """Tell whether somebody holds the lease."""

    def beat(self, worker: str, ttl_ms: int) -> None:
        """Show this worker as alive for ``ttl_ms``."""

    def rest(self, worker: str) -> None:
        """Show this worker as gone."""

    def connection(self) -> redis.Redis:
        """Return a new client for RQ, without the limits of the web process."""
