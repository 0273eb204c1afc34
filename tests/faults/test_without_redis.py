"""No Redis and no worker: the inbox holds what a busy site takes in."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from faults import faults
from faults.clients import Crowd
from faults.clients import now_ms
from faults.clients import until
from faults.ledger import Ledger
from faults.stage import Stage

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]


@pytest.mark.parametrize(
    "backend",
    [
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.long),
        pytest.param("mariadb", marks=pytest.mark.long),
    ],
)
def test_web_processes_that_are_killed_lose_and_double_nothing(
    stage: Callable[..., Stage], backend: str
) -> None:
    here = stage(backend)
    here.prepare()
    ledger = Ledger()
    sites = [here.serve("gthread", REDIS=""), here.serve("sync", REDIS="")]
    crowd = Crowd(ledger, [site.port for site in sites], seed=11).start()

    for round in range(1, 7):
        wanted = 150 * round
        until(lambda n=wanted: len(ledger.acknowledged) > n, "a crowd that is served")

        with faults.broken(faults.kill_web_process, here, seed=round):
            pass

    crowd.stop()
    here.settle()
    verdict = ledger.verdict(here.url, now_ms())

    assert verdict.troubles == {}
    assert verdict.set_aside == 0
    assert ledger.odd == []
