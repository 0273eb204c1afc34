"""How fast a backlog lands in the database: ``make bench``.

A real Redis stream, the real worker in a process of its own, everything included. The
yardstick is the driver's fastest way to put the same rows into an empty page-view
table with the same indexes, 1,000 at a time.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tests")]

import psycopg  # noqa: E402
from drain_busy import drain_while_views_come  # noqa: E402
from drain_run import Bench  # noqa: E402
from drain_run import Run  # noqa: E402
from drain_run import cpu_of  # noqa: E402
from drain_run import now_ms  # noqa: E402
from drain_yardsticks import Rows  # noqa: E402
from drain_yardsticks import copy_psycopg  # noqa: E402
from drain_yardsticks import copy_psycopg2  # noqa: E402
from drain_yardsticks import fill_mariadb  # noqa: E402
from drain_yardsticks import fill_sqlite  # noqa: E402
from drain_yardsticks import read_mariadb  # noqa: E402
from drain_yardsticks import read_postgresql  # noqa: E402
from drain_yardsticks import read_sqlite  # noqa: E402
from figures import machine  # noqa: E402
from figures import print_table  # noqa: E402
from figures import ratio  # noqa: E402
from figures import spread  # noqa: E402
from servers import MariadbServer  # noqa: E402
from servers import PostgresServer  # noqa: E402

from flask_unt.store import Store  # noqa: E402

POSTGRES_OPTIONS = (
    *("fsync=on", "full_page_writes=on", "shared_buffers=128MB"),
    *("max_wal_size=1GB", "jit=on"),
)
EVERYTHING = "psycopg,psycopg2,two,sqlite,mariadb,latency,busy"
# Rows of a year that is past, with the columns that the indexes are about.
STORED = """
INSERT INTO unt_page_view SELECT
  CAST(lpad(to_hex(1700000000000 + n * 2000), 12, '0') || md5(n::text)::varchar(20)
    AS uuid),
  CAST(lpad(to_hex(1700000000000 + n / 4 * 8000), 12, '0')
    || md5((n / 4)::text)::varchar(20) AS uuid),
  n / 4 % 500000, NULL, n % 200 + 1, to_timestamp(1700000000 + n * 2), 120,
  to_timestamp(1700000000 + n * 2), 9000, 50, 'load', NULL, false, false, 390, NULL,
  n % 90 + 1, NULL, NULL, NULL, NULL, false, NULL
