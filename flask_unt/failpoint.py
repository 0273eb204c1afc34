"""Where a fault test has the worker die."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable


def failpoint(name: str) -> None:
    """Die here as by ``kill -9`` if ``UNT_FAILPOINT`` says so; for fault tests."""
    if os.environ.get("UNT_FAILPOINT") == name:
        os.kill(os.getpid(), signal.SIGKILL)


def fatal_entry(entries: Iterable[bytes]) -> None:
    """Die here if an entry holds the text ``UNT_FATAL_ENTRY``; for fault tests."""
    text = os.environ.get("UNT_FATAL_ENTRY", "").encode()

    if text and any(text in entry for entry in entries):
        os.kill(os.getpid(), signal.SIGKILL)
