"""The way from the stream into the database.

Entries are read at least once and written idempotently: whatever is killed in
between, every event ends up in the database exactly once, or is set aside.
"""

from __future__ import annotations

from ..outage import Outage
from ..outage import reason
from .drain import CLAIM_IDLE_MS
from .drain import drain
from .drain import now_ms
from .drained import Drained

__all__ = ["CLAIM_IDLE_MS", "Drained", "Outage", "drain", "now_ms", "reason"]
