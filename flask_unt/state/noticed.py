"""What one process noticed of its site, and what failed in it."""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass
from dataclasses import field

from ..outage import Outage
from ..outage import describe

FAILURES_KEPT = 20

logger = logging.getLogger("flask_unt")


@dataclass(slots=True)
class Noticed:
    """``untagged`` are endpoints whose pages got no tag, each with the reason.

    ``wrapped_inside`` names the middleware that the door could not step through.
    """

    identity_error: str | None = None
    identity_fails: bool = False
    failing_columns: set[str] = field(default_factory=set)
    untagged: dict[str, str] = field(default_factory=dict)
    behind_proxy: bool = False
    wrapped_inside: str | None = None


class Outages:
    """The places where events go, each as this process finds it."""

    def __init__(self) -> None:
        self.redis = Outage("Redis takes no events now", "Redis takes events again.")
        self.database = Outage(
            "The database takes no events now", "The database takes events again."
        )
        self.inbox = Outage(
            "What is accepted waits in the database and cannot be written",
            "What waited in the database is written again.",
        )


class Failures:
    """Errors that nobody expected."""

    def __init__(self) -> None:
        self._places: set[tuple[str, str, int | None]] = set()

    def note(self, error: Exception) -> None:
        """Log an error: one line, once for each place it comes from."""
        frame = traceback.extract_tb(error.__traceback__)[-1:]
        file, line = (frame[0].filename, frame[0].lineno) if frame else ("", None)
        place = (type(error).__name__, file, line)

        if place in self._places or len(self._places) >= FAILURES_KEPT:
            return

        self._places.add(place)
        logger.error(
            "A request failed in Flask-UNT: %s (%s:%s)", describe(error), file, line
        )
