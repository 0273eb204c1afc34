"""How a process reaches Redis: its own connections, limits and breaker."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import redis

from ..errors import StreamUnavailable
from .address import new_client
from .wire import Wire

BREAKER_SECONDS = 2.0
CHECK_SECONDS = 5.0
QUICK = {"socket_connect_timeout": 0.25, "socket_timeout": 0.5}
PATIENT = {"socket_connect_timeout": 2.0, "socket_timeout": 5.0}
UNLIMITED = {"socket_connect_timeout": 2.0}


class Link:
    """The connections of one process; nothing of it may cross a fork."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.pid = os.getpid()
        self.quick: Any = new_client(settings, QUICK)
        self.patient: Any = new_client(settings, PATIENT)
        self.wire = Wire(self.quick.connection_pool)
        self.refusal: str | None = None
        self.trouble: str | None = None
        self._closed_until: float | None = None
        self._next_check: float | None = None
        self._lock = threading.Lock()

    def enter(self, now: float) -> None:
        """Let a call through; while Redis fails, only one in a while."""
        if self._closed_until is None:
            return

        with self._lock:
            if self._closed_until is None:
                return

            if now < self._closed_until:
                raise StreamUnavailable(self.trouble or "Redis failed a moment ago.")

            self._closed_until = now + BREAKER_SECONDS

    def fail(self, error: BaseException, now: float) -> StreamUnavailable:
        """Keep everybody away for a while, and say why."""
        with self._lock:
            self._closed_until = now + BREAKER_SECONDS
            self._next_check = None
            self.trouble = reason_of(error)

        return StreamUnavailable(self.trouble)

    def succeed(self) -> None:
        """Let everybody in again."""
        self._closed_until = None
        self.trouble = None

    def refuse(self, reason: str) -> StreamUnavailable:
        """Note a refusal that is no failure of the connection."""
        self.trouble = reason
        return StreamUnavailable(reason)

    def check_memory(self, key: str, now: float) -> None:
        """Look every few seconds whether Redis is a safe place; see ``refusal``."""
        if self._next_check is not None and now < self._next_check:
            return

        with self._lock:
            if self._next_check is not None and now < self._next_check:
                return

            self._next_check = now + CHECK_SECONDS

        self.refusal = _memory_trouble(self.quick, key)


class Attempt:
    """A ``with`` block of the web process: it fails fast, and says how it went."""

    __slots__ = ("_clock", "_link")

    def __init__(self, link: Link, clock: Callable[[], float]) -> None:
        self._link = link
        self._clock = clock

    def __enter__(self) -> Link:
        self._link.enter(self._clock())
        return self._link

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self._link.succeed()
            return

        if isinstance(error, StreamUnavailable) or not isinstance(error, Exception):
            return

        # Whatever goes wrong here must lead to the database, never to a 500.
        raise self._link.fail(error, self._clock()) from error


@contextmanager
def as_unavailable() -> Iterator[None]:
    """Raise :exc:`StreamUnavailable` for any error of Redis inside."""
    try:
        yield
    except (redis.RedisError, OSError) as error:
        raise StreamUnavailable(reason_of(error)) from error


def reason_of(error: BaseException) -> str:
    """Return a sentence for an error of Redis."""
    text = " ".join(str(error).split()) or type(error).__name__

    return f"Redis cannot be used: {text.rstrip('.')}."


def _memory_trouble(client: Any, key: str) -> str | None:
    try:
        memory = client.info("memory")
    except redis.exceptions.NoPermissionError:
        return None

    limit = int(memory.get("maxmemory", 0))

    if limit == 0:
        return None

    policy = memory.get("maxmemory_policy", "noeviction")

    if policy != "noeviction":
        return f"Redis may evict keys: set its {policy} policy to noeviction."

    if int(memory["used_memory"]) > limit * 0.8:
        return "Redis is over 80% full."

    if _memory_usage(client, key) > limit / 4:
        return "The stream fills a quarter of Redis's memory."

    return None


def _memory_usage(client: Any, key: str) -> int:
    try:
        return int(client.memory_usage(key) or 0)
    except redis.exceptions.NoPermissionError:
        return 0
