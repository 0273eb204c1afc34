"""What ``POST /e`` costs a site behind real servers: ``make bench``.

Each figure is the median of five runs, with the least and the most. The yardstick is
the host's own empty Flask view, which reads the body and answers 204, on a site
without UNT; a run of it is beside each run of everything else.

``python benchmarks/web.py [--quick] [--server sync]``
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import ExitStack
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from figures import machine
from figures import print_table
from figures import ratio
from figures import spread
from flask.sessions import SecureCookieSessionInterface
from load import SERVERS
from load import Run
from load import Site
from servers import RedisServer
from web_sites import plain

EMPTY = "empty view"
NOT_FOUND = "the host's 404"
EVENTS = "/bench/e"


@dataclass(frozen=True)
class Case:
    """What is asked of a site; ``views`` in a request."""

    name: str
    site: str
    path: str
    arguments: Sequence[str] = ()
    views: int = 1
    is_refused: bool = False


CASES = (
    Case("bare WSGI 204", "bare", "/"),
    Case(EMPTY, "plain", "/empty"),
    Case("POST /e", "tracked", EVENTS),
    Case("POST /e, Redis on a Unix socket", "beside", EVENTS),
    Case("POST /e, 10 views", "tracked", EVENTS, ("view", "10"), views=10),
    Case("POST /e, SQLite, no Redis", "alone", EVENTS),
)
MORE_CASES = (
    Case("POST /e, identify=", "identified", EVENTS, ("view", "1", "SESSION")),
    Case(NOT_FOUND, "plain", "/nothing", is_refused=True),
    Case("refused: no JSON", "tracked", EVENTS, ("bad", "1"), is_refused=True),
    Case("refused: foreign", "tracked", EVENTS, ("foreign", "1"), is_refused=True),
    Case("refused: over the limit", "limited", EVENTS, is_refused=True),
)
ON_REDIS = ("tracked", "beside", "identified")
Runs = dict[str, list[Run]]


def main() -> None:
    options = read_options()

    with tempfile.TemporaryDirectory(prefix="unt-bench-") as folder:
        redis = RedisServer(
            appendonly="yes", appendfsync="everysec", unixsocket="redis.sock"
        )
        redis.start()

        try:
            print(f"{machine()}; 16 connections, {options.seconds} s a run\n")

            for server in SERVERS:
                if options.server in server:
                    print_server(server, Path(folder), redis, options)
        finally:
            redis.remove()


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="few and short runs")
    parser.add_argument("--server", default="", help="sync, gthread or uWSGI only")
    parser.add_argument("--case", default="", help="the empty view and this only")
    options = parser.parse_args()
    options.runs, options.seconds = (3, 1) if options.quick else (5, 2)
    return options


def print_server(
    server: str, folder: Path, redis: RedisServer, options: argparse.Namespace
) -> None:
    # What is refused, and whom the site knows, does not depend on the server.
    cases = (*CASES, *(MORE_CASES if "gthread" not in server else ()))
    cases = tuple(c for c in cases if options.case in c.name or c.name == EMPTY)

    with sites_behind(server, folder, redis, {case.site for case in cases}) as sites:
        runs = measure(cases, sites, redis, options)

    print(f"{server}\n")
    print_table(
        ("", "CPU µs", "× empty", "requests/s", "× empty", "p99 ms", "× empty"),
        [row(case, runs) for case in cases],
    )


def measure(
    cases: Sequence[Case],
    sites: Mapping[str, Site],
    redis: RedisServer,
    options: argparse.Namespace,
) -> Runs:
    runs: Runs = {case.name: [] for case in cases}

    for number in range(-1, options.runs):
        for case in cases:
            seconds = options.seconds if number >= 0 else 1
            run, added = run_case(case, sites[case.site], redis, seconds)

            # The first round is for the servers to get warm.
            if number >= 0:
                check(case, run, added)
                runs[case.name].append(run)

    return runs


def run_case(
    case: Case, site: Site, redis: RedisServer, seconds: float
) -> tuple[Run, int]:
    """The run, and how many entries it added to the stream."""
    arguments = [session() if a == "SESSION" else a for a in case.arguments]

    with redis.client() as client:
        client.delete("{unt}:stream")
        run = site.load(case.path, seconds, arguments=arguments)
        return run, client.xlen("{unt}:stream")


def check(case: Case, run: Run, added: int) -> None:
    """Figures of what was not done are worth nothing."""
    wanted = run.requests if case.is_refused else 0

    if run.errors != wanted or not run.requests:
        raise SystemExit(f"{case.name}: {run.errors} of {run.requests} refused.")

    # A disk that others keep busy makes Redis late, and the database takes over.
    if added < run.requests and case.site in ON_REDIS and not wanted:
        print(f"{case.name}: {run.requests - added} went to the database.", flush=True)


@contextmanager
def sites_behind(
    server: str, folder: Path, redis: RedisServer, names: set[str]
) -> Iterator[dict[str, Site]]:
    database = f"sqlite:///{folder}/{SERVERS[server][0]}-{len(SERVERS[server])}"
    with_redis = {"BENCH_DATABASE": f"{database}.db", "BENCH_REDIS": redis.url()}
    kinds: dict[str, tuple[str, dict[str, str]]] = {
        "bare": ("bare", {}),
        "plain": ("plain", {}),
        "tracked": ("tracked", with_redis),
        "beside": (
            "tracked",
            {**with_redis, "BENCH_REDIS": f"unix://{redis.folder}/redis.sock"},
        ),
        "identified": ("tracked", {**with_redis, "BENCH_IDENTIFY": "1"}),
        "limited": ("tracked", {**with_redis, "BENCH_LIMIT": "1/day"}),
        "alone": ("tracked", {"BENCH_DATABASE": f"{database}-alone.db"}),
    }

    with ExitStack() as stack, redis.client() as client:
        client.flushdb()
        sites = {}

        for name in sorted(names):
            site, environment = kinds[name]
            sites[name] = Site(server, site, folder, **environment).start()
            stack.callback(sites[name].stop)

        yield sites


def row(case: Case, runs: Runs) -> list[str]:
    mine, empty = runs[case.name], runs[EMPTY]
    figures: tuple[tuple[Callable[[Run], float], int], ...] = (
        (lambda run: run.cpu, 0),
        (lambda run: run.rate, 0),
        (lambda run: run.p99, 1),
    )
    cells = [case.name]

    for take, digits in figures:
        mine_taken, empty_taken = list(map(take, mine)), list(map(take, empty))
        cells += [
            spread(mine_taken, digits),
            f"{ratio(mine_taken, empty_taken):.2f}",
        ]

    if case.views > 1:
        views = ratio([r.rate * case.views for r in mine], [r.rate for r in empty])
        cells[4] += f" ({views:.1f} in views/s)"

    return cells


def session() -> str:
    """The session cookie of somebody who is signed in."""
    serializer = SecureCookieSessionInterface().get_signing_serializer(plain())
    assert serializer is not None
    return str(serializer.dumps({"email": "ada@example.org"}))


if __name__ == "__main__":
    sys.exit(main())
