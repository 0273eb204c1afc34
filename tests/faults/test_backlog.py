"""No worker for hours: the stream grows up to its cap, and drains later."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from faults.clients import Memory
from faults.clients import deliver
from faults.clients import now_ms
from faults.clients import until
from faults.ledger import Found
from faults.ledger import Ledger
from faults.ledger import only_taken
from faults.stage import PATIENT
from faults.stage import STREAM
from faults.stage import Stage

pytestmark = [pytest.mark.fault, pytest.mark.slow, pytest.mark.timeout(600)]

CAP = 60
MANY = 20_000


def test_past_the_cap_the_database_takes_what_comes(
    stage: Callable[..., Stage],
) -> None:
    here = stage("postgresql")
    here.prepare()
    ledger, memory = Ledger(), Memory(random.Random(1))
    site = here.serve(MAX_BACKLOG=str(CAP), **PATIENT)

    for _ in range(CAP + 40):
        deliver(ledger, [site.port], memory.batch())

    assert here.waiting() == CAP
    until(lambda: len(Found(here.url).rows) > 0, "a row without a worker")

    here.work()
    here.settle()

    assert ledger.verdict(here.url, now_ms()).troubles == {}
    assert only_taken(ledger)


def test_a_backlog_drains_and_the_worker_stays_small(
    stage: Callable[..., Stage], note: Callable[[str], None]
) -> None:
    """All of one visitor, at one moment: the hardest for the rule of visits."""
    here = stage("postgresql")
    here.prepare()
    ledger, memory = Ledger(), Memory(random.Random(1))
    site = here.serve(**PATIENT)
    fill(here, ledger, memory, site.port)

    with here.client() as client:
        each = client.memory_usage(STREAM, samples=0) / here.waiting()

    worker = here.work()
    worker.wait_ready()
    before = resident_mb(worker.process.pid)
    until(lambda: here.waiting() < MANY / 2, "half of it")
    half = resident_mb(worker.process.pid)
    until(lambda: here.waiting() == 0, "an empty stream")
    after = resident_mb(worker.process.pid)
    note(f"backlog: {each:.0f} B a view; worker {before}, {half}, {after} MB")
    here.settle()

    assert Found(here.url).set_aside == 0
    assert each < 600
    assert after < 150
    assert after < half + 25


def fill(stage: Stage, ledger: Ledger, memory: Memory, port: int) -> None:
    """Let one entry come by the site, and copy it under other keys."""
    view = next(e for e in memory.batches(20) if e["type"] == "view")
    deliver(ledger, [port], [view])

    with stage.client() as client:
        ((_, fields),) = client.xrange(STREAM)
        data = fields[b"d"]
        key = next(iter(ledger.tried)).hex().encode()
        assert key in data

        for start in range(0, MANY, 1000):
            pipeline = client.pipeline(transaction=False)

            for number in range(start, start + 1000):
                other = key[:12] + b"%020x" % (number + 1)
                pipeline.xadd(STREAM, {"d": data.replace(key, other)})

            pipeline.execute()


def resident_mb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))

    return int(line.split()[1]) // 1024
