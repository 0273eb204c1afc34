"""A thread that keeps what a drain holds from being claimed by others."""

from __future__ import annotations

import threading
from contextlib import suppress
from types import TracebackType

from ..errors import StreamUnavailable
from .batches import Batches


class Keeper:
    """However long a batch takes, only a process that ended or froze loses it."""

    def __init__(self, batches: Batches, claim_idle_ms: int) -> None:
        self._batches = batches
        self._pause = claim_idle_ms / 4000
        self._over = threading.Event()
        self._thread = threading.Thread(
            target=self._run, daemon=True, name="unt-keeper"
        )

    def __enter__(self) -> Keeper:
        self._thread.start()

        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._pause):
            with suppress(StreamUnavailable):
                self._batches.keep()
