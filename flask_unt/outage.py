"""Something that may be away: one line in the log when it goes, one when it is back."""

from __future__ import annotations

import logging
import random

from .cleaning import clean_text
from .cleaning import mask_emails
from .errors import ConfigError
from .errors import StoreUnavailable
from .errors import StreamUnavailable

SHORTEST_WAIT = 0.2
LONGEST_WAIT = 30.0

log = logging.getLogger("flask_unt")


class Outage:
    """Says in the log, once, when something goes away, and when it is back.

    ``trouble`` is what is wrong with it now.
    """

    def __init__(self, gone: str, back: str) -> None:
        self.trouble: str | None = None
        self._gone = gone
        self._back = back
        self._waits = 0

    def begin(self, error: Exception) -> None:
        """It does not work now."""
        if self.trouble is None:
            log.warning("%s: %s", self._gone, reason(error))

        self.trouble = describe(error)

    def wait(self, error: Exception) -> float:
        """Like ``begin``; the seconds to wait before the next try, longer each time."""
        self.begin(error)
        self._waits += 1
        doubled = SHORTEST_WAIT * float(2 ** min(self._waits, 10))

        return min(LONGEST_WAIT, doubled) * random.uniform(0.5, 1.0)

    def end(self) -> None:
        """It works."""
        if self.trouble is not None:
            self.trouble = None
            log.warning("%s", self._back)

        self._waits = 0


def reason(error: Exception) -> str:
    """Return what may be logged of an error: drivers quote the data they refuse."""
    if isinstance(error, (ConfigError, StoreUnavailable, StreamUnavailable)):
        return one_line(mask_emails(str(error)))

    return f"{type(error).__name__}."


def describe(error: Exception) -> str:
    """An error in one line without email addresses."""
    return clean_text(mask_emails(f"{type(error).__name__}: {error}"), 300)


def one_line(text: str) -> str:
    """Return the text without line breaks, at most 500 characters."""
    return " ".join(text.split())[:500]
