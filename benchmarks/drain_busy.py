"""A backlog that is drained while the site goes on taking views in."""

from __future__ import annotations

import time
from pathlib import Path

from drain_run import A_SECOND
from drain_run import Bench
from drain_run import megabytes_of
from load import CONNECTIONS
from load import Site

PAUSE_MS = CONNECTIONS / A_SECOND * 1000
SECONDS = 5
QUIET_RUNS = 3
PATIENCE = 1800


def drain_while_views_come(
    bench: Bench, url: str
) -> tuple[list[float], list[float], float, float]:
    """``POST /e`` p99 in ms without and with a backlog, the seconds until it was
    drained, and the most megabytes of its worker.
    """
    environment = {"BENCH_DATABASE": url, "BENCH_REDIS": bench.redis.url()}
    # A sync worker would wait for connections that pause.
    site = Site(
        "gunicorn gthread 2×4", "tracked", Path(bench.folder.name), **environment
    )
    bench.fill_stream()
    site.start()

    try:
        _empty(bench)
        quiet = [_p99(site) for _ in range(QUIET_RUNS)]
        bench.fill_stream()
        worker = bench.worker(url, 0)
        begun = time.perf_counter()
        loaded = [_p99(site)]

        while _waiting(bench) > A_SECOND * SECONDS:
            loaded.append(_p99(site))

            if time.perf_counter() - begun > PATIENCE:
                raise SystemExit(f"Not drained.\n{worker.log()[-4000:]}")

        seconds = time.perf_counter() - begun
        megabytes = megabytes_of(worker)
        worker.stop()
    finally:
        site.stop()

    return quiet, loaded, seconds, megabytes


def _p99(site: Site) -> float:
    arguments = ("view", "1", "-", f"{PAUSE_MS:.0f}")
    run = site.load("/bench/e", SECONDS, arguments=arguments)

    if run.errors:
        raise SystemExit(f"{run.errors} of {run.requests} views were refused.")

    return run.p99


def _empty(bench: Bench) -> None:
    with bench.redis.client() as client:
        client.delete("{unt}:stream")


def _waiting(bench: Bench) -> int:
    with bench.redis.client() as client:
        return int(client.xlen("{unt}:stream"))
