"""What tracking does to the pages of a host that is half busy: ``make bench``.

A page, and a page that writes to the host's own SQLite file, are asked for at half the
rate that the site can serve without UNT. With UNT, each view of them is posted, too,
at the same rate and at the same time; so that the site serves twice as many requests.
What that alone does is seen where as many are posted to an empty view of the site.

``python benchmarks/half_load.py [--quick]``
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from figures import machine
from figures import print_table
from figures import ratio
from figures import spread
from load import CONNECTIONS
from load import SERVERS
from load import Run
from load import Site
from servers import RedisServer

SERVER = next(name for name in SERVERS if "gthread" in name)
EVENTS = "/bench/e"
EMPTY = "/empty"


@dataclass(frozen=True)
class Case:
    """A page of the host's, and whether its site has a Redis."""

    name: str
    path: str
    with_redis: bool


CASES = (
    Case("a page, Redis", "/shop", True),
    Case("a page, SQLite alone", "/shop", False),
    Case("a write to the host's SQLite, views in another", "/order", False),
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="few and short runs")
    options = parser.parse_args()
    runs, seconds = (2, 3) if options.quick else (5, 8)
    redis = RedisServer(appendonly="yes", appendfsync="everysec")
    redis.start()

    try:
        print(f"{machine()}; {SERVER}, {seconds} s a run\n")
        rows = [measure(case, redis, runs, seconds) for case in CASES]
    finally:
        redis.remove()

    head = (
        *("p99 ms at half load", "pages/s", "views/s"),
        *("pages alone", "and an empty view", "and views", "× alone", "× empty view"),
    )
    print_table(head, rows)


def measure(case: Case, redis: RedisServer, runs: int, seconds: int) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="unt-bench-") as name:
        folder = Path(name)
        environment = surroundings(case, folder, redis)
        plain = Site(SERVER, "plain", folder, **environment).start()
        tracked = Site(SERVER, "tracked", folder, **environment).start()

        try:
            pause = pause_of(plain, case.path)
            alone, beside_empty, with_unt, views = [], [], [], []

            for _ in range(runs):
                alone.append(visit(plain, case.path, pause, seconds))
                pages, _ = browse(plain, case.path, EMPTY, pause, seconds)
                beside_empty.append(pages)
                pages, taken = browse(tracked, case.path, EVENTS, pause, seconds)
                with_unt.append(pages)
                views.append(taken)
        finally:
            plain.stop()
            tracked.stop()

    p99s = [[run.p99 for run in some] for some in (alone, beside_empty, with_unt)]
    return [
        case.name,
        *(spread([run.rate for run in some]) for some in (with_unt, views)),
        *(spread(some, 1) for some in p99s),
        *(f"{ratio(p99s[2], some):.2f}" for some in p99s[:2]),
    ]


def surroundings(case: Case, folder: Path, redis: RedisServer) -> dict[str, str]:
    file = folder / "host.db"

    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL)")

    connection.close()
    found = {
        "BENCH_HOST_FILE": str(file),
        "BENCH_DATABASE": f"sqlite:///{folder}/unt.db",
    }

    return {**found, "BENCH_REDIS": redis.url()} if case.with_redis else found


def pause_of(site: Site, path: str) -> float:
    """Milliseconds that each connection has to pause for half of the full rate."""
    full = site.load(path, 3, arguments=("page", "1"))

    return 2 * CONNECTIONS / full.rate * 1000 - full.p50


def visit(site: Site, path: str, pause: float, seconds: int) -> Run:
    return site.load(path, seconds, arguments=("page", "1", "-", f"{pause:.1f}"))


def browse(
    site: Site, path: str, events: str, pause: float, seconds: int
) -> tuple[Run, Run]:
    """The host's pages, while browsers post a view of each, and those views."""
    arguments = ("view", "1", "-", f"{pause:.1f}")

    with ThreadPoolExecutor(1) as pool:
        views = pool.submit(site.load, events, seconds, arguments=arguments)
        pages = visit(site, path, pause, seconds)
        taken = views.result()

    if taken.errors:
        raise SystemExit(f"{taken.errors} of {taken.requests} views were refused.")

    return pages, taken


if __name__ == "__main__":
    main()
