"""Questions to Redis whose answers need reading."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import redis

GROUP = "unt"


def create_group(client: Any, key: str) -> None:
    try:
        client.xgroup_create(key, GROUP, id="0", mkstream=True)
    except redis.ResponseError as error:
        if "BUSYGROUP" not in str(error):
            raise


Found = tuple[bytes, bytes, int]


def entries(answer: Any) -> Iterator[Found]:
    """Yield id, data and events, whichever shape this redis-py answers with."""
    streams = answer.values() if isinstance(answer, dict) else [s[1] for s in answer]

    for rows in streams:
        for id, fields in rows:
            yield _found(id, fields)


def autoclaim(
    client: Any, key: str, consumer: str, count: int, idle_ms: int
) -> list[Found]:
    cursor = b"0-0"

    while True:
        answer = client.xautoclaim(key, GROUP, consumer, idle_ms, cursor, count)
        cursor = answer[0]
        # Redis 6.2 hands out deleted entries too, without any fields.
        found = [_found(id, fields) for id, fields in answer[1] if fields]

        if found or cursor == b"0-0":
            return found


def deliveries(
    client: Any, key: str, consumer: str, found: Sequence[Found]
) -> dict[bytes, int]:
    if not found:
        return {}

    pending = client.xpending_range(
        key, GROUP, found[0][0], found[-1][0], len(found), consumer
    )

    return {row["message_id"]: row["times_delivered"] for row in pending}


def _found(id: bytes, fields: Mapping[bytes, bytes]) -> Found:
    return id, fields.get(b"d", b""), int(fields.get(b"n", 1))


def last_read(client: Any, key: str) -> bytes:
    for group in client.xinfo_groups(key):
        if group["name"] == GROUP.encode():
            return bytes(group["last-delivered-id"])

    raise redis.ResponseError("NOGROUP")


def age(oldest: Sequence[tuple[bytes, Any]], now: int) -> int | None:
    if not oldest:
        return None

    return max(0, now - int(oldest[0][0].split(b"-")[0]))


def pending(client: Any, key: str) -> int:
    try:
        return int(client.xpending(key, GROUP)["pending"])
    except redis.ResponseError as error:
        if "NOGROUP" not in str(error):
            raise

        return 0
