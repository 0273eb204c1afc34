"""Run the example site with demo data until Ctrl-C (see ``make demo``).

Standard output gets two lines, once the site serves: ``site: …`` and ``dashboard: …``.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
FLASK = [sys.executable, "-m", "flask", "--app", "example_app"]
POLITE_SECONDS = 12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=5000)
    port = parser.parse_args().port
    os.chdir(REPOSITORY)
    signal.signal(signal.SIGTERM, stop)

    try:
        sys.exit(run(port))
    except KeyboardInterrupt:
        sys.exit(130)


def stop(number: int, frame: object) -> None:
    sys.exit(128 + number)


def run(port: int) -> int:
    """Set up, serve, and return the exit code of the first process that ends."""
    if is_taken(port):
        say(f"Port {port} is in use. Choose another: make demo PORT={port + 1}")
        return 1

    set_up(port)
    started = [start("run", "--port", str(port))]

    try:
        if os.environ.get("REDIS_URL"):
            started.append(start("unt-worker"))

        wait_until_it_serves(port, started[0])
        announce(port)

        return wait_for_any(started)
    finally:
        end(started)


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True

    return False


def set_up(port: int) -> None:
    """Make the tables, and the demo data where there is no view yet."""
    ask("unt", "init-db")
    status = json.loads(ask("unt", "status", "--json", may_fail=True))

    if not status["database"]["views"]:
        say("Making some weeks of demo data, once…")
        ask("unt", "demo-data", "--host", f"127.0.0.1:{port}")


def announce(port: int) -> None:
    site = f"http://127.0.0.1:{port}/"
    link = ask("unt", "login-link", "--site", site).split()[-1]
    print(f"site: {site}")
    print(f"dashboard: {link}", flush=True)
    say("The link is valid for 10 minutes; `make demo` prints a new one. Ctrl-C ends.")


def ask(*command: str, may_fail: bool = False) -> str:
    """What a flask command prints; the demo ends with its message if it fails."""
    done = subprocess.run([*FLASK, *command], stdout=subprocess.PIPE, text=True)

    if done.returncode and not may_fail:
        say(f"`flask {' '.join(command)}` failed.")
        sys.exit(done.returncode)

    return done.stdout


def start(*command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*FLASK, *command], stdin=subprocess.DEVNULL, stdout=sys.stderr
    )


def wait_until_it_serves(port: int, site: subprocess.Popen[bytes]) -> None:
    while not serves(port):
        if site.poll() is not None:
            say("The site ended before it served.")
            sys.exit(site.returncode or 1)

        time.sleep(0.05)


def serves(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    try:
        connection.request("HEAD", "/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def wait_for_any(started: Sequence[subprocess.Popen[bytes]]) -> int:
    while True:
        for process in started:
            if process.poll() is not None:
                say(f"`{' '.join(process.args[4:])}` ended by itself.")  # type: ignore
                return process.returncode or 1

        time.sleep(0.2)


def end(started: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in started:
        process.terminate()

    limit = time.monotonic() + POLITE_SECONDS

    for process in started:
        try:
            process.wait(max(limit - time.monotonic(), 0.1))
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            process.kill()
            process.wait()


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
