"""The drill: dump, lose the database, restore, drain."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable

import pytest

from faults.clients import Memory
from faults.clients import deliver
from faults.clients import now_ms
from faults.clients import until
from faults.ledger import Ledger
from faults.stage import Site
from faults.stage import Stage

pytestmark = [pytest.mark.fault, pytest.mark.slow, pytest.mark.timeout(600)]


def test_what_was_drained_after_the_dump_is_missing_and_nothing_else(
    stage: Callable[..., Stage],
) -> None:
    """What waits in the stream when the database is lost is stored into the new one."""
    here = stage("postgresql")
    site, worker = here.serve(), here.work()
    dumped, missing, waiting = Ledger(), Ledger(), Ledger()

    send(dumped, site, seed=1)
    until(lambda: here.waiting() == 0, "an empty stream")
    dump = str(here.folder / "dump")
    run(here, "pg_dump", "--format=custom", f"--file={dump}", name(here))
    send(missing, site, seed=2)
    until(lambda: here.waiting() == 0, "an empty stream")
    worker.process.stop()
    here.database.drop_database(here.url)
    send(waiting, site, seed=3)
    here.database.execute(f"CREATE DATABASE {name(here)}")
    run(here, "pg_restore", f"--dbname={name(here)}", dump)
    worker.start()
    here.settle()

    verdicts = [one.verdict(here.url, now_ms()) for one in (dumped, missing, waiting)]

    assert [one.lost for one in verdicts] == [0, verdicts[1].acknowledged, 0]
    assert verdicts[0].stored == verdicts[0].acknowledged + verdicts[2].acknowledged
    assert [one.twice for one in verdicts] == [0, 0, 0]
    assert verdicts[0].reports == ()


def send(ledger: Ledger, site: Site, seed: int) -> None:
    memory = Memory(random.Random(seed))

    for _ in range(40):
        deliver(ledger, [site.port], memory.batch())


def name(stage: Stage) -> str:
    return stage.url.rpartition("/")[2]


def run(stage: Stage, program: str, *arguments: str) -> None:
    place = ["--host=127.0.0.1", f"--port={stage.database.port}", "--username=unt"]
    subprocess.run([stage.database.program(program), *place, *arguments], check=True)
