"""How much of its time a process may give to work that can wait."""

from __future__ import annotations

import time

AT_ONCE = 1.0
SHARE = 0.1


class Credit:
    """A second of work at once, and in the long run a tenth of the time.

    So what comes now and then is done when it comes, and what comes all the time is
    done seldom, and much of it together.
    """

    def __init__(self) -> None:
        self._seconds = AT_ONCE
        self._at = time.monotonic()

    @property
    def left(self) -> bool:
        """Whether there is any."""
        now = time.monotonic()
        self._seconds = min(AT_ONCE, self._seconds + (now - self._at) * SHARE)
        self._at = now

        return self._seconds > 0

    def spend(self, seconds: float) -> None:
        """Have worked for so long."""
        self._seconds -= seconds
