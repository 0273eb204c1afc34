"""What a transaction notes for others to hear of, once it is committed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from typing import NamedTuple

NEWS = "unt_news"


class NewVisit(NamedTuple):
    id: bytes
    at: int
    visitor_id: int
    user_id: int | None
    page_id: int
    team: bool


class NewLink(NamedTuple):
    user_id: int
    reason: str
    at: int


@dataclass
class News:
    """What one transaction brings that nobody knew."""

    visits: list[NewVisit] = field(default_factory=list)
    links: list[NewLink] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.visits or self.links)


class Listening:
    """Whether anybody listens, and who is told."""

    def __init__(self) -> None:
        self.listens: Callable[[], bool] = lambda: False
        self.tell: Callable[[News], None] = lambda news: None
