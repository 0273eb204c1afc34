"""Redis in every kind of trouble: the database path, no 5xx, and nothing is lost."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from faults import faults
from faults.clients import Memory
from faults.clients import deliver
from faults.clients import now_ms
from faults.clients import post
from faults.clients import until
from faults.ledger import Ledger
from faults.ledger import only_taken
from faults.stage import PATIENT
from faults.stage import STREAM
from faults.stage import Site
from faults.stage import Stage

pytestmark = [pytest.mark.fault, pytest.mark.timeout(900)]

SOME = [
    faults.kill_redis,
    faults.black_hole_redis,
    faults.fill_redis,
    faults.change_password,
]
OTHERS = [
    faults.restart_redis,
    faults.freeze_redis,
    faults.put_another_type,
    faults.make_redis_read_only,
]
REQUESTS = 10


def send(ledger: Ledger, site: Site, memory: Memory, batches: int) -> None:
    for _ in range(batches):
        deliver(ledger, [site.port], memory.batch())


@pytest.mark.slow
@pytest.mark.parametrize(
    "away", [SOME, pytest.param(OTHERS, marks=pytest.mark.long)], ids=["some", "others"]
)
def test_no_trouble_of_redis_costs_a_view_or_a_5xx(
    stage: Callable[..., Stage], away: list[faults.Fault]
) -> None:
    """Each answer is a 202. How long it takes, tests/test_stream.py shows."""
    here = stage("postgresql")
    here.prepare()
    ledger, memory = Ledger(), Memory(random.Random(3))
    site = here.serve("gthread")
    here.work(CLAIM_IDLE_MS="1500").wait_ready()

    for fault in away:
        send(ledger, site, memory, 2)

        with faults.broken(fault, here):
            send(ledger, site, memory, REQUESTS)
            assert only_taken(ledger), fault.__name__

        until(lambda: is_served_by_redis(here, ledger, site, memory), "Redis's turn")

    here.settle()

    assert ledger.verdict(here.url, now_ms()).troubles == {}


def is_served_by_redis(
    stage: Stage, ledger: Ledger, site: Site, memory: Memory
) -> bool:
    """Whether a view goes through the stream again."""
    before = last_id(stage)
    send(ledger, site, memory, 1)

    return last_id(stage) != before


def last_id(stage: Stage) -> object:
    with stage.client() as client:
        return client.xinfo_stream(STREAM)["last-generated-id"]


def test_what_only_redis_had_is_gone_and_nothing_else(
    stage: Callable[..., Stage],
) -> None:
    """The known loss: everything flushed. The worker makes its group again."""
    here = stage("sqlite")
    here.prepare()
    before, flushed, after = Ledger(), Ledger(), Ledger()
    memory, other = Memory(random.Random(4)), Memory(random.Random(14))
    site = here.serve(**PATIENT)
    worker = here.work()
    send(before, site, memory, 20)
    until(lambda: here.waiting() == 0, "an empty stream")
    worker.process.stop()
    send(flushed, site, other, 20)
    flush(here)
    worker.start()
    until(lambda: worker.process.log().count("The worker is ready.") == 2, "a worker")
    flush(here)
    send(after, site, memory, 20)
    here.settle()

    assert worker.process.code == 0
    assert lost(before, here) == lost(after, here) == 0
    assert lost(flushed, here) == len(flushed.acknowledged)


def flush(stage: Stage) -> None:
    with stage.client() as client:
        client.flushall()


def lost(ledger: Ledger, stage: Stage) -> int:
    return ledger.verdict(stage.url, now_ms()).lost


def test_a_redis_without_persistence_that_dies_costs_what_it_held(
    stage: Callable[..., Stage],
) -> None:
    here = stage("sqlite", appendonly="no")
    here.prepare()
    held, after = Ledger(), Ledger()
    memory, other = Memory(random.Random(5)), Memory(random.Random(15))
    site = here.serve(**PATIENT)
    send(held, site, other, 20)
    here.redis.kill()
    here.redis.start()
    worker = here.work()
    worker.wait_ready()
    until(lambda: is_served_by_redis(here, after, site, memory), "Redis's turn")
    here.settle()

    assert lost(held, here) == len(held.acknowledged)
    assert lost(after, here) == 0


def test_redis_and_database_away_is_503_and_all_arrives_after(
    stage: Callable[..., Stage],
) -> None:
    here = stage("postgresql")
    here.prepare()
    ledger, memory = Ledger(), Memory(random.Random(6))
    site = here.serve()
    here.work()
    batches = [memory.batch() for _ in range(5)]

    with faults.broken(faults.stop_both, here):
        for events in batches:
            ledger.trying(events)
            status, answer = post(site.port, events)

            assert status in (0, 503), answer

    for events in batches:
        deliver(ledger, [site.port], events)

    here.settle()

    assert ledger.verdict(here.url, now_ms()).troubles == {}
