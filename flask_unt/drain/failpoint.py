"""Where a fault test has the worker die."""

from __future__ import annotations

import os
import signal


def failpoint(name: str) -> None:
    """Die here as by ``kill -9`` if ``UNT_FAILPOINT`` says so; for fault tests."""
    if os.environ.get("UNT_FAILPOINT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
