"""What has to be so before the rest is imported, which takes most of a second."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress


def heed_stop() -> None:
    """Have a worker that is stopped before it has begun end as one that is done."""
    if "unt-worker" not in sys.argv[1:]:
        return

    # Only a main thread may say so.
    with suppress(ValueError):
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, lambda *_: os._exit(0))


heed_stop()
