"""Where Redis is: from an address, or from the client that a host has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel
from redis.sentinel import SentinelConnectionPool

from ..errors import ConfigError

SENTINELS = "sentinels"
_ADDRESS = frozenset(
    {
        "connection_class",
        "credential_provider",
        "db",
        "host",
        "password",
        "path",
        "port",
        SENTINELS,
        "socket_keepalive",
        "socket_type",
        "username",
    }
)


@dataclass(frozen=True, slots=True)
class Sentinels:
    """Who knows where the primary of a service is, and how each is reached."""

    service: str
    settings: tuple[Mapping[str, Any], ...]


def connection_settings(client: Any) -> dict[str, Any]:
    """Return how a host's redis-py client reaches Redis, for ``Stream``.

    :exc:`ConfigError` for a client of a cluster or of a sentinel's replicas.
    """
    pool = getattr(client, "connection_pool", None)

    if not isinstance(pool, redis.ConnectionPool) or _is_of_replicas(pool):
        raise ConfigError(
            f"The stream cannot share a {type(client).__name__} of this kind: "
            "set UNT_REDIS_URL to the address of one Redis server."
        )

    settings = {**pool.connection_kwargs, "connection_class": pool.connection_class}

    if isinstance(pool, SentinelConnectionPool):
        settings[SENTINELS] = _sentinels_of(pool)

    return settings


def address_of(url: str | None, settings: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the address and credentials, and nothing else a host has set."""
    return _address_in(_parse_url(url) if settings is None else settings)


def new_client(settings: Mapping[str, Any], limits: Mapping[str, float]) -> redis.Redis:
    """Return a client that never sends a command twice by itself."""
    address = dict(settings)
    sentinels = address.pop(SENTINELS, None)
    options = {**address, **_once(limits), "protocol": 2}

    if sentinels is None:
        return redis.Redis(connection_pool=redis.ConnectionPool(**options))

    manager: Any = Sentinel([])  # type: ignore[no-untyped-call]
    manager.sentinels = [new_client(one, limits) for one in sentinels.settings]
    pool: Any = SentinelConnectionPool(  # type: ignore[no-untyped-call]
        sentinels.service, manager, **options
    )
    return redis.Redis(connection_pool=pool)


def _once(limits: Mapping[str, float]) -> dict[str, Any]:
    return {**limits, "retry": Retry(NoBackoff(), 0)}


def _is_of_replicas(pool: Any) -> bool:
    return isinstance(pool, SentinelConnectionPool) and not pool.is_master


def _sentinels_of(pool: Any) -> Sentinels:
    clients = pool.sentinel_manager.sentinels
    settings = (_address_in(connection_settings(client)) for client in clients)
    return Sentinels(pool.service_name, tuple(settings))


def _address_in(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in settings.items()
        if name in _ADDRESS or name.startswith("ssl_")
    }


def _parse_url(url: str | None) -> dict[str, Any]:
    try:
        pool = redis.ConnectionPool.from_url(url or "")
    except ValueError as error:
        raise ConfigError(
            "The address of Redis must look like redis://host:6379/0, "
            f"rediss://host:6379/0 or unix:///path/to/socket: {error}."
        ) from None

    return {**pool.connection_kwargs, "connection_class": pool.connection_class}
