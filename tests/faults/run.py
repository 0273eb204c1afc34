"""Random runs: a crowd sends while things break, then the ledger is read.

    python -m faults.run --seeds 20 --seed 1 --seconds 20

prints a row for each seed, and ends with 1 unless nothing was lost or counted twice.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from faults.clients import Crowd
from faults.clients import now_ms
from faults.faults import Injector
from faults.ledger import Ledger
from faults.ledger import Verdict
from faults.stage import Stage

DATABASES = ("postgresql", "postgresql", "mariadb", "postgresql", "sqlite")
STYLES = ("sync", "gthread", "preload")
HEAD = (
    "| seed | database | web | faults | tried | acknowledged | stored | set aside "
    "| sent again | 503 | lost | twice | reports |"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One seed: what was broken, what the ledger says, what was answered oddly."""

    seed: int
    database: str
    style: str
    injected: Counter[str]
    verdict: Verdict
    odd: Sequence[str]

    @property
    def good(self) -> bool:
        return not self.verdict.troubles and not self.odd

    def row(self) -> str:
        found = self.verdict
        cells = (
            self.seed,
            self.database,
            self.style,
            sum(self.injected.values()),
            found.tried,
            found.acknowledged,
            found.stored,
            found.set_aside,
            found.again,
            found.answers[503],
            found.lost,
            found.twice,
            "differ" if found.reports else "equal",
        )

        return f"| {' | '.join(map(str, cells))} |"


def run_seed(
    seed: int,
    *,
    seconds: float,
    folder: Path,
    intensity: float = 1.0,
    threads: int = 8,
    database: str | None = None,
    style: str | None = None,
    claim_idle_ms: int = 3000,
) -> Outcome:
    """Break things for ``seconds`` while a crowd sends, and hold the ledger."""
    database = database or DATABASES[seed % len(DATABASES)]
    style = style or STYLES[seed % len(STYLES)]
    ledger = Ledger()

    with Stage(folder, database) as stage:
        stage.prepare()
        site = stage.serve(style)

        for _ in range(2):
            stage.work(CLAIM_IDLE_MS=str(claim_idle_ms))

        crowd = Crowd(ledger, [site.port], seed, threads).start()
        injector = Injector(stage, seed)

        try:
            injector.run(seconds, intensity)
        finally:
            crowd.stop()

        stage.settle()
        verdict = ledger.verdict(stage.url, now_ms())
        odd = [*ledger.odd, *tracebacks(stage.logs())]

    return Outcome(seed, database, style, injector.injected, verdict, odd)


def tracebacks(logs: str) -> list[str]:
    """The last line of each traceback in these logs."""
    lines = logs.splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("Traceback (most")]
    ends = (_end(lines, start) for start in starts)

    return [f"traceback: {line}" for line in ends]


def _end(lines: Sequence[str], start: int) -> str:
    for line in lines[start + 1 :]:
        if line and not line.startswith(" "):
            return line

    return ""


def summary(outcomes: Sequence[Outcome]) -> Iterable[str]:
    """The sum of all rows, and how often what was broken."""
    found = [outcome.verdict for outcome in outcomes]
    injected = sum((outcome.injected for outcome in outcomes), Counter[str]())

    yield (
        f"{len(outcomes)} seeds, {injected.total()} faults: "
        f"{sum(one.acknowledged for one in found)} events acknowledged, "
        f"{sum(one.views for one in found)} of them views; "
        f"{sum(one.set_aside for one in found)} set aside, "
        f"{sum(one.again for one in found)} sent again, "
        f"{sum(one.lost for one in found)} lost, "
        f"{sum(one.twice for one in found)} twice; "
        f"reports differ in {sum(bool(one.reports) for one in found)}."
    )
    yield ", ".join(f"{name} {count}" for name, count in sorted(injected.items()))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(1, 100_000))
    parser.add_argument("--seconds", type=float, default=25.0)
    parser.add_argument("--intensity", type=float, default=1.0)
    parser.add_argument("--database", choices=sorted(set(DATABASES)))
    parser.add_argument("--style", choices=STYLES)
    parser.add_argument("--claim-idle-ms", type=int, default=3000)
    options = vars(parser.parse_args())
    first, count = options.pop("seed"), options.pop("seeds")
    print(
        f"FAULT_SEED={first}\n\n{HEAD}\n|{'---|' * HEAD.count(' | ')}---|", flush=True
    )
    outcomes = []

    for seed in range(first, first + count):
        with tempfile.TemporaryDirectory(prefix="unt-faults-") as folder:
            outcome = run_seed(seed, folder=Path(folder), **options)

        outcomes.append(outcome)
        print(outcome.row(), flush=True)

        if not outcome.good:
            print(f"  {outcome.verdict.troubles} {outcome.odd[:20]}", flush=True)

    print("", *summary(outcomes), sep="\n")

    return 0 if all(outcome.good for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
