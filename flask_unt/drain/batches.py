"""Batches of entries: taken from the stream, and decoded."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import field

from ..errors import StreamUnavailable
from ..events import ENTRY_VERSION
from ..events import data_payload
from ..events import decode_entry
from ..failpoint import fatal_entry
from ..outage import one_line
from ..stream import Stream
from ..stream import Waiting
from .writer import Item

CLAIM_EVERY_SECONDS = 5.0
READ_AT_ONCE = 500
# Entries are of half a kilobyte mostly, but may be a hundred times as long.
BATCH_BYTES = 2_000_000


@dataclass(slots=True)
class Decoded:
    """What became of a batch's data.

    ``left`` are the ids of entries that only a newer release can read; ``garbage`` is
    what is no entry, each with the reason and how many events were counted with it.
    """

    items: list[Item] = field(default_factory=list)
    left: set[bytes] = field(default_factory=set)
    garbage: list[tuple[str, str, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries handed to this consumer; ``claimed`` ones were another's before.

    What is decoded is not kept as it came, too.
    """

    ids: list[bytes]
    decoded: Decoded | None = None
    claimed: Sequence[Waiting] = ()


class Batches:
    """Takes batches for a consumer, the next one while this one is written."""

    def __init__(
        self, stream: Stream, consumer: str, count: int, claim_idle_ms: int
    ) -> None:
        self._stream = stream
        self._consumer = consumer
        self._count = count
        self._claim_idle_ms = claim_idle_ms
        self._next_claim = 0.0
        self._pool = ThreadPoolExecutor(1, "unt-reader")
        self._ahead: Future[Batch | None] | None = None
        self._taken: dict[int, list[bytes]] = {}

    @property
    def held(self) -> list[bytes]:
        """The ids of all that was taken and is not done with."""
        return [id for ids in list(self._taken.values()) for id in ids]

    @property
    def is_ahead(self) -> bool:
        """Whether a batch was taken, or is being taken, ahead of its time."""
        return self._ahead is not None

    def take(self, block: float) -> Batch | None:
        """The next batch, blocking for its first entry; None when none came."""
        if self._ahead is None:
            return self._take(block)

        ahead, self._ahead = self._ahead, None

        return ahead.result()

    def look_ahead(self, after: Batch) -> None:
        """Take the next batch in another thread where there surely is more."""
        if len(after.ids) >= READ_AT_ONCE:
            self._ahead = self._pool.submit(self._take, 0.0)

    def done(self, batch: Batch) -> None:
        """This batch is done with."""
        self._taken.pop(id(batch), None)

    def keep(self) -> None:
        """Keep what is held from being claimed by others."""
        self._stream.keep(self._consumer, self.held)

    def release(self) -> None:
        """Let another consumer have at once what is held."""
        self.close()

        with suppress(StreamUnavailable):
            self._stream.release(self._consumer, self.held)

    def close(self) -> None:
        """Take no more."""
        self._pool.shutdown()

    def _take(self, block: float) -> Batch | None:
        batch = self._claim() or self._read(block)

        if batch is not None:
            self._taken[id(batch)] = batch.ids

        return batch

    def _claim(self) -> Batch | None:
        if time.monotonic() < self._next_claim:
            return None

        count = min(self._count, READ_AT_ONCE)
        claimed = self._stream.claim(self._consumer, count, self._claim_idle_ms)

        if claimed:
            return Batch([one.id for one in claimed], claimed=claimed)

        self._next_claim = time.monotonic() + CLAIM_EVERY_SECONDS

        return None

    def _read(self, block: float) -> Batch | None:
        waiting: list[Waiting] = []
        size = 0

        while len(waiting) < self._count and size < BATCH_BYTES:
            count = min(self._count - len(waiting), READ_AT_ONCE)
            block_ms = 0 if waiting else int(block * 1000)
            more = self._stream.read(self._consumer, count, block_ms)
            waiting += more
            size += sum(len(one.data) for one in more)

            if len(more) < count:
                break

        if not waiting:
            return None

        return Batch([one.id for one in waiting], decode(waiting))


def decode(waiting: Sequence[Waiting]) -> Decoded:
    """Read what entries say."""
    decoded = Decoded()
    fatal_entry(one.data for one in waiting)

    for one in waiting:
        try:
            decoded.items.append(Item(one.id, decode_entry(one.data)))
        except ValueError as error:
            if is_newer(one.data):
                decoded.left.add(one.id)
            else:
                reason = one_line(str(error))
                payload = data_payload(one.data)
                decoded.garbage.append((payload, reason, one.events))

    return decoded


def is_newer(data: bytes) -> bool:
    """Whether an entry was made by a release newer than this one."""
    try:
        version = json.loads(data)[0]
    except (ValueError, TypeError, LookupError, RecursionError):
        return False

    return isinstance(version, int) and version > ENTRY_VERSION
