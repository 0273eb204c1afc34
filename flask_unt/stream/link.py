"""How a process reaches Redis: its own connections, limits and breaker."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ..errors import ConfigError
from ..errors import StreamUnavailable

BREAKER_SECONDS = 2.0
CHECK_SECONDS = 5.0
QUICK = {"socket_connect_timeout": 0.25, "socket_timeout": 0.5}
PATIENT = {"socket_connect_timeout": 2.0, "socket_timeout": 5.0}
UNLIMITED = {"socket_connect_timeout": 2.0}

_ADDRESS = frozenset(
    {
        "connection_class",
        "credential_provider",
        "db",
        "host",
        "password",
        "path",
        "port",
        "socket_keepalive",
        "socket_type",
        "username",
    }
)


class Link:
    """The connections of one process; nothing of it may cross a fork."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.pid = os.getpid()
        self.quick = new_client(settings, QUICK)
        self.patient = new_client(settings, PATIENT)
        self.refusal: str | None = None
        self.trouble: str | None = None
        self._closed_until: float | None = None
        self._next_check: float | None = None
        self._lock = threading.Lock()

    def enter(self, now: float) -> None:
        """Let a call through; while Redis fails, only one in a while."""
        with self._lock:
            if self._closed_until is None:
                return

            if now < self._closed_until:
                raise StreamUnavailable(self.trouble or "Redis failed a moment ago.")

            self._closed_until = now + BREAKER_SECONDS

    def fail(self, error: Exception, now: float) -> StreamUnavailable:
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
        with self._lock:
            if self._next_check is not None and now < self._next_check:
                return

            self._next_check = now + CHECK_SECONDS

        self.refusal = _memory_trouble(self.quick, key)


def connection_settings(client: Any) -> dict[str, Any]:
    """Return how a host's redis-py client reaches Redis, for ``Stream``.

    :exc:`ConfigError` for a client of a cluster or a sentinel.
    """
    pool = getattr(client, "connection_pool", None)

    if not isinstance(pool, redis.ConnectionPool) or hasattr(pool, "service_name"):
        raise ConfigError(
            f"The stream cannot share a {type(client).__name__} of this kind: "
            "set UNT_REDIS_URL to the address of one Redis server."
        )

    return {**pool.connection_kwargs, "connection_class": pool.connection_class}


def address_of(url: str | None, settings: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the address and credentials, and nothing else a host has set."""
    if settings is None:
        settings = _parse_url(url)

    return {
        name: value
        for name, value in settings.items()
        if name in _ADDRESS or name.startswith("ssl_")
    }


def new_client(settings: Mapping[str, Any], limits: Mapping[str, float]) -> redis.Redis:
    """Return a client that never sends a command twice by itself."""
    options: dict[str, Any] = {
        **settings,
        **limits,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
    }

    return redis.Redis(connection_pool=redis.ConnectionPool(**options))


@contextmanager
def as_unavailable() -> Iterator[None]:
    """Raise :exc:`StreamUnavailable` for any error of Redis inside."""
    try:
        yield
    except (redis.RedisError, OSError) as error:
        raise StreamUnavailable(reason_of(error)) from error


def reason_of(error: Exception) -> str:
    """Return a sentence for an error of Redis."""
    text = " ".join(str(error).split()) or type(error).__name__

    return f"Redis cannot be used: {text.rstrip('.')}."


def _parse_url(url: str | None) -> dict[str, Any]:
    try:
        pool = redis.ConnectionPool.from_url(url or "")
    except ValueError as error:
        raise ConfigError(
            "The address of Redis must look like redis://host:6379/0, "
            f"rediss://host:6379/0 or unix:///path/to/socket: {error}."
        ) from None

    return {**pool.connection_kwargs, "connection_class": pool.connection_class}


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
