"""How much of its time a process may give to work that can wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager


class Credit:
    """Some seconds of work at once, and in the long run a share of the time.

    So what comes now and then is done when it comes, and what comes all the time is
    done seldom, and much of it together.

    :param clock: what work is measured by, in seconds.
    """

    def __init__(
        self, seconds: float, share: float, clock: Callable[[], float]
    ) -> None:
        self._most = self._seconds = seconds
        self._share = share
        self._clock = clock
        self._at = time.monotonic()

    @property
    def left(self) -> bool:
        """Whether there is any."""
        now = time.monotonic()
        earned = (now - self._at) * self._share
        self._seconds = min(self._most, self._seconds + earned)
        self._at = now

        return self._seconds > 0

    def spend(self, seconds: float) -> None:
        """Have worked for so long."""
        self._seconds -= seconds

    @contextmanager
    def spent(self) -> Iterator[None]:
        """Work meanwhile, for as long as the clock says."""
        begun = self._clock()

        try:
            yield
        finally:
            self.spend(self._clock() - begun)
