"""What a Redis server says of itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis


@dataclass(frozen=True, slots=True)
class RedisServer:
    """Settings that matter for a stream, None where the server does not tell.

    ``keeps`` is "aof", "rdb" or "nothing"; ``limit`` is 0 without one, both memory
    figures are bytes; its clock is so many ms ``ahead`` of ours.
    """

    version: tuple[int, ...]
    keeps: str | None
    policy: str | None
    used: int
    limit: int
    ahead: int | None


def ask_server(client: Any) -> RedisServer:
    """Ask for what an ordinary client may see."""
    info = _allowed(client.info) or {}
    now = _allowed(client.time)

    return RedisServer(
        version=_numbers(str(info.get("redis_version", ""))),
        keeps=_keeps(client, info),
        policy=info.get("maxmemory_policy"),
        used=int(info.get("used_memory", 0)),
        limit=int(info.get("maxmemory", 0)),
        ahead=_ahead(*map(int, now)) if now else None,
    )


def _keeps(client: Any, info: dict[str, Any]) -> str | None:
    if not info:
        return None

    if info.get("aof_enabled"):
        return "aof"

    # Hosted servers answer neither CONFIG nor for how they keep their data.
    config = _allowed(lambda: client.config_get("save"))

    if not config:
        return None

    return "rdb" if config.get("save") else "nothing"


def _allowed(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except redis.ResponseError:
        return None


def _ahead(seconds: int, microseconds: int) -> int:
    return seconds * 1000 + microseconds // 1000 - time.time_ns() // 1_000_000


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
