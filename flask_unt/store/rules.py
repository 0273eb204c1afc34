"""How entries become rows, as the site's settings have it."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass

from flask_unt.agents import Agent


@dataclass(frozen=True, slots=True)
class Rules:
    """How entries become rows. ``parse_agent`` may remember what it parsed.

    Marks of who was signed in were made with one of ``mark_keys``.
    """

    timezone: str
    timeout_ms: int
    parse_agent: Callable[[str], Agent]
    mark_keys: Sequence[bytes] = ()
