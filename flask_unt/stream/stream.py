"""The stream of one queue: add in the web process, read in the worker."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from ..errors import StreamUnavailable
from .adding import Adding
from .counts import Notes
from .counts import count
from .counts import read_counts
from .leases import Leases
from .reading import Reading
from .reading import Waiting
from .replies import age
from .replies import pending
from .server import RedisServer
from .server import ask_server
from .status import StreamStatus
from .tries import Tries

__all__ = ["Stream", "StreamStatus", "Waiting"]


class Stream(Adding, Reading, Tries, Leases):
    """A lazy, fork-safe door to the stream of one queue.

    Give either the address or a host's :func:`connection_settings`. Nothing
    connects before it is needed. Calls of the web process fail within a second
    and then at once for two seconds; calls of the worker wait some seconds.
    Every method raises :exc:`StreamUnavailable` unless it says otherwise.
    """

    def status(self, now: int) -> StreamStatus:
        """Return what waits and who works; never raises, see ``trouble``."""
        waiting, held, oldest = 0, 0, None
        workers: tuple[str, ...] = ()

        with suppress(StreamUnavailable), self._quick() as link:
            client = link.quick
            link.check_memory(self.key, self._clock())
            waiting = client.xlen(self.key)
            oldest = age(client.xrange(self.key, count=1), now)
            held = pending(client, self.key)
            workers = self._live_workers(client)

        return StreamStatus(waiting, oldest, held, workers, self.trouble)

    def server(self) -> RedisServer:
        """What the server says of itself."""
        with self._quick() as link:
            return ask_server(link.quick)

    def count(self, counts: Mapping[str, int], notes: Notes, now: int) -> None:
        """Add to the figures that all processes share, and replace notes."""
        with self._quick() as link:
            count(link.quick, self._name("counts"), counts, notes, now)

    def counts(self) -> tuple[dict[str, int], dict[str, tuple[int, str]]]:
        """The figures that processes share, and what they noted: a time, a text.

        Among them are ``since`` and ``last-drain``, times in ms.
        """
        with self._quick() as link:
            return read_counts(link.quick, self._name("counts"))
