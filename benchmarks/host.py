"""What UNT costs the host's own pages and processes: ``make bench``.

The script tag in a page of 20 KB and of 500 KB, in process; what a web process of a
site with Flask and SQLAlchemy holds and how long it starts, each in a new process that
has answered its first requests. Medians of five runs, with the least and the most.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import Any

from figures import print_table
from figures import spread
from load import HERE
from servers import RedisServer
from web_sites import plain
from web_sites import tracked
from werkzeug.test import EnvironBuilder

RUNS = 5
REQUESTS = 1000
SIZES = {"20 KB": 20_000, "500 KB": 500_000}
STARTING = """
import time
began = time.process_time()
import json, sys
import sqlalchemy
import web_sites
from werkzeug.test import EnvironBuilder

with sqlalchemy.create_engine("sqlite://").connect() as connection:
    connection.execute(sqlalchemy.text("SELECT 1"))

app = getattr(web_sites, sys.argv[1])()
started = time.process_time() - began

def ask(**request):
    environ = EnvironBuilder(**request).get_environ()
    return b"".join(app.wsgi_app(environ, lambda status, headers: None))

ask(path="/page/20000")
view = {"type": "view", "id": "one", "visitor": None, "time": 0, "tz": 0,
        "url": "http://localhost/"}
batch = json.dumps({"v": 1, "sent": 0, "events": [view]})
answer = ask(path="/bench/e", method="POST", data=batch, content_type="text/plain")
assert sys.argv[1] == "plain" or b'"accepted":1' in answer, answer
lines = open("/proc/self/status").read().splitlines()
held = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
print(json.dumps([started * 1000, held / 1024]))
"""


def main() -> None:
    redis = RedisServer()
    redis.start()

    try:
        with tempfile.TemporaryDirectory(prefix="unt-bench-") as folder:
            os.environ["BENCH_DATABASE"] = f"sqlite:///{folder}/unt.db"
            os.environ["BENCH_REDIS"] = redis.url()
            print_pages()
            print_processes(Path(folder))
    finally:
        redis.remove()


def print_pages() -> None:
    sites = {"without": plain(), "with": tracked()}
    rows = []

    for name, size in SIZES.items():
        times: dict[str, list[float]] = {site: [] for site in sites}

        for number in range(-1, RUNS):
            for site, app in sites.items():
                micros = micros_a_page(app, size)

                if number >= 0:
                    times[site].append(micros)

        pairs = zip(times["with"], times["without"], strict=True)
        more = [with_tag - without for with_tag, without in pairs]
        copies = peak_of(sites["with"], size) - peak_of(sites["without"], size)
        figures = (spread(times[site]) for site in sites)
        rows.append([name, *figures, spread(more, 1), f"{copies / size:.2f}"])

    head = ("page, CPU µs", "without", "with the tag", "more", "copies more")
    print_table(head, rows)


def micros_a_page(app: Any, size: int) -> float:
    environs = [page_environ(size) for _ in range(REQUESTS)]
    begun = time.process_time()

    for environ in environs:
        list(app.wsgi_app(environ, _ignore))

    return (time.process_time() - begun) / REQUESTS * 1e6


def peak_of(app: Any, size: int) -> int:
    """The most bytes that are held at once while a page is made."""
    environ = page_environ(size)
    list(app.wsgi_app(page_environ(size), _ignore))
    tracemalloc.start()
    list(app.wsgi_app(environ, _ignore))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def page_environ(size: int) -> dict[str, Any]:
    return EnvironBuilder(path=f"/page/{size}").get_environ()


def print_processes(folder: Path) -> None:
    measured: dict[str, list[list[float]]] = {"plain": [], "tracked": []}

    # The first round compiles the modules and sets the tables up, as happens once.
    for number in range(-1, RUNS):
        for site in measured:
            figures = start(site, folder)

            if number >= 0:
                measured[site].append(figures)

    rows = []

    for at, name in enumerate(("CPU ms to start", "MB held")):
        without = [figures[at] for figures in measured["plain"]]
        with_unt = [figures[at] for figures in measured["tracked"]]
        more = [a - b for a, b in zip(with_unt, without, strict=True)]
        rows.append([name, *(spread(found, 1) for found in (without, with_unt, more))])

    print_table(("a web process", "without UNT", "with", "more"), rows)


def start(site: str, folder: Path) -> list[float]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE.parent),
        "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-c", STARTING, site],
        cwd=HERE,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    figures: list[float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _ignore(status: str, headers: Any) -> None:
    """What a server does with the answer's head is no part of this."""


if __name__ == "__main__":
    main()
