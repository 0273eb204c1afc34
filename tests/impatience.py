"""A worker that waits less long for its neighbours, so that a test takes less long.

It changes our own figures, all by the same factor, in a process of its own: the command
waits fifteen seconds until it takes over the entries of a worker that fell silent.
"""

from __future__ import annotations

from flask_unt import jobs
from flask_unt.drain import CLAIM_IDLE_MS
from flask_unt.drain import batches
from flask_unt.worker import stopping


def lose_patience(claim_idle_ms: int, seconds_to_finish: float | None = None) -> None:
    """Look as often, and hold leases as long, as goes with ``claim_idle_ms``."""
    factor = claim_idle_ms / CLAIM_IDLE_MS
    jobs.LEASE_MS = round(jobs.LEASE_MS * factor)
    jobs.RENEW_SECONDS *= factor
    batches.CLAIM_EVERY_SECONDS *= factor
    stopping.SECONDS_TO_FINISH = seconds_to_finish or stopping.SECONDS_TO_FINISH
