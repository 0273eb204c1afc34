"""One backlog in one Redis, drained by the real worker into any database."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from backlog import backlog
from drain_yardsticks import plain
from processes import Process
from servers import RedisServer

from flask_unt.stream import Stream

HERE = Path(__file__).resolve().parent
TICK = os.sysconf("SC_CLK_TCK")
A_SECOND = 200


@dataclass(frozen=True)
class Run:
    """One run: rows a second, and what it took."""

    rate: float
    cpu: float
    megabytes: float
    server_cpu: float

    @property
    def all_cpu(self) -> float:
        return self.cpu + self.server_cpu


class Bench:
    """The backlog is made once, and copied in Redis for each drain."""

    def __init__(self, views: int) -> None:
        self.views = views
        self.redis = RedisServer(appendonly="yes", appendfsync="everysec")
        self.redis.start()
        self.folder = tempfile.TemporaryDirectory()
        self._fill()

    def close(self) -> None:
        self.redis.remove()
        self.folder.cleanup()

    def drain(self, url: str, server: Any = None, workers: int = 1) -> Run:
        """Drain the whole backlog into a database."""
        self.fill_stream()
        before = cpu_of(server)
        begun = time.perf_counter()
        crew = [self.worker(url, number, "--burst") for number in range(workers)]
        most = _watch(crew)
        ended = [_wait(process) for process in crew]
        seconds = time.perf_counter() - begun

        with self.redis.client() as client:
            if client.xlen("{unt}:stream"):
                raise SystemExit(f"Entries were left.\n{crew[0].log()[-4000:]}")

        cpu = sum(usage.ru_utime + usage.ru_stime for usage in ended)

        return Run(self.views / seconds, cpu, most, cpu_of(server) - before)

    def fill_stream(self) -> None:
        """Put the whole backlog into the stream, in place of what was there."""
        with self.redis.client() as client:
            client.delete(*(client.keys("{unt}*") or ["-"]))
            client.execute_command("COPY", "backlog", "{unt}:stream")

    def latencies(self, url: str, seconds: int, idle: int = 0) -> list[float]:
        """Milliseconds from added to visible, at a steady rate, after ``idle`` s."""
        stream = Stream(self.redis.url(), queue="unt", max_backlog=10**7)
        wanted = seconds * A_SECOND
        added: list[float] = []
        some = [data for views, data in backlog(wanted * 2, now_ms()) if views][:wanted]

        with self.redis.client() as client:
            client.delete(*(client.keys("{unt}*") or ["-"]))

        worker = self.worker(url, 0)
        worker.wait_until(lambda: "The worker is ready." in worker.log())
        time.sleep(idle)
        begun = time.perf_counter()

        def add() -> None:
            for number, data in enumerate(some):
                time.sleep(max(0.0, begun + number / A_SECOND - time.perf_counter()))
                added.append(time.perf_counter())
                stream.add(data)

        thread = threading.Thread(target=add)
        thread.start()
        seen = _see(url, wanted)
        thread.join()
        worker.stop()

        return [(at - was) * 1000 for at, was in zip(seen, added, strict=True)]

    def _fill(self) -> None:
        with self.redis.client() as client:
            pipeline = client.pipeline(transaction=False)

            for number, (_, data) in enumerate(backlog(self.views, now_ms())):
                pipeline.xadd("backlog", {"d": data})

                if number % 1000 == 999:
                    pipeline.execute()

            pipeline.execute()

    def worker(self, url: str, number: int, *options: str) -> Process:
        flask = [sys.executable, "-m", "flask", "--app", "drain_app"]

        return Process(
            [*flask, "unt-worker", *options],
            Path(self.folder.name) / f"worker-{number}-{time.time_ns()}.log",
            environment={
                "BENCH_DATABASE_URL": url,
                "BENCH_REDIS_URL": self.redis.url(),
            },
            folder=HERE,
        ).start()


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def cpu_of(server: Any) -> float:
    """Seconds of CPU that a server and its children have taken so far."""
    if server is None:
        return 0.0

    # A child that has just ended counts once its parent has seen it.
    time.sleep(0.5)
    total = 0
    pid = server.process.pid

    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue

        if int(stat.parent.name) == pid:
            # With its children that have ended.
            total += sum(int(field) for field in fields[11:15])
        elif int(fields[1]) == pid:
            total += int(fields[11]) + int(fields[12])

    return total / TICK


def _see(url: str, views: int) -> list[float]:
    """When each of the first so many views was first seen in the database."""
    seen: list[float] = []

    with psycopg.connect(plain(url), autocommit=True) as connection:
        while len(seen) < views:
            row = connection.execute("SELECT count(*) FROM unt_page_view").fetchone()
            seen += [time.perf_counter()] * (row[0] - len(seen))
            time.sleep(0.005)

    return seen


def megabytes_of(process: Process) -> float:
    """The most memory that it had so far."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return max(_kilobytes(line) for line in status.splitlines()) / 1024


def _watch(crew: list[Process]) -> float:
    """The most memory that any of these had while they ran, in MB."""
    most = 0.0

    while any(_runs(process) for process in crew):
        for process in crew:
            with contextlib.suppress(OSError):
                most = max(most, megabytes_of(process))

        time.sleep(0.1)

    return most


def _kilobytes(line: str) -> int:
    return int(line.split()[1]) if line.startswith("VmHWM") else 0


def _runs(process: Process) -> bool:
    stat = Path(f"/proc/{process.pid}/stat").read_text()

    return stat.rpartition(")")[2].split()[0] not in "ZX"


def _wait(process: Process) -> Any:
    _, code, usage = os.wait4(process.pid, 0)

    if code:
        raise SystemExit(f"A worker ended with {code}.\n{process.log()[-4000:]}")

    return usage
