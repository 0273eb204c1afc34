"""Entries whose worker ended before it was done with them.

Mostly something else ended it. But an entry may be what ends every worker, so these are
tried in small groups under a mark in Redis, then one by one. Nobody is marked while the
database takes nothing: that ends workers, too, as somebody loses patience with them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence

from ..stream import Stream
from ..stream import Waiting

GROUP = 50
DEADLY = 4
REASON = "It ended its worker every time it was tried."


class Suspects:
    """Tries claimed entries with care."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._marked: list[bytes] = []

    def sort_out(
        self, waiting: Sequence[Waiting]
    ) -> tuple[list[Waiting], list[list[Waiting]]]:
        """Those that are deadly, and groups to be tried, most likely harmless first."""
        tries = self._stream.tries([one.id for one in waiting])
        deadly = [one for one in waiting if tries[one.id] >= DEADLY]
        alone = [[one] for one in waiting if 1 <= tries[one.id] < DEADLY]
        unknown = [one for one in waiting if not tries[one.id]]
        groups = [unknown[at : at + GROUP] for at in range(0, len(unknown), GROUP)]
        # A worker that is killed again and again by something else shall not be at the
        # same entry each time.
        random.shuffle(alone)

        return deadly, [*groups, *alone]

    def try_groups(
        self, groups: Sequence[list[Waiting]], wait_for_database: Callable[[], None]
    ) -> Iterator[list[Waiting]]:
        """Each group, marked for as long as it is worked on."""
        for group in groups:
            wait_for_database()
            self._marked = [one.id for one in group]
            self._stream.begin_try(self._marked)

            try:
                yield group
            finally:
                self.unmark()

    def unmark(self) -> None:
        """Who waits for the database meanwhile may well be ended by somebody."""
        marked, self._marked = self._marked, []

        if marked:
            self._stream.end_try(marked)
