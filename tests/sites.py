"""A Flask site as its own process, served the way an owner would serve it."""

from __future__ import annotations

import http.client
import sys
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path

from processes import Process
from processes import free_port


class Site:
    """A running site: ``url``, ``port``, ``process``, ``log()``.

    ``stop()``, ``kill()``, ``freeze()`` and ``thaw()`` as for a process; ``start()``
    starts it again on the same port.
    """

    def __init__(
        self,
        app: str,
        folder: Path,
        *,
        server: str = "gunicorn",
        workers: int = 1,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        command = {"gunicorn": self.gunicorn, "werkzeug": self.werkzeug}[server]
        self.process = Process(
            [sys.executable, "-m", *command(app, workers), *arguments],
            folder / "site.log",
            environment=environment,
            folder=folder,
        )

    def gunicorn(self, app: str, workers: int) -> list[str]:
        return [
            *("gunicorn", "--bind", f"127.0.0.1:{self.port}"),
            *("--workers", str(workers), "--no-control-socket", app),
        ]

    def werkzeug(self, app: str, workers: int) -> list[str]:
        return ["flask", "--app", app, "run", "--port", str(self.port)]

    def start(self) -> Site:
        self.process.start()
        self.process.wait_until(self.ready)

        return self

    def ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

        try:
            connection.request("HEAD", "/is-it-up")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

        return True

    def log(self) -> str:
        return self.process.log()

    def stop(self) -> int | None:
        return self.process.stop()

    def kill(self) -> None:
        self.process.kill()

    def freeze(self) -> None:
        self.process.freeze()

    def thaw(self) -> None:
        self.process.thaw()
