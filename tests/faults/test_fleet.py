"""Many processes over one Redis and one database: no mixing, and exact."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import pytest

from faults.bouncer import Bouncer
from faults.clients import Crowd
from faults.clients import Memory
from faults.clients import deliver
from faults.clients import now_ms
from faults.clients import until
from faults.ledger import Ledger
from faults.ledger import Verdict
from faults.run import tracebacks
from faults.stage import Site
from faults.stage import Stage
from faults.stage import drain_inbox

pytestmark = [pytest.mark.fault, pytest.mark.slow, pytest.mark.timeout(900)]

ENOUGH = 400


@contextmanager
def load(ledger: Ledger, *sites: Site, seed: int = 1, threads: int = 4) -> Any:
    """Browsers send to these sites meanwhile, and have all acknowledged at the end."""
    crowd = Crowd(ledger, [site.port for site in sites], seed, threads).start()

    try:
        yield
    finally:
        crowd.stop()


def more(ledger: Ledger, events: int = ENOUGH) -> None:
    """Wait until so many more are acknowledged."""
    wanted = len(ledger.acknowledged) + events
    until(lambda: len(ledger.acknowledged) >= wanted, f"{events} more events")


def settled(stage: Stage, ledger: Ledger) -> Verdict:
    stage.settle()
    verdict = ledger.verdict(stage.url, now_ms())

    assert verdict.troubles == {}
    assert verdict.set_aside == 0
    assert verdict.acknowledged == verdict.tried
    assert ledger.odd == []
    assert tracebacks(stage.logs()) == []

    return verdict


def test_two_web_servers_and_workers_that_come_and_go(
    stage: Callable[..., Stage],
) -> None:
    """Three workers at first, all of whom leave while others come."""
    here = stage("postgresql")
    here.prepare()
    ledger = Ledger()
    sites = [here.serve("sync"), here.serve("gthread")]
    first = [here.work() for _ in range(3)]

    for worker in first:
        worker.wait_ready()

    with load(ledger, *sites):
        for leaving in first:
            more(ledger)
            here.work()
            more(ledger)
            leaving.process.stop()

            assert leaving.process.code == 0

        more(ledger)
        here.workers[-1].process.kill()
        more(ledger)

    settled(here, ledger)


@pytest.mark.long
def test_a_reload_under_load(stage: Callable[..., Stage]) -> None:
    """HUP has gunicorn end its processes politely and start new ones."""
    here = stage("postgresql")
    here.prepare()
    ledger = Ledger()
    sites = [here.serve("sync"), here.serve("gthread")]
    here.work()

    with load(ledger, *sites):
        for _ in range(3):
            for site in sites:
                before = set(site.children())
                os.kill(site.process.pid, signal.SIGHUP)
                more(ledger)
                until(lambda: not before & set(site.children()), "new processes")  # noqa: B023

    settled(here, ledger)


@pytest.mark.long
@pytest.mark.parametrize("style", ["preload", "gthread", "gevent", "uwsgi"])
def test_kinds_of_web_servers(stage: Callable[..., Stage], style: str) -> None:
    """Through the stream, and, while Redis is away, into the database."""
    here = stage("postgresql")
    here.prepare()
    ledger = Ledger()
    site = here.serve(style)
    here.work()

    with load(ledger, site):
        more(ledger)
        here.redis.kill()
        more(ledger)
        here.redis.start()
        more(ledger)

    verdict = settled(here, ledger)

    assert verdict.answers[202] > 0


@pytest.mark.parametrize(
    "driver", ["psycopg", pytest.param("psycopg2", marks=pytest.mark.long)]
)
def test_postgresql_behind_pgbouncer_in_transaction_mode(
    stage: Callable[..., Stage], driver: str
) -> None:
    """Each transaction on another of three connections, which a restart ends."""
    here = stage("postgresql")
    here.prepare()
    ledger = Ledger()

    with Bouncer(here.database.port, connections=3) as bouncer:
        url = here.url.replace("+psycopg:", f"+{driver}:").replace(
            f":{here.database.port}/", f":{bouncer.port}/"
        )
        streaming = here.serve("sync", DATABASE=url)
        direct = here.serve("gthread", DATABASE=url, REDIS="")
        workers = [here.work(DATABASE=url) for _ in range(2)]

        with load(ledger, streaming, direct):
            more(ledger)
            bouncer.process.stop()
            bouncer.start()
            more(ledger)
            workers[0].process.kill()
            more(ledger)

        settled(here, ledger)


@pytest.mark.long
def test_a_worker_frozen_for_70_seconds(stage: Callable[..., Stage]) -> None:
    """With the command's own patience: another takes over what it held, and drains."""
    here = stage("postgresql")
    here.prepare()
    ledger = Ledger()
    site = here.serve()
    frozen = here.work(CLAIM_IDLE_MS="60000")
    frozen.wait_ready()

    with load(ledger, site):
        more(ledger)
        frozen.process.freeze()
        here.work(CLAIM_IDLE_MS="60000")
        time.sleep(70)
        frozen.process.thaw()
        more(ledger)

    settled(here, ledger)


def test_two_releases_at_once(stage: Callable[..., Stage]) -> None:
    """The old worker leaves the new one's entries, and the new one reads both."""
    here = stage("postgresql")
    here.prepare()
    ledger = Ledger()
    sites = [here.serve(), here.serve(RELEASE="next")]
    here.work(CLAIM_IDLE_MS="1000")

    with load(ledger, *sites):
        more(ledger)
        here.work(RELEASE="next", CLAIM_IDLE_MS="1000")
        more(ledger)

    settled(here, ledger)


@pytest.mark.long
def test_a_second_app_on_the_same_queue_by_mistake(
    stage: Callable[..., Stage],
) -> None:
    """It is told so, takes its own database, and its worker leaves the stream alone."""
    here = stage("postgresql")
    here.prepare()
    other_url = here.database.fresh_database()
    ours, theirs = Ledger(), Ledger()
    site, mistaken = here.serve(), here.serve(DATABASE=other_url)
    deliver(ours, [site.port], Memory(random.Random(9)).batch())
    worker = here.work(DATABASE=other_url)
    until(lambda: "belongs to another site" in worker.process.log(), "a sentence")
    here.work()

    with load(ours, site, seed=1, threads=2), load(theirs, mistaken, seed=2, threads=2):
        more(ours)
        more(theirs)

    settled(here, ours)
    drain_inbox(other_url)

    assert theirs.verdict(other_url, now_ms()).troubles == {}
    assert theirs.odd == []
