"""The figures of ``flask unt status``, and the findings of the doctor that cost little.

A look at the pages and at our rights, which would cost more, is the command's.
"""

from __future__ import annotations

from typing import Any

from ..doctor import BAD
from ..doctor import OK
from ..doctor import RUNNING
from ..doctor import SET_UP
from ..doctor import Look
from ..doctor import examine
from ..doctor import refusals
from ..state import LAST_REFUSAL
from ..state import State

DAY_MS = 86_400_000


def status_of(state: State, now: int) -> dict[str, Any]:
    """What the page shows; what cannot be asked now is None."""
    look = Look(state, now)
    running = [f for f in examine(look, RUNNING) if f.level != OK]
    # Refusals have a card of their own.
    set_up = [
        finding
        for finding in examine(look, SET_UP)
        if finding.level != OK and not finding.check.startswith("refused-")
    ]
    refused_at, _ = look.figures.notes.get(LAST_REFUSAL, (0, ""))
    return {
        "running": running,
        "set_up": set_up,
        "is_bad": any(finding.level == BAD for finding in running),
        "stored": look.stored,
        "figures": look.figures,
        "inbox": look.inbox,
        "refused": refusals(look.figures),
        "was_refused_lately": now - refused_at < DAY_MS,
    }
