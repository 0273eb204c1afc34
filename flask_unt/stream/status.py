"""How a stream is, in figures and sentences."""

from __future__ import annotations

from dataclasses import dataclass

LATE_MS = 60_000


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """Entries not yet acknowledged, the oldest one's age in ms, and who works."""

    waiting: int
    oldest_ms: int | None
    pending: int
    workers: tuple[str, ...]
    trouble: str | None

    def troubles(self) -> tuple[str, ...]:
        """Return sentences about what is wrong and what to do."""
        troubles = [self.trouble] if self.trouble else []

        if self.oldest_ms is not None and self.oldest_ms > LATE_MS:
            wait = "1 view waits" if self.waiting == 1 else f"{self.waiting} views wait"
            seconds = self.oldest_ms // 1000
            troubles.append(
                f"{wait}, the oldest for {seconds} seconds: look at the worker's log."
                if self.workers
                else f"{wait}: run flask unt-worker."
            )

        return tuple(troubles)
