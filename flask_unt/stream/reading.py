"""Entries on their way to the database: handed out, claimed, acknowledged."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import redis

from .reach import Reach
from .replies import GROUP
from .replies import autoclaim
from .replies import create_group
from .replies import deliveries
from .replies import entries
from .replies import last_read
from .scripts import ACKNOWLEDGE
from .scripts import RETIRE
from .scripts import run_script

T = TypeVar("T")

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """One entry handed to a consumer, and how often it was handed out so far.

    So many ``events`` were counted as accepted with it.
    """

    id: bytes
    data: bytes
    deliveries: int
    events: int = 1


class Reading(Reach):
    """What a worker does with the stream's entries."""

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

        return [Waiting(id, data, 1, events) for id, data, events in entries(answer)]

    def claim(self, consumer: str, count: int, idle_ms: int) -> list[Waiting]:
        """Take over up to ``count`` entries whose consumer has been silent so long."""
        with self._patient() as client:
            found = self._in_group(
                lambda: autoclaim(client, self.key, consumer, count, idle_ms)
            )
            times = deliveries(client, self.key, consumer, found)

        return [
            Waiting(id, data, times.get(id, 1), events) for id, data, events in found
        ]

    def keep(self, consumer: str, ids: Sequence[bytes]) -> None:
        """Restart the idle time of claimed entries, so that nobody takes them."""
        self._claim_again(consumer, ids, idle_ms=0)

    def release(self, consumer: str, ids: Sequence[bytes]) -> None:
        """Let any consumer claim these entries at once."""
        self._claim_again(consumer, ids, idle_ms=DAY_MS)

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
