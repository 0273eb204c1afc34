"""Garbage that a batch makes: many small objects, which are gone with it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# To look for cycles among them would take a third of the time.
COLLECT_AFTER = (200_000, 20, 100)


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Have Python look for cyclic garbage only rarely meanwhile."""
    before = gc.get_threshold()

    if not 0 < before[0] < COLLECT_AFTER[0]:
        yield
        return

    gc.set_threshold(*COLLECT_AFTER)

    try:
        yield
    finally:
        gc.set_threshold(*before)
