"""``flask unt-worker``: the process that moves views into the database."""

from __future__ import annotations

import logging
import os
from contextlib import ExitStack

from ..drain import CLAIM_IDLE_MS
from ..state import State
from .crew import PARENT
from .crew import Crew
from .crew import die_with_parent
from .health import HealthServer
from .health import Pulse
from .stopping import Stopping

log = logging.getLogger("flask_unt")

__all__ = ["run"]

NO_REDIS = (
    "There is no Redis, so there is nothing to do: views are written in the"
    " request. Set UNT_REDIS_URL, REDIS_URL or UNT(app, redis=…)."
)


def run(
    state: State,
    *,
    burst: bool = False,
    workers: int = 1,
    claim_idle_ms: int = CLAIM_IDLE_MS,
    health: tuple[str, int] | None = None,
) -> int:
    """Work until a stop is asked for (or, with ``burst``, until nothing waits).

    Waits for Redis and the database, and comes back by itself when they went away.
    SIGTERM and SIGINT finish the batch; more ``workers`` are processes of their own.
    With ``health``, a host and a port, the first process says there how they do.
    Returns the exit code of the process.
    """
    _show_log()

    if state.stream is None:
        log.error(NO_REDIS)
        return 1

    parent = os.environ.get(PARENT)
    pulse = Pulse()

    with ExitStack() as open_until_end:
        stopping = open_until_end.enter_context(Stopping())

        if health is not None and parent is None:
            open_until_end.enter_context(HealthServer(state, pulse, *health))

        if parent is not None:
            die_with_parent(int(parent))
        elif workers > 1:
            return Crew(workers, stopping, pulse).run()

        # Web processes import this package too, for the command, and need no RQ.
        from .worker import Worker

        with state.app.app_context():
            worker = Worker(state, state.stream, stopping, burst, claim_idle_ms, pulse)
            return worker.run()


def _show_log() -> None:
    """Print our lines unless the site has set up logging."""
    if log.hasHandlers():
        return

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
