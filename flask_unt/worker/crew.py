"""Several workers: child processes that live and die with this one."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time

from .health import Pulse
from .stopping import SECONDS_TO_FINISH
from .stopping import Stopping

PARENT = "UNT_WORKER_PARENT"
PR_SET_PDEATHSIG = 1
RESTART_SECONDS = 1.0

log = logging.getLogger("flask_unt")


class Crew:
    """Runs this process's own command once for each worker."""

    def __init__(self, workers: int, stopping: Stopping, pulse: Pulse) -> None:
        self._workers = workers
        self._pulse = pulse
        self._stopping = stopping

    def run(self) -> int:
        """Keep all workers running; end when all have ended by themselves."""
        crew = [_start() for _ in range(self._workers)]

        while not self._stopping.wait(0.2):
            crew = [self._look_after(child) for child in crew]
            self._pulse.beat()

            if all(child.returncode == 0 for child in crew):
                return 0

        return _stop(crew)

    def _look_after(self, child: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
        if child.poll() in (None, 0):
            return child

        log.error("A worker ended with %s: starting another.", child.returncode)
        self._stopping.wait(RESTART_SECONDS)

        return _start()


def die_with_parent(parent: int) -> None:
    """Have this process killed when its parent ends, whatever ends it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)

    os.kill(os.getpid(), signal.SIGKILL)


def _start() -> subprocess.Popen[bytes]:
    command = [sys.executable, *sys.orig_argv[1:]]

    return subprocess.Popen(command, env={**os.environ, PARENT: str(os.getpid())})


def _stop(crew: list[subprocess.Popen[bytes]]) -> int:
    end = time.monotonic() + SECONDS_TO_FINISH - 0.5

    for child in crew:
        child.terminate()

    for child in crew:
        try:
            child.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()

    return 0
