"""Why events were refused, and the cure for each reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .format import counted

CURES: dict[str, tuple[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A sentence of what happened and what helps, and the line to paste if any."""

    reason: str
    count: int
    sentence: str
    line: str | None


def refusals(refused: Mapping[str, int], host: str) -> tuple[Refusal, ...]:
    """What was refused since this process started, most frequent first."""
    ordered = sorted(refused.items(), key=lambda item: (-item[1], item[0]))
    return tuple(_refusal(reason, count, host) for reason, count in ordered if count)


def _refusal(reason: str, count: int, host: str) -> Refusal:
    cure, line = CURES.get(reason, ("", ""))
    sentence = f"{counted(count, 'event')} refused: {reason}. {cure}".strip()
    return Refusal(reason, count, sentence, line.format(host=host) or None)
