"""How often a password may be tried."""

from __future__ import annotations

import threading
from collections import OrderedDict

WINDOW = 60_000
PER_CLIENT = 5
PER_SITE = 30
CLIENTS = 1_000
EVERYBODY = b""
BEHIND_PROXY = b"-"


class Tries:
    """Wrong passwords of the last minute, by client and in all, in this process."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[bytes, list[int]] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, client: bytes | None, now: int) -> bool:
        """Whether this client may try now; counted at once, so that a burst is too.

        ``None`` is a client that hides behind a proxy: these share their tries.
        """
        client = client or BEHIND_PROXY

        with self._lock:
            limits = ((client, PER_CLIENT), (EVERYBODY, PER_SITE))
            open = all(len(self._recent(who, now)) < limit for who, limit in limits)

            if open:
                self._count(client, now)

            return open

    def forgive(self, client: bytes | None) -> None:
        """Forget what a client tried that then knew the password."""
        client = client or BEHIND_PROXY

        with self._lock:
            self._wrong.pop(client, None)

    def _recent(self, who: bytes, now: int) -> list[int]:
        return [at for at in self._wrong.get(who, []) if now - at < WINDOW]

    def _count(self, client: bytes, now: int) -> None:
        for who in (EVERYBODY, client):
            self._wrong[who] = [*self._recent(who, now), now]

        # Oldest first, and never everybody's.
        self._wrong.move_to_end(EVERYBODY)

        while len(self._wrong) > CLIENTS:
            self._wrong.popitem(last=False)
