"""What a check says."""

from __future__ import annotations

from dataclasses import dataclass

OK = "ok"
WARN = "warn"
BAD = "bad"
LEVELS = (BAD, WARN, OK)


@dataclass(frozen=True, slots=True)
class Finding:
    """``problem`` is a sentence of what is so, ``cure`` one of what to do.

    ``level`` is "bad", "warn" or "ok"; without anything to do ``cure`` is empty.
    """

    check: str
    level: str
    problem: str
    cure: str = ""

    @property
    def text(self) -> str:
        """Both sentences."""
        return f"{self.problem} {self.cure}".strip()


def ok(check: str, problem: str) -> Finding:
    return Finding(check, OK, problem)


def warn(check: str, problem: str, cure: str = "") -> Finding:
    return Finding(check, WARN, problem, cure)


def bad(check: str, problem: str, cure: str = "") -> Finding:
    return Finding(check, BAD, problem, cure)
