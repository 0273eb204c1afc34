"""What does not work at the moment, said once."""

from __future__ import annotations

import logging

from ..cleaning import clean_text
from ..cleaning import mask_emails

logger = logging.getLogger("flask_unt")


class Outage:
    """Something that may be away, with a line in the log when it goes or is back."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.trouble: str | None = None

    def begin(self, error: Exception) -> None:
        """It does not work now."""
        if self.trouble is None:
            logger.warning("%s takes no events now: %s", self.name, describe(error))

        self.trouble = describe(error)

    def end(self) -> None:
        """It works."""
        if self.trouble is not None:
            self.trouble = None
            logger.warning("%s takes events again.", self.name)


def describe(error: Exception) -> str:
    """An error in one line without email addresses."""
    return clean_text(mask_emails(f"{type(error).__name__}: {error}"), 300)
