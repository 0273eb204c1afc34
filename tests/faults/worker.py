"""``flask unt-worker`` with less patience for dead neighbours, and on request broken.

The command itself waits 15 seconds until it takes over the entries of a worker that
fell silent; ``CLAIM_IDLE_MS`` shortens a test.
"""

from __future__ import annotations

import os
import sys

from impatience import lose_patience

from faults.app import app
from faults.sabotage import sabotage
from flask_unt.worker import run

if __name__ == "__main__":
    claim_idle_ms = int(os.environ.get("CLAIM_IDLE_MS", "3000"))
    lose_patience(claim_idle_ms)
    sabotage(os.environ.get("SABOTAGE"))
    sys.exit(run(app.extensions["unt"], claim_idle_ms=claim_idle_ms))
