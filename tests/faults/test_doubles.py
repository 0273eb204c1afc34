"""The same event twice and more: an answer that was lost, two tabs, a retry storm."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from faults import faults
from faults.clients import Memory
from faults.clients import deliver
from faults.clients import now_ms
from faults.clients import post
from faults.clients import until
from faults.door import Door
from faults.ledger import Ledger
from faults.ledger import Verdict
from faults.ledger import only_taken
from faults.stage import Stage
from flask_unt.store import Store

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]

Events = list[dict[str, Any]]


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def settled(stage: Stage, ledger: Ledger) -> Verdict:
    stage.settle()
    verdict = ledger.verdict(stage.url, now_ms())

    assert verdict.troubles == {}
    assert verdict.set_aside == 0, Store(stage.url).set_aside_reasons()

    return verdict


def test_an_entry_whose_answer_was_lost_is_in_both_and_stored_once(
    stage: Callable[..., Stage], ledger: Ledger
) -> None:
    """The stream has it, the site does not know that, and the database gets it too."""
    here = stage("postgresql")
    here.prepare()
    site = here.serve()
    memory = Memory(random.Random(1))

    def send() -> None:
        deliver(ledger, [site.port], memory.batch())

    # A process has Redis load the script at its first request.
    for _ in range(10):
        send()

    # For some seconds after each, the process takes the database.
    for _ in range(3):
        here.redis_door.lose_answer(b"EVALSHA")
        until_lost(here.redis_door, send)

    here.work()
    settled(here, ledger)

    assert only_taken(ledger)


def until_lost(door: Door, send: Callable[[], None]) -> None:
    lost = door.lost

    while door.lost == lost:
        send()


@pytest.mark.parametrize(
    "backend", ["postgresql", pytest.param("mariadb", marks=pytest.mark.long)]
)
def test_a_commit_whose_answer_was_lost_is_stored_once(
    stage: Callable[..., Stage], ledger: Ledger, backend: str
) -> None:
    """Of the worker, and of a web process that writes into the database itself."""
    here = stage(backend)
    here.prepare()
    site = here.serve()
    worker = here.work()
    worker.wait_ready()
    memory = Memory(random.Random(2))
    door = here.database_door
    assert door is not None

    def send() -> None:
        deliver(ledger, [site.port], memory.batch())
        until(lambda: here.waiting() == 0, "an empty stream")

    for _ in range(3):
        door.lose_answer(b"COMMIT")
        until_lost(door, send)

    here.redis.kill()

    for _ in range(3):
        door.lose_answer(b"COMMIT")
        until_lost(door, lambda: deliver(ledger, [site.port], memory.batch()))

    here.redis.start()
    settled(here, ledger)


@pytest.mark.parametrize("with_redis", [True, False])
@pytest.mark.parametrize(
    "backend",
    [
        "postgresql",
        pytest.param("mariadb", marks=pytest.mark.long),
        pytest.param("sqlite", marks=pytest.mark.long),
    ],
)
def test_one_event_a_hundred_times_at_once_is_one_row(
    stage: Callable[..., Stage], ledger: Ledger, backend: str, with_redis: bool
) -> None:
    """From two web servers; without Redis a busy database may ask to come again."""
    here = stage(backend)
    environment = {} if with_redis else {"REDIS": ""}
    sites = [here.serve("sync", **environment), here.serve("gthread", **environment)]
    ports = [site.port for site in sites]
    view = next(e for e in Memory(random.Random(3)).batch() if e["type"] == "view")

    if with_redis:
        here.work()

    with ThreadPoolExecutor(20) as tabs:
        list(tabs.map(lambda port: deliver(ledger, [port], [view]), ports * 50))

    verdict = settled(here, ledger)

    assert verdict.stored == 1
    assert ledger.answers[202] == 100
    assert ledger.odd == []


def test_a_leave_may_come_before_its_view_and_often(
    stage: Callable[..., Stage], ledger: Ledger
) -> None:
    """By the stream and by the database at once; the highest figures win."""
    here = stage("postgresql")
    streaming, direct = here.serve(), here.serve(REDIS="")
    here.work()
    rng = random.Random(4)
    views = [e for e in Memory(rng).batches(20) if e["type"] == "view"]
    leaves = [
        {
            "type": "leave",
            "view": view["id"],
            "visitor": view["visitor"],
            "time": now_ms(),
            "engaged": rng.randrange(60_000),
            "scroll": rng.randrange(101),
        }
        for view in views * 3
        if len(view["id"]) == 36
    ]
    everything = [*views, *leaves]
    rng.shuffle(everything)
    ports = [streaming.port, direct.port]

    with ThreadPoolExecutor(8) as tabs:
        list(tabs.map(lambda e: deliver(ledger, [rng.choice(ports)], [e]), everything))

    settled(here, ledger)

    assert len(ledger.read) > 20


def test_a_post_that_nobody_waits_for_is_no_loss(
    stage: Callable[..., Stage], ledger: Ledger
) -> None:
    """A web process killed at any moment: the browser has no 2xx and sends again."""
    here = stage("postgresql")
    site = here.serve("sync")
    here.work()
    memory = Memory(random.Random(5))

    with ThreadPoolExecutor(6) as browsers:
        sent = [
            browsers.submit(deliver, ledger, [site.port], memory.batch())
            for _ in range(150)
        ]

        for number in range(12):
            with faults.broken(faults.kill_web_process, here, seed=number):
                deliver(ledger, [site.port], memory.batch())

        for one in sent:
            one.result()

    settled(here, ledger)

    assert post(site.port, [])[0] == 0
