"""One run of load on one site: how many requests, how long, how much CPU."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from processes import Process  # noqa: E402
from processes import command_path  # noqa: E402
from processes import free_port  # noqa: E402
from processes import process_tree  # noqa: E402

CONNECTIONS = 16
TICK = os.sysconf("SC_CLK_TCK")
PYTHON_BIN = Path(sys.executable).parent

GUNICORN = ("--workers", "2", "--no-control-socket", "--log-level", "warning")
SERVERS: dict[str, tuple[str, ...]] = {
    "gunicorn sync 2": ("gunicorn", *GUNICORN, "--bind"),
    "gunicorn gthread 2×4": (
        *("gunicorn", *GUNICORN, "--worker-class", "gthread", "--threads", "4"),
        "--bind",
    ),
    "uWSGI 2": (
        *("uwsgi", "--master", "--processes", "2", "--need-app", "--die-on-term"),
        *("--disable-logging", "--module", "web_served:app"),
        # It closes each connection without a word, which wrk takes for a failure.
        *("--add-header", "Connection: close", "--http-socket"),
    ),
}


@dataclass(frozen=True)
class Run:
    """``cpu`` in microseconds a request, ``p50`` and ``p99`` in milliseconds."""

    requests: int
    rate: float
    cpu: float
    p50: float
    p99: float
    errors: int


class Site:
    """One of ``web_sites`` behind one of ``SERVERS``."""

    def __init__(self, server: str, site: str, folder: Path, **environment: str):
        self.port = free_port()
        command = [*SERVERS[server], f"127.0.0.1:{self.port}"]

        if command[0] == "gunicorn":
            command.append("web_served:app")

        name = f"{site} {server}".replace(" ", "-").replace("×", "x")
        self._process = Process(
            [command_path(command[0], str(PYTHON_BIN)), *command[1:]],
            folder / f"{name}-{self.port}.log",
            environment={"BENCH_SITE": site, **environment},
            folder=HERE,
        )

    def start(self) -> Site:
        self._process.start()
        self._process.wait_until(self._answers)
        return self

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=30)
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

        return True

    def stop(self) -> None:
        self._process.kill()

    def cpu(self) -> float:
        """Seconds of CPU, user and system, of all the site's processes."""
        return sum(map(_cpu_of, process_tree(self._process.pid)))

    def load(self, path: str, seconds: float, *, arguments: Sequence[str] = ()) -> Run:
        begun = self.cpu()
        printed = _wrk(f"http://127.0.0.1:{self.port}{path}", seconds, arguments)
        spent = self.cpu() - begun
        requests, micros, refused, failed, p50, p99 = map(int, printed)

        if failed:
            raise SystemExit(f"{failed} connections failed.")

        return Run(
            requests,
            requests / micros * 1e6,
            spent / max(requests, 1) * 1e6,
            p50 / 1000,
            p99 / 1000,
            refused,
        )


def _wrk(url: str, seconds: float, arguments: Sequence[str]) -> list[str]:
    command = [
        *(command_path("wrk"), "--threads", "1", "--connections", str(CONNECTIONS)),
        *("--duration", f"{seconds:.0f}s", "--timeout", "20s"),
        *("--script", str(HERE / "load.lua")),
        *(url, "--", *(arguments or ("view", "1"))),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1].split()


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK
