"""Adding an entry, in one round trip and as little of the request as can be."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from itertools import islice
from typing import Any

from ..errors import StreamUnavailable
from ..errors import VisitorForgotten
from ..events import forgotten_hash
from .reach import Reach
from .scripts import ADD
from .scripts import FOREIGN
from .scripts import FULL
from .scripts import send_script
from .wire import bulk

DAY_MS = 86_400_000
# Browsers keep what waits for 7 days.
FRESH_MS = 8 * DAY_MS
FORGOTTEN_AT_ONCE = 1000


class Adding(Reach):
    """What the web process does with the stream."""

    def __init__(
        self, url: str | None, *, queue: str, max_backlog: int, **options: Any
    ) -> None:
        super().__init__(url, queue=queue, max_backlog=max_backlog, **options)
        parts = ("stream", "site", "forgotten", "counts")
        self._add_keys = tuple(bulk(self._name(part).encode()) for part in parts)

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
        keys, made_at = self._add_keys, 0

        if fresh is not None:
            keys = (*keys, bulk(self._fresh(fresh[0]).encode()))
            made_at = fresh[1]

        values = (
            *((site or "").encode(), b"%d" % self.max_backlog, data),
            *(b"%d" % made_at, b"%d" % FRESH_MS, b"%d" % events),
            *hashes,
        )

        with self._quick() as link:
            self._check(link)
            added = send_script(link.wire, ADD, keys, values)

        if added != 1:
            raise self._refused(added, hashes)

    def fresh_at(self, visitor: str) -> int | None:
        """When this visitor was made on purpose, if that was within some days."""
        with self._quick() as link:
            made_at = link.quick.get(self._fresh(visitor))

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
            with self._quick() as link:
                self._check(link)
                link.quick.ping()
        except StreamUnavailable:
            return False

        return True

    def claim_site(self, site: str) -> bool:
        """Mark the stream as this site's; False if it is another's."""
        with self._quick() as link:
            if link.quick.set(self._name("site"), site, nx=True):
                return True

            return bool(link.quick.get(self._name("site")) == site.encode())

    def _refused(
        self, added: Any, hashes: Mapping[bytes, str]
    ) -> VisitorForgotten | StreamUnavailable:
        if isinstance(added, list):
            return VisitorForgotten(hashes[hash] for hash in added)

        reasons = {
            FULL: f"{self.max_backlog} entries wait already.",
            FOREIGN: f"The queue {self.queue!r} belongs to another site: "
            "give each site its own UNT_QUEUE.",
        }
        return self._link.refuse(reasons[added])

    def _fresh(self, visitor: str) -> str:
        return self._name(f"fresh:{forgotten_hash(visitor).hex()}")
