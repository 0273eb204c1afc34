"""``flask unt-worker``: the process that moves views into the database."""

from __future__ import annotations

import logging
import os

from ..drain import CLAIM_IDLE_MS
from ..state import State
from .crew import PARENT
from .crew import Crew
from .crew import die_with_parent
from .stopping import Stopping

log = logging.getLogger("flask_unt")

__all__ = ["run"]


def run(
    state: State,
    *,
    burst: bool = False,
    workers: int = 1,
    claim_idle_ms: int = CLAIM_IDLE_MS,
) -> int:
    """Work until a stop is asked for (or, with ``burst``, until nothing waits).

    Waits for Redis and the database, and comes back by itself when they went away.
    SIGTERM and SIGINT finish the batch; more ``workers`` are processes of their own.
    Returns the exit code of the process.
    """
    _show_log()

    if state.stream is None:
        log.error(
            "There is no Redis, so there is nothing to do: views are written in the "
            "request. Set UNT_REDIS_URL, REDIS_URL or UNT(app, redis=…)."
        )
        return 1

    parent = os.environ.get(PARENT)

    with Stopping() as stopping:
        if parent is not None:
            die_with_parent(int(parent))
        elif workers > 1:
            return Crew(workers, stopping).run()

        # Web processes import this package too, for the command, and need no RQ.
        from .worker import Worker

        with state.app.app_context():
            return Worker(state, state.stream, stopping, burst, claim_idle_ms).run()


def _show_log() -> None:
    """Print our lines unless the site has set up logging."""
    if log.hasHandlers():
        return

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
