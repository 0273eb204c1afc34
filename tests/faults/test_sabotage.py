"""Two workers that are broken on purpose turn the proof red."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from faults.clients import Memory
from faults.clients import deliver
from faults.clients import now_ms
from faults.ledger import Ledger
from faults.ledger import Verdict
from faults.stage import Stage

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]

BATCHES = 40


@pytest.mark.parametrize(
    ("sabotage", "failpoint", "red"),
    [
        (None, "before-commit", set()),
        ("acknowledge-first", "before-commit", {"lost"}),
        (None, "after-commit", set()),
        ("no-unique-id", "after-commit", {"twice", "strangers"}),
    ],
)
def test_a_worker_killed_once_turns_only_a_broken_one_red(
    stage: Callable[..., Stage],
    sabotage: str | None,
    failpoint: str,
    red: set[str],
) -> None:
    broken = {"CLAIM_IDLE_MS": "1500"}

    if sabotage is not None:
        broken["SABOTAGE"] = sabotage

    verdict = one_death(stage("postgresql"), failpoint, broken)

    assert verdict.acknowledged == verdict.tried > BATCHES
    assert red <= verdict.troubles.keys()
    assert red or not verdict.troubles


def one_death(stage: Stage, failpoint: str, broken: dict[str, str]) -> Verdict:
    """Fill the stream, have a worker die at its first batch, and another go on."""
    ledger = Ledger()
    site = stage.serve()
    memory = Memory(random.Random(11))

    for _ in range(BATCHES):
        deliver(ledger, [site.port], memory.batch())

    assert stage.waiting() > 0

    worker = stage.work(**broken, UNT_FAILPOINT=failpoint)

    assert worker.process.wait() == -9

    worker.start(UNT_FAILPOINT="")
    worker.wait_ready()
    stage.settle()

    return ledger.verdict(stage.url, now_ms())
