"""Figures of several runs, as the tables of ``make bench`` show them."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Sequence
from pathlib import Path


def spread(figures: Sequence[float], digits: int = 0) -> str:
    """The median, with the least and the most."""
    middle, least, most = statistics.median(figures), min(figures), max(figures)
    return f"{middle:,.{digits}f} ({least:,.{digits}f}–{most:,.{digits}f})"


def ratio(figures: Sequence[float], yardstick: Sequence[float]) -> float:
    """The median of what each run is to the yardstick's run beside it."""
    return statistics.median(a / b for a, b in zip(figures, yardstick, strict=True))


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table in Markdown, flushed at once."""
    print(f"| {' | '.join(head)} |")
    print(f"|{'---|' * len(head)}")

    for row in rows:
        print(f"| {' | '.join(row)} |")

    print(flush=True)


def machine() -> str:
    """What this was measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    return f"{len(models)} × {models[0]}, Python {platform.python_version()}"
