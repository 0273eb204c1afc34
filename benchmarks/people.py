"""How fast the dashboard answers on a year of views: ``make bench``.

    benchmarks/people.py [--views 10000000] [--databases postgresql,sqlite] [--runs 7]

Whole pages, through Flask and the templates, in one process and one after the other.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tests")]

from dashboards import BOARD  # noqa: E402
from dashboards import opened  # noqa: E402
from figures import machine  # noqa: E402
from figures import print_table  # noqa: E402
from figures import spread  # noqa: E402
from people_rows import RARE_PAGE  # noqa: E402
from people_rows import YEAR_MS  # noqa: E402
from people_rows import fill  # noqa: E402
from servers import PostgresServer  # noqa: E402
from tracked import site  # noqa: E402
from tracked import state_of  # noqa: E402

POSTGRES_OPTIONS = ("shared_buffers=512MB", "max_wal_size=4GB", "work_mem=16MB")
LIST_MS, PERSON_MS = 50, 30
PAGES = {
    "people": ("/users", LIST_MS),
    "people, the last page": ("/users?page=100000", LIST_MS),
    "search": ("/users?q=PERSON123", LIST_MS),
    "seen in the last 7 days": ("/users?seen=7d", LIST_MS),
    "first seen in the last 30 days": ("/users?first=30d", LIST_MS),
    "visited a page that most did": ("/users?visited=1", LIST_MS),
    "visited a page that few did": (f"/users?visited={RARE_PAGE}", LIST_MS),
    "visited, by path": ("/users?visited=/page/150", LIST_MS),
    "did what many did": ("/users?did=order", LIST_MS),
    "did what few did": ("/users?did=refund", LIST_MS),
    "on a tablet": ("/users?device=tablet", LIST_MS),
    "from Portugal": ("/users?country=PT", LIST_MS),
    "signed in": ("/users?kind=verified", LIST_MS),
    "plan is pro": ("/users?own=plan:pro", LIST_MS),
    "by views": ("/users?sort=views", LIST_MS),
    "by email": ("/users?sort=email", LIST_MS),
    "by plan": ("/users?sort=column:plan", LIST_MS),
    "all filters": (
        "/users?q=person&seen=30d&visited=1&did=order&device=desktop&kind=verified",
        LIST_MS,
    ),
    "anonymous": ("/users?who=anonymous", LIST_MS),
    "anonymous, the last page": ("/users?who=anonymous&page=100000", LIST_MS),
    "anonymous who visited a page": ("/users?who=anonymous&visited=1", LIST_MS),
    "a person with 100,000 views": ("/user/1", PERSON_MS),
    "their log, far inside": ("/user/1?before={middle}.{last}", PERSON_MS),
    "live": ("/live", LIST_MS),
    "a page": ("/page/1", LIST_MS),
    "pages": ("/pages", LIST_MS),
    "pages of a year": ("/pages?range=12m", LIST_MS),
    "entry pages": ("/pages?by=entry", LIST_MS),
    "exit pages of a year": ("/pages?by=exit&range=12m", LIST_MS),
    "by route": ("/pages?by=route", LIST_MS),
    "search in people and pages": ("/search?q=PERSON123", LIST_MS),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--views", type=int, default=1_000_000)
    parser.add_argument("--databases", default="postgresql,sqlite")
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    print(f"{machine()}, {options.views:,} views of 200,000 visitors\n", flush=True)

    for name in options.databases.split(","):
        {"postgresql": postgresql, "sqlite": sqlite}[name](options.views, options.runs)


def postgresql(views: int, runs: int) -> None:
    server = PostgresServer(*POSTGRES_OPTIONS)
    server.start()

    try:
        measure("PostgreSQL", server.fresh_database(), views, runs)
    finally:
        server.remove()


def sqlite(views: int, runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        measure("SQLite", f"sqlite:///{folder}/unt.db", views, runs)


def measure(name: str, url: str, views: int, runs: int) -> None:
    now = time.time_ns() // 1_000_000
    app = site(url)
    store = state_of(app).store

    try:
        fill(store, views, now)
        client = opened(app)
        rows = []

        for words, (path, aim) in PAGES.items():
            path = path.format(middle=now - YEAR_MS // 2, last="f" * 32)
            timed(lambda p=path: client.get(BOARD + p))
            times = [timed(lambda p=path: client.get(BOARD + p)) for _ in range(runs)]
            missed = "" if statistics.median(times) <= aim else "**missed**"
            rows.append((words, spread(times, 1), str(aim), missed))

        print_table((f"{name}, ms", "page", "aim", ""), rows)
    finally:
        store.dispose()


def timed(ask: Callable[[], object]) -> float:
    begin = time.perf_counter()
    answer = ask()
    passed = (time.perf_counter() - begin) * 1000
    assert answer.status_code in (200, 404), answer.text  # type: ignore[attr-defined]
    return passed


if __name__ == "__main__":
    main()
