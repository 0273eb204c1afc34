"""How to wait for something that went away."""

from __future__ import annotations

import logging
import random

from ..errors import ConfigError
from ..errors import StoreUnavailable
from ..errors import StreamUnavailable

SHORTEST_WAIT = 0.2
LONGEST_WAIT = 30.0

log = logging.getLogger("flask_unt")


class Outage:
    """One line in the log when something goes away, and one when it is back."""

    def __init__(self, gone: str, back: str) -> None:
        self._gone = gone
        self._back = back
        self._waits = 0

    def note(self, error: Exception) -> float:
        """Log the first error; return the seconds to wait before the next try."""
        if self._waits == 0:
            log.warning("%s: %s", self._gone, reason(error))

        self._waits += 1
        doubled = SHORTEST_WAIT * float(2 ** min(self._waits, 10))

        return min(LONGEST_WAIT, doubled) * random.uniform(0.5, 1.0)

    def end(self) -> None:
        """Say that it is back, if it was away."""
        if self._waits:
            log.warning("%s", self._back)

        self._waits = 0


def reason(error: Exception) -> str:
    """Return what may be logged of an error: drivers quote the data they refuse."""
    if isinstance(error, (ConfigError, StoreUnavailable, StreamUnavailable)):
        return one_line(str(error))

    return f"{type(error).__name__}."


def one_line(text: str) -> str:
    """Return the text without line breaks, at most 500 characters."""
    return " ".join(text.split())[:500]
