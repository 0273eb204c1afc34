"""The database: what is written, kept up and reported, behind one class."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """``visit_timeout`` in seconds; ``bots`` is "apart" or "count"."""

    timezone: str = "UTC"
    visit_timeout: int = 1800
    bots: str = "apart"
    retention_days: int | None = 395


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did: page views and custom events new, and those known before."""

    stored: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """``revision`` is None while nothing is set up; ``head`` is what this code wants."""

    revision: str | None
    head: str
    views: int
    set_aside: int
    users: int
    visitors: int


class Store:
    """One database. Connects when first asked, and anew in every process."""
