"""What this process counts and notices, handed on for all others to see."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import field

from ..errors import StreamUnavailable
from ..errors import UNTError
from ..store import Store
from ..stream import Stream

Note = tuple[int, str]
OUTCOMES = ("accepted", "stored", "duplicates", "set_aside", "forgotten")
REFUSED = "refused:"
LAST_REFUSAL = "last-refusal"
HAND_ON_SECONDS = 5.0
AFTER_FAILURE_SECONDS = 25.0
NOTE_AGAIN_MS = 3_600_000
NOTES_KEPT = 64


@dataclass(frozen=True, slots=True)
class Figures:
    """What all processes counted, ``since`` a time in ms; times are None if unknown.

    ``refused`` counts requests and events by reason. ``dropped`` are what browsers gave
    up, about: an answer may be lost. ``notes`` are what a process noticed: when, and a
    text. ``missing`` names what could not be asked.
    """

    accepted: int = 0
    stored: int = 0
    duplicates: int = 0
    set_aside: int = 0
    forgotten: int = 0
    dropped: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    since: int | None = None
    last_drain: int | None = None
    notes: Mapping[str, Note] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


class Counts:
    """Counts without I/O; :meth:`hand_on` gives them to Redis, or to the database."""

    def __init__(
        self, find_stream: Callable[[], Stream | None], find_store: Callable[[], Store]
    ) -> None:
        self._find_stream = find_stream
        self._find_store = find_store
        self._counts: Counter[str] = Counter()
        self._notes: dict[str, Note] = {}
        self._noted: dict[str, Note] = {}
        self._next = 0.0
        self._lock = threading.Lock()

    def add(self, **counts: int) -> None:
        """Count what became of events: ``accepted=1, stored=1``."""
        with self._lock:
            self._counts.update(counts)

    def refuse(self, reason: str, count: int = 1) -> None:
        """Count what was not taken in."""
        with self._lock:
            self._counts[REFUSED + reason] += count

    def note(self, name: str, text: str, now: int) -> None:
        """Remember the latest of something that the site's owner should know."""
        at, known = self._noted.get(name, (0, None))

        if known == text and now - at < NOTE_AGAIN_MS:
            return

        with self._lock:
            if name in self._noted or len(self._noted) < NOTES_KEPT:
                self._noted[name] = self._notes[name] = (now, text)

    def is_due(self) -> bool:
        """Whether something is to be handed on now: the first at once, then rarely."""
        return bool(self._counts or self._notes) and time.monotonic() >= self._next

    def hand_on(self) -> None:
        """Give away what was counted; kept for the next time if nobody takes it."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
            notes, self._notes = self._notes, {}
            self._next = time.monotonic() + HAND_ON_SECONDS

        now = time.time_ns() // 1_000_000

        try:
            self._keep(counts, {**notes, **_last_refusal(counts, now)}, now)
        except UNTError:
            with self._lock:
                self._counts.update(counts)
                self._notes = {**notes, **self._notes}
                self._next += AFTER_FAILURE_SECONDS

    def read(self) -> Figures:
        """What all processes counted, as far as it can be asked now."""
        with self._lock:
            counts, notes = Counter(self._counts), dict(self._notes)

        notes.update(_last_refusal(counts, time.time_ns() // 1_000_000))
        missing = []

        for name, ask in (("Redis", self._ask_stream), ("database", self._ask_store)):
            try:
                found, noted = ask()
            except UNTError:
                missing.append(name)
                continue

            counts.update(found)
            notes.update(
                {n: max(note, notes.get(n, note)) for n, note in noted.items()}
            )

        return _figures(counts, notes, tuple(missing))

    def _keep(
        self, counts: Mapping[str, int], notes: dict[str, Note], now: int
    ) -> None:
        stream = self._find_stream()

        if stream is not None:
            with suppress(StreamUnavailable):
                return stream.count(counts, notes, now)

        return self._find_store().add_counts(counts, notes)

    def _ask_stream(self) -> tuple[dict[str, int], dict[str, Note]]:
        stream = self._find_stream()
        return ({}, {}) if stream is None else stream.counts()

    def _ask_store(self) -> tuple[dict[str, int], dict[str, Note]]:
        return self._find_store().counts()


def _last_refusal(counts: Mapping[str, int], now: int) -> dict[str, Note]:
    """What was refused a moment ago, as a note that says when."""
    reasons = [
        name.removeprefix(REFUSED) for name in counts if name.startswith(REFUSED)
    ]

    return {LAST_REFUSAL: (now, reasons[-1])} if reasons else {}


def _figures(
    counts: Counter[str], notes: dict[str, Note], missing: tuple[str, ...]
) -> Figures:
    refused = {
        name.removeprefix(REFUSED): count
        for name, count in counts.items()
        if name.startswith(REFUSED) and count
    }
    return Figures(
        **{name: counts[name] for name in OUTCOMES},
        dropped=counts["dropped"],
        refused=refused,
        since=counts.get("since"),
        last_drain=counts.get("last-drain"),
        notes=notes,
        missing=missing,
    )