FROM generate_series(1, {}) AS n
"""


def postgresql(bench: Bench, driver: str, runs: int, workers: int, stored: int) -> None:
    server = PostgresServer(*POSTGRES_OPTIONS)
    server.start()
    copy = copy_psycopg if driver == "psycopg" else copy_psycopg2
    drains, copies, wal = [], [], []
    rows: Rows = []

    try:
        for _ in range(runs):
            url = _postgres_database(server, driver, stored)
            position = _wal(server)
            drains.append(bench.drain(url, server, workers))
            wal.append((_wal(server) - position) / bench.views)
            rows = rows or ([] if stored else read_postgresql(url))
            check(stored or len(rows), stored or bench.views)
            server.drop_database(url)

            if not stored:
                url = _postgres_database(server, driver, 0)
                copies.append(timed(lambda u=url, r=rows: copy(u, r), rows, server))
                server.drop_database(url)
    finally:
        server.remove()

    name = f"PostgreSQL, {driver}, {workers} worker{'s' * (workers > 1)}"
    show(f"{name}, {stored:,} stored", "COPY by 1,000", drains, copies)
    print(f"WAL bytes a view: {spread(wal)}\n", flush=True)


def _postgres_database(server: PostgresServer, driver: str, stored: int) -> str:
    url = server.fresh_database(driver)
    set_up(url)

    if stored:
        name = url.rpartition("/")[2]
        server.execute(STORED.format(stored), name)
        server.execute("VACUUM ANALYZE", name)

    return url


def _wal(server: PostgresServer) -> int:
    where = f"postgresql://unt@127.0.0.1:{server.port}/postgres"

    with psycopg.connect(where) as connection:
        row = connection.execute("SELECT pg_current_wal_lsn() - '0/0'").fetchone()
        return int(row[0])


def sqlite(bench: Bench, runs: int) -> None:
    drains, copies = [], []

    for number in range(runs):
        path = f"{bench.folder.name}/{number}.db"
        other = f"{bench.folder.name}/{number}-yardstick.db"
        set_up(f"sqlite:///{path}")
        set_up(f"sqlite:///{other}")
        drains.append(bench.drain(f"sqlite:///{path}"))
        rows = read_sqlite(path)
        check(len(rows), bench.views)
        copies.append(timed(lambda p=other, r=rows: fill_sqlite(p, r), rows))
        Path(path).unlink()
        Path(other).unlink()

    show("SQLite", "executemany by 1,000", drains, copies)


def mariadb(bench: Bench, runs: int) -> None:
    server = MariadbServer(
        "--innodb-flush-log-at-trx-commit=1", "--innodb-buffer-pool-size=256M"
    )
    server.start()
    drains, copies = [], []

    try:
        for _ in range(runs):
            url, other = server.fresh_database(), server.fresh_database()
            set_up(url)
            set_up(other)
            drains.append(bench.drain(url, server))
            rows = read_mariadb(url)
            check(len(rows), bench.views)
            copies.append(
                timed(lambda u=other, r=rows: fill_mariadb(u, r), rows, server)
            )
            server.drop_database(url)
            server.drop_database(other)
    finally:
        server.remove()

    show("MariaDB, PyMySQL", "executemany by 1,000", drains, copies)


def busy(bench: Bench) -> None:
    """Views come at 200 a second while the whole backlog is drained."""
    server = PostgresServer(*POSTGRES_OPTIONS)
    server.start()

    try:
        url = server.fresh_database()
        set_up(url)
        quiet, loaded, seconds, megabytes = drain_while_views_come(bench, url)
    finally:
        server.remove()

    head = (
        f"a backlog of {bench.views:,}, 200 views/s come",
        "drained in s",
        "MB, most",
    )
    print_table(
        [*head, "POST /e p99 ms, quiet", "meanwhile", "×"],
        [
            [
                "PostgreSQL, one worker",
                *(f"{figure:,.0f}" for figure in (seconds, megabytes)),
                *(spread(some, 1) for some in (quiet, loaded)),
                f"{statistics.median(loaded) / statistics.median(quiet):.1f}",
            ]
        ],
    )


def latency(bench: Bench, seconds: int, idle: int) -> None:
    server = PostgresServer(*POSTGRES_OPTIONS)
    server.start()

    try:
        url = server.fresh_database()
        set_up(url)
        found = sorted(bench.latencies(url, seconds, idle))
    finally:
        server.remove()

    after = f", after {idle} idle seconds" if idle else ""
    print_table(
        [f"added to visible, ms, 200 views/s, PostgreSQL{after}", "p50", "p99", "most"],
        [
            [
                f"{len(found):,} views",
                *(f"{found[int(len(found) * at)]:,.0f}" for at in (0.5, 0.99)),
                f"{found[-1]:,.0f}",
            ]
        ],
    )


def set_up(url: str) -> None:
    store = Store(url)
    store.migrate()
    store.ensure_partitions(now_ms())
    store.dispose()


def check(stored: int, views: int) -> None:
    if stored != views:
        raise SystemExit(f"{stored} views are stored, {views} were sent.")


def timed(call: Callable[[], None], rows: Rows, server: Any = None) -> Run:
    before, cpu_before = cpu_of(server), time.process_time()
    begun = time.perf_counter()
    call()
    seconds = time.perf_counter() - begun
    cpu = time.process_time() - cpu_before

    return Run(len(rows) / seconds, cpu, 0.0, cpu_of(server) - before)


def show(name: str, yardstick: str, drains: list[Run], copies: list[Run]) -> None:
    head = [name, "views/s", "CPU s, client", "CPU s, server", "MB, most"]
    rows = [
        [
            label,
            spread([run.rate for run in runs]),
            spread([run.cpu for run in runs], 1),
            spread([run.server_cpu for run in runs], 1),
            spread([run.megabytes for run in runs]),
        ]
        for label, runs in (("the drain", drains), (yardstick, copies))
        if runs
    ]
    print_table(head, rows)

    if copies:
        rate = ratio([run.rate for run in drains], [run.rate for run in copies])
        cpu = ratio([run.all_cpu for run in copies], [run.all_cpu for run in drains])
        print(f"{rate:.2f} of the yardstick's views/s; by CPU time {cpu:.2f}\n")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="30,000 views, 1 run")
    parser.add_argument("--views", type=int)
    parser.add_argument("--runs", type=int)
    parser.add_argument("--stored", type=int, default=0, help="views stored before")
    parser.add_argument("--idle", type=int, default=0, help="seconds before latency")
    parser.add_argument("--only", default=EVERYTHING)
    options = parser.parse_args()
    views = options.views or (30_000 if options.quick else 300_000)
    runs = options.runs or (1 if options.quick else 5)
    print(f"{machine()}; {views:,} views, {runs} runs\n", flush=True)
    bench = Bench(views)
    benches: dict[str, Callable[[], None]] = {
        "psycopg": lambda: postgresql(bench, "psycopg", runs, 1, options.stored),
        "psycopg2": lambda: postgresql(bench, "psycopg2", runs, 1, options.stored),
        "two": lambda: postgresql(bench, "psycopg", runs, 2, options.stored),
        "sqlite": lambda: sqlite(bench, runs),
        "mariadb": lambda: mariadb(bench, runs),
        "latency": lambda: latency(bench, 10 if options.quick else 60, options.idle),
        "busy": lambda: busy(bench),
    }

    try:
        for name in options.only.split(","):
            benches[name]()
    finally:
        bench.close()


if __name__ == "__main__":
    main()
