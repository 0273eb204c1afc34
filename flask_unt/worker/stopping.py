"""SIGTERM and SIGINT, heard even while a database driver blocks."""

from __future__ import annotations

import logging
import os
import signal
import threading
from types import TracebackType

SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})
SECONDS_TO_FINISH = 9.0

log = logging.getLogger("flask_unt")


class Stopping:
    """Whether a stop was asked for; the process ends at the latest 9 s after that.

    Python runs a signal's handler only between two steps of the main thread, which
    may be deep in a driver. A thread of its own waits for the signal instead.
    """

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(
            target=self._listen, daemon=True, name="unt-signals"
        )

    def __enter__(self) -> Stopping:
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        self._thread.start()

        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()

        if self._thread.ident is not None and not self._asked.is_set():
            signal.pthread_kill(self._thread.ident, signal.SIGTERM)

        self._thread.join()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def __call__(self) -> bool:
        return self._asked.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep, but not longer than until a stop is asked for."""
        return self._asked.wait(seconds)

    def _listen(self) -> None:
        signal.sigwait(SIGNALS)
        self._asked.set()

        if not self._over.wait(SECONDS_TO_FINISH):
            log.warning("A batch was not finished in time: its entries are read again.")
            os._exit(0)
