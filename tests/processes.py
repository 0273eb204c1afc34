"""Real processes for tests: each ends with the test run, however that ends."""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
# Long enough for a busy machine: only a test that fails waits so long.
PATIENCE = 120.0


class Ports:
    """Gives each port once, and none that another test process is given.

    Between the moment a port is found free and the moment somebody listens on it, or
    while the server on it is stopped, another test could take it. So a process claims
    a range of ports, under a name that the kernel frees when the process ends.
    """

    RANGE = 50

    def __init__(self) -> None:
        self._left: Iterator[int] = iter(())

    def take(self) -> int:
        """A free loopback port, below those that the kernel gives to clients."""
        while True:
            for port in self._left:
                if is_free(port):
                    return port

            self._left = iter(self._claim())

    def _claim(self) -> range:
        starts = [*range(15000, 32000, self.RANGE)]
        random.SystemRandom().shuffle(starts)

        for start in starts:
            claim = socket.socket(socket.AF_UNIX)

            try:
                claim.bind(f"\0flask-unt-ports-{start}")
            except OSError:
                claim.close()
                continue

            # It stays open for as long as this process runs.
            claim.detach()

            return range(start, start + self.RANGE)

        raise RuntimeError("No free ports between 15000 and 32000.")


PORTS = Ports()


def free_port() -> int:
    """A loopback port on which nothing listens, and on which no other test will."""
    return PORTS.take()


def is_free(port: int) -> bool:
    """Whether somebody could listen on the loopback port."""
    with socket.socket() as candidate:
        try:
            candidate.bind(("127.0.0.1", port))
        except OSError:
            return False

    return True


def answers(port: int) -> bool:
    """Whether something listens on the loopback port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False

    return True


def command_path(name: str, *folders: str) -> str:
    """Where a program is; a missing one fails the test, it never skips it."""
    search = os.pathsep.join([*folders, os.environ.get("PATH", ""), "/usr/sbin"])
    found = shutil.which(name, path=search)

    if found is None:
        raise RuntimeError(f"{name} is not installed. Run scripts/setup-services.")

    return found


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without what would configure a site."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "REDIS_URL", "RQ_REDIS_URL", "SECRET_KEY"}
        and not name.startswith(("UNT_", "FLASK_", "PYTEST_", "COV_"))
    }
    kept["PYTHONPATH"] = str(REPOSITORY)
    kept["PYTHONUNBUFFERED"] = "1"
    kept["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"

    return {**kept, **(extra or {})}


def die_with_parent() -> None:
    """Have the kernel end this process when the one that started it ends."""
    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def process_tree(pid: int) -> list[int]:
    """The process and all that descend from it, whatever group they are in."""
    found = [pid]

    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += [int(child) for child in children.read_text().split()]

    return found


def signal_tree(pid: int, number: int) -> list[int]:
    """Signal the process and all that descend from it; which those were."""
    members = process_tree(pid)

    for member in members:
        with contextlib.suppress(ProcessLookupError):
            os.kill(member, number)

    return members


def is_running(pid: int) -> bool:
    """Whether it still runs; what ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False

    return state not in "ZX"


class Process:
    """A program that runs beside the test.

    ``log()`` is what it printed; ``code`` its exit code or None while it runs. It is
    sent SIGKILL by the kernel when the process that started it ends.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | str = REPOSITORY,
        user: str | None = None,
        stop_signal: int = signal.SIGTERM,
    ) -> None:
        self.command = list(command)
        self.log_path = log
        self.environment = dict(environment or {})
        self.folder = folder
        self.user = user
        self.stop_signal = stop_signal
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self) -> Process:
        """Start it (again); its output is added to the same log."""
        if self._popen is not None and self._popen.poll() is None:
            raise RuntimeError(f"{self.command[0]} runs already.")

        command = [command_path("setpriv"), "--pdeathsig", "KILL"]

        if self.user is not None:
            command += ["--reuid", self.user, "--regid", self.user, "--init-groups"]

        with self.log_path.open("ab") as log:
            self._popen = subprocess.Popen(
                [*command, *self.command],
                cwd=self.folder,
                env=clean_environment(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

        return self

    @property
    def pid(self) -> int:
        if self._popen is None:
            raise RuntimeError(f"{self.command[0]} was not started.")

        return self._popen.pid

    @property
    def code(self) -> int | None:
        return None if self._popen is None else self._popen.poll()

    def log(self) -> str:
        if not self.log_path.exists():
            return ""

        return self.log_path.read_text(errors="replace")

    def wait_until(self, ready: Callable[[], bool], patience: float = PATIENCE) -> None:
        """Wait for the condition; fail with the log when the process ends first."""
        end = time.monotonic() + patience

        while True:
            # Looked at first: what ends as the condition comes true has met it.
            code = self.code
            late = time.monotonic() > end

            if ready():
                return

            if code is not None or late:
                state = "too slow" if code is None else f"ended with {code}"
                raise RuntimeError(f"{self.command}: {state}.\n{self.log()[-4000:]}")

            time.sleep(0.03)

    def wait(self, patience: float = PATIENCE) -> int:
        """Wait for its end and return the exit code."""
        if self._popen is None:
            raise RuntimeError(f"{self.command[0]} was not started.")

        return self._popen.wait(patience)

    def stop(self, patience: float = 30.0) -> int | None:
        """End it politely, then by SIGKILL when too slow; return the exit code."""
        if self._popen is None:
            return None

        if self.code is None:
            self.thaw()
            self._popen.send_signal(self.stop_signal)

            try:
                self._popen.wait(patience)
            except subprocess.TimeoutExpired:
                self.kill()

        return self._popen.returncode

    def kill(self) -> None:
        """SIGKILL to it and to all the processes it made (as ``kill -9``)."""
        if self._popen is None or self.code is not None:
            return

        members = signal_tree(self.pid, signal.SIGKILL)
        self._popen.wait(PATIENCE)
        end = time.monotonic() + PATIENCE

        # A server's orphans may hold its shared memory for a moment.
        while any(map(is_running, members)) and time.monotonic() < end:
            time.sleep(0.01)

    def kill_only(self) -> None:
        """SIGKILL to this one process; its children are left to themselves."""
        if self._popen is None or self.code is not None:
            return

        self._popen.kill()
        self._popen.wait(PATIENCE)

    def freeze(self) -> None:
        """SIGSTOP: it neither answers nor ends, its connections stay open."""
        signal_tree(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        signal_tree(self.pid, signal.SIGCONT)
