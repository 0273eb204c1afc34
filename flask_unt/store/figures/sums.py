"""Figures that are added up, and how they are kept in a row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field
from typing import Any

NOBODY = 0
# Of a visitor or a user, after who it is of.
FIGURES = ("first_seen", "last_seen", "visits", "views", "devices", "countries")
PLACES_LIMIT = 1000


@dataclass
class Sum:
    """Figures that are added up. ``parted`` are visits that several users were in."""

    first_seen: int | None = None
    last_seen: int | None = None
    visits: int = 0
    views: int = 0
    devices: set[str] = field(default_factory=set)
    countries: set[str] = field(default_factory=set)
    parted: set[bytes] = field(default_factory=set)

    def add(self, row: Any, visits: int) -> None:
        """Add a row with ``first_seen``, ``last_seen`` and ``views``."""
        self.first_seen = _of(min, self.first_seen, row.first_seen)
        self.last_seen = _of(max, self.last_seen, row.last_seen)
        self.visits += visits
        self.views += row.views

    def add_places(self, device: str | None, country: str | None) -> None:
        self.devices |= {device} - {None}  # type: ignore[arg-type]
        self.countries |= {country} - {None}  # type: ignore[arg-type]

    def values(self) -> tuple[Any, ...]:
        """The values of ``FIGURES``."""
        return (
            self.first_seen,
            self.last_seen,
            self.visits + len(self.parted),
            self.views,
            as_set(self.devices),
            as_set(self.countries),
        )


def as_set(words: Iterable[str]) -> str:
    """Words as one text in which each is found between commas."""
    text = "".join(f"{word}," for word in sorted(words))
    return f",{text}"[:PLACES_LIMIT] if text else ""


def of_set(text: str) -> tuple[str, ...]:
    """The words that were put into it."""
    return tuple(word for word in text.split(",") if word)


def _of(choose: Any, one: int | None, other: int | None) -> int | None:
    known = [moment for moment in (one, other) if moment is not None]
    return int(choose(known)) if known else None
