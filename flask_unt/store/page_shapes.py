"""What the reports on one page answer with: see ``shapes``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageName:
    """A page, and how it is called."""

    id: int
    title: str
    host: str
    path: str
