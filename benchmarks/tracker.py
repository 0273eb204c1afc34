"""What unt.js costs a page: its size, the main thread's time, requests: ``make bench``.

Sizes are bundled and minified by the same esbuild, beside other trackers from npm.
Times are CPU time from Chromium's own trace of the example site's home page, a browser
without cache or storage at each load; medians, with the least and the most.
"""

from __future__ import annotations

import http.client
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

import traces
from playwright.sync_api import Browser
from playwright.sync_api import sync_playwright

HERE = Path(__file__).resolve().parent
LOADS = 15
TICKING_MS = 26_000
TABS = 4
IDLE_MS = 12_000


def main() -> None:
    print_sizes()

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu"],
        )
        print_machine(browser)

        with (
            serve("with_tracker", folder) as tracked,
            serve("with_least", folder) as least,
            serve("without_tracker", folder) as untracked,
        ):
            print_loads(
                browser, {"with": tracked, "least": least, "without": untracked}
            )
            print_ticks(browser, tracked)
            print_requests(browser, tracked, Path(folder) / "counted")

        browser.close()


def print_sizes() -> None:
    sizes = json.loads(
        subprocess.run(
            ["node", "sizes.mjs"], cwd=HERE / "node", check=True, capture_output=True
        ).stdout
    )
    print(f"{'bytes':<36}{'bundled':>9}{'minified':>10}{'gzip -9':>9}{'brotli':>9}")

    for one in sizes:
        figures = [one[name] for name in ("raw", "minified", "gzip", "brotli")]
        print("{:<36}{:>9,}{:>10,}{:>9,}{:>9,}".format(one["name"], *figures))


def print_machine(browser: Browser) -> None:
    load, *_ = os.getloadavg()
    print(
        f"\nChromium {browser.version}, Python {platform.python_version()},"
        f" {os.cpu_count()} cores, load {load:.1f}; ms of CPU"
    )


def print_loads(browser: Browser, sites: dict[str, str]) -> None:
    """``least``: a script that opens both storages and sends one request, no more."""
    loads: dict[str, list[traces.Load]] = {name: [] for name in sites}
    load(browser, sites["with"])

    for _ in range(LOADS):
        for name, site in sites.items():
            loads[name].append(load(browser, site))

    for name, found in loads.items():
        show(f"load, scripts, {name}", [one.scripts for one in found])

    for name, found in loads.items():
        show(f"load, all tasks, {name}", [one.all_tasks for one in found])

    for name, found in loads.items():
        print(
            f"{LOADS} loads, {name}: {sum(one.long_tasks for one in found)} tasks over"
            f" {traces.LONG_TASK_MS} ms, {sum(one.layouts for one in found)} layouts by"
            " scripts"
        )


def print_ticks(browser: Browser, site: str) -> None:
    """Several tabs are read at once: each ticks every five seconds."""
    found: list[float] = []

    for _ in range(TABS):
        found += traced(browser, site, TICKING_MS).ticks()

    show(f"tick, of {len(found)}", found)


def print_requests(browser: Browser, site: str, counted: Path) -> None:
    counted.write_text("")
    context = browser.new_context()
    page = context.new_page()
    page.goto(site)
    page.wait_for_timeout(1000)
    say_requests("one page view", counted)
    page.wait_for_timeout(IDLE_MS)
    say_requests(f"{IDLE_MS // 1000} s idle", counted)
    page.goto("about:blank")
    page.wait_for_timeout(1000)
    say_requests("left", counted)
    context.close()


def say_requests(when: str, counted: Path) -> None:
    found = Counter(counted.read_text().split())
    counted.write_text("")
    print(f"{when:<26}{found['post']:>3} POST, {found['beacon']} beacon")


def load(browser: Browser, site: str) -> traces.Load:
    return traced(browser, site, 2000).load()


def traced(browser: Browser, site: str, wait: int) -> traces.Trace:
    context = browser.new_context()
    page = context.new_page()
    browser.start_tracing(page=page, categories=traces.CATEGORIES)
    page.goto(site)
    page.wait_for_timeout(wait)
    written = browser.stop_tracing()
    context.close()

    return traces.Trace(written, site)


def show(name: str, figures: Sequence[float]) -> None:
    print(
        f"{name:<26}{statistics.median(figures):8.2f}"
        f"   ({min(figures):.2f} to {max(figures):.2f})"
    )


@contextmanager
def serve(name: str, folder: str) -> Iterator[str]:
    """Serve a function of sites.py; gives the address of its home page."""
    port = free_port()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}"),
            *("--threads", "4", "--no-control-socket", "--log-level", "error"),
            f"sites:{name}()",
        ],
        cwd=HERE,
        env={
            **os.environ,
            "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent}",
            "DATABASE_URL": f"sqlite:///{folder}/{name}.db",
            "SECRET_KEY": "of the benchmark",
            "COUNTED": f"{folder}/counted",
        },
    )

    try:
        wait_until_it_serves(port, process)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))

        return int(probe.getsockname()[1])


def wait_until_it_serves(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

        try:
            connection.request("HEAD", "/")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()

    raise SystemExit("The example site ended before it served.")


if __name__ == "__main__":
    main()
