"""Redis and the workers: what waits, who drains it, and what Redis would keep."""

from __future__ import annotations

from collections.abc import Iterator

from .database import compare_clocks
from .finding import Finding
from .finding import bad
from .finding import ok
from .finding import warn
from .look import Look

LATE_MS = 60_000
LOWEST = (6, 2)


def check_redis(look: Look) -> Iterator[Finding]:
    """It is there, and takes entries."""
    if look.stream is None:
        yield ok("redis", "There is no Redis: views go straight into the database.")
        return

    if look.is_foreign_queue:
        yield bad(
            "redis",
            f"The queue {look.settings.queue!r} in Redis belongs to another site, so"
            " views go straight into the database.",
            "Set UNT_QUEUE to a name of this site's own.",
        )
    elif look.stream.trouble:
        yield bad(
            "redis",
            look.stream.trouble,
            "Until that is mended views go straight into the database; none is lost.",
        )
    else:
        yield ok("redis", "Redis takes views.")


def check_waiting(look: Look) -> Iterator[Finding]:
    """What waits does not wait long."""
    stream = look.stream

    if stream is None or stream.oldest_ms is None or stream.oldest_ms <= LATE_MS:
        return

    waits = "1 entry waits" if stream.waiting == 1 else f"{stream.waiting} entries wait"
    problem = f"{waits}, the oldest for {stream.oldest_ms // 1000} seconds"

    if stream.workers:
        yield bad("waiting", f"{problem}.", "Look at the log of flask unt-worker.")
    else:
        yield bad("waiting", f"{problem}, and no worker runs.", "Run flask unt-worker.")


def check_workers(look: Look) -> Iterator[Finding]:
    """Somebody drains."""
    if look.stream is None or look.stream.trouble:
        return

    count = len(look.stream.workers)

    if count:
        runs = "1 worker runs." if count == 1 else f"{count} workers run."
        yield ok("workers", runs)
    else:
        yield warn(
            "workers",
            "No worker runs: views stay in Redis until one does.",
            "Run flask unt-worker beside the web processes.",
        )


def check_persistence(look: Look) -> Iterator[Finding]:
    """Redis keeps on disk what was acknowledged."""
    keeps = look.redis and look.redis.keeps

    if keeps == "nothing":
        yield bad(
            "redis-persistence",
            "Redis keeps nothing on disk: what waits in it is gone when it ends.",
            "Set appendonly yes (redis-cli CONFIG SET appendonly yes, and in its"
            " file).",
        )
    elif keeps == "rdb":
        yield warn(
            "redis-persistence",
            "Redis only writes snapshots: what came since the last one is gone when"
            " it dies.",
            "Set appendonly yes (redis-cli CONFIG SET appendonly yes, and in its"
            " file).",
        )
    elif keeps == "aof":
        yield ok("redis-persistence", "Redis keeps a log on disk (appendonly yes).")
    elif look.redis is not None:
        yield ok(
            "redis-persistence",
            "Whether Redis keeps its data on disk it does not tell: see to it.",
        )


def check_redis_version(look: Look) -> Iterator[Finding]:
    """Redis knows the commands that we use."""
    version = look.redis.version if look.redis else ()

    if version and version < LOWEST:
        yield bad(
            "redis-version",
            f"This is Redis {'.'.join(map(str, version))}, and 6.2 is needed.",
            "Update it, or set UNT_REDIS_URL to None and go without.",
        )


def check_redis_memory(look: Look) -> Iterator[Finding]:
    """Redis evicts nothing. What is really full is told as trouble of the stream."""
    server = look.redis

    if server is None or not server.policy or server.policy == "noeviction":
        return

    if server.limit:
        yield bad(
            "redis-memory",
            f"Redis evicts keys when it is full ({server.policy}), so views go"
            " straight into the database.",
            "Set maxmemory-policy noeviction.",
        )
    else:
        yield warn(
            "redis-memory",
            f"Redis would evict keys ({server.policy}) once it gets a maxmemory.",
            "Set maxmemory-policy noeviction before you give it one.",
        )


def check_redis_clock(look: Look) -> Iterator[Finding]:
    """Its clock is ours."""
    if look.redis is not None and look.redis.ahead is not None:
        yield compare_clocks("redis", "Redis", look.redis.ahead)
