"""What a drain did, in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

COUNTED = ("stored", "duplicates", "set_aside", "forgotten")


@dataclass(slots=True)
class Drained:
    """What one drain did.

    ``entries`` were acknowledged; ``stored``, ``duplicates``, ``set_aside`` and
    ``forgotten`` (of visitors that were) count events. Entries that stay pending are
    ``left`` for a newer release, or ``locked`` by somebody in the database. A
    ``foreign`` stream was not read.
    """

    entries: int = 0
    stored: int = 0
    duplicates: int = 0
    set_aside: int = 0
    forgotten: int = 0
    left: int = 0
    locked: int = 0
    foreign: bool = False

    def counts(self) -> dict[str, int]:
        """What became of the events so far."""
        return {name: getattr(self, name) for name in COUNTED}

    def since(self, before: Mapping[str, int]) -> dict[str, int]:
        """What became of those that came after ``before``, which ``counts()`` gave."""
        return {name: now - before[name] for name, now in self.counts().items()}
