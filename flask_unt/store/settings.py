"""What the store has to know of a site's settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """``visit_timeout`` in seconds; ``bots`` is "apart" or "count"."""

    timezone: str = "UTC"
    visit_timeout: int = 1800
    bots: str = "apart"
    retention_days: int | None = 395
