"""One server of a kind for all the processes of a test run.

The first process that needs one starts this file as a program: it keeps the server
until the test run has ended, and then takes the data folder away with it.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path

import servers
from processes import PATIENCE
from processes import clean_environment

KINDS = {
    "redis": servers.RedisServer,
    "postgresql": servers.PostgresServer,
    "mariadb": servers.MariadbServer,
}


def shared_server(kind: str, folder: Path, run: int) -> servers.Server:
    """The server of the test run with the process id ``run``, started if need be."""
    details = folder / f"{kind}.json"

    with (folder / f"{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        if not details.exists():
            start_keeper(kind, details, run)

    return KINDS[kind].attach(**json.loads(details.read_text()))


def start_keeper(kind: str, details: Path, run: int) -> None:
    log = details.with_suffix(".log")

    with log.open("wb") as output:
        keeper = subprocess.Popen(
            [sys.executable, __file__, kind, str(details), str(run)],
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    end = time.monotonic() + PATIENCE

    while not details.exists():
        if keeper.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{kind} does not start.\n{log.read_text()}")

        time.sleep(0.03)

    # It outlives this process on purpose: other processes of the run use it too.
    keeper.returncode = 0


def keep(kind: str, details: Path, run: int) -> None:
    watched = os.pidfd_open(run)
    server = KINDS[kind]()

    try:
        server.start()
        written = details.with_suffix(".new")
        written.write_text(
            json.dumps({"folder": str(server.folder), "port": server.port})
        )
        written.rename(details)
        select.select([watched], [], [])
    finally:
        server.remove()


if __name__ == "__main__":
    keep(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
