"""The whole set as real processes: web servers, workers, Redis and a database."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import processes
import redis
import servers
from processes import Process

from faults.clients import PATIENCE
from faults.clients import post
from faults.clients import until
from faults.door import Door
from flask_unt.store import Store

STREAM = "{unt}:stream"
GUNICORN = {
    "sync": ["--workers", "2"],
    "preload": ["--workers", "2", "--preload"],
    "gthread": ["--worker-class", "gthread", "--workers", "2", "--threads", "4"],
    "gevent": ["--worker-class", "gevent", "--workers", "2"],
}
# Where a test counts what is in Redis: nothing takes the other path on a busy machine.
PATIENT = {"REDIS_SECONDS": "60"}
ENVIRONMENT = {
    "PYTHONPATH": f"{processes.REPOSITORY}:{processes.REPOSITORY / 'tests'}",
    "PYTHONWARNINGS": "ignore",
}


class Stage:
    """Servers with a door in front of each, sites and workers that use the doors.

    Redis writes each entry to the disk before it answers, as with ``everysec`` a busy
    disk may cost the last two seconds when it is killed. Use it in a ``with`` block.
    """

    def __init__(
        self, folder: Path, database: str = "postgresql", **redis_options: str
    ) -> None:
        self.folder = folder
        self.backend = database
        self.sites: list[Site] = []
        self.workers: list[Worker] = []
        self._numbers = itertools.count()
        options = {"appendonly": "yes", "appendfsync": "always", **redis_options}
        self.redis = servers.RedisServer(**options)
        self.redis.start()
        self.redis_door = Door(self.redis.port).start()
        self.database: Any = None
        self.database_door: Door | None = None
        self.url = self._start_database()
        self.environment = {
            **ENVIRONMENT,
            "DATABASE": self._through_door(),
            "REDIS": f"redis://127.0.0.1:{self.redis_door.port}/0",
        }

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *error: object) -> None:
        for process in [*self.sites, *self.workers]:
            process.process.kill()

        for door in (self.redis_door, self.database_door):
            if door is not None:
                door.stop()

        self.redis.remove()

        if self.database is not None:
            self.database.remove()

    def serve(self, style: str = "sync", **environment: str) -> Site:
        """Start a web server and return it once it answers."""
        site = Site(self, style, environment)
        self.sites.append(site)
        site.start()

        return site

    def work(self, **environment: str) -> Worker:
        """Start a worker; it may take a moment until it works."""
        worker = Worker(self, environment)
        self.workers.append(worker)
        worker.start()

        return worker

    def client(self, **options: Any) -> redis.Redis:
        """A client of Redis itself, not through the door."""
        return redis.Redis(
            port=self.redis.port, socket_timeout=30, protocol=2, **options
        )

    def waiting(self) -> int:
        with self.client() as client:
            return int(client.xlen(STREAM))

    def settle(self, patience: float = PATIENCE) -> None:
        """Wait until the stream is empty, then end everybody politely."""
        until(lambda: self.waiting() == 0, "an empty stream", patience)

        for worker in self.workers:
            worker.process.stop()

        for site in self.sites:
            site.process.stop()

        until(lambda: self.waiting() == 0, "a stream that stays empty", 5)
        drain_inbox(self.url)

    def prepare(self) -> None:
        """Make the tables, so that a fault meets a site that works."""
        store = Store(self.url)
        store.prepare()
        store.dispose()

    def new_log(self, name: str) -> Path:
        return self.folder / f"{name}{next(self._numbers)}.log"

    def logs(self) -> str:
        """All that web servers and workers printed."""
        logs = {each.process.log_path for each in [*self.sites, *self.workers]}

        return "".join(path.read_text(errors="replace") for path in sorted(logs))

    def _start_database(self) -> str:
        if self.backend == "sqlite":
            return f"sqlite:///{self.folder / 'unt.db'}"

        kinds = {
            "postgresql": servers.PostgresServer,
            "mariadb": servers.MariadbServer,
        }
        self.database = kinds[self.backend]()
        self.database.start()
        self.database_door = Door(self.database.port).start()

        return str(self.database.fresh_database())

    def _through_door(self) -> str:
        if self.database_door is None:
            return self.url

        return self.url.replace(
            f":{self.database.port}/", f":{self.database_door.port}/"
        )


def drain_inbox(url: str) -> None:
    """As whoever reads would, where no worker did."""
    store = Store(url)
    store.inbox.drain(time.time_ns() // 1_000_000)
    store.dispose()


class Site:
    """gunicorn in one of several styles, or uWSGI; ``process`` is its master."""

    def __init__(
        self, stage: Stage, style: str, environment: Mapping[str, str]
    ) -> None:
        self.port = processes.free_port()
        self.process = Process(
            self._uwsgi() if style == "uwsgi" else self._gunicorn(style),
            stage.new_log("site"),
            environment={**stage.environment, **environment},
            folder=stage.folder,
        )

    def start(self) -> None:
        """Start it (again) and wait until it answers."""
        self.process.start()
        self.process.wait_until(self._answers, PATIENCE)

    def _gunicorn(self, style: str) -> list[str]:
        return [
            *(sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{self.port}"),
            *("--no-control-socket", *GUNICORN[style], "faults.app:app"),
        ]

    def _uwsgi(self) -> list[str]:
        """Without threads, and the app is loaded before the processes fork."""
        return [
            *(processes.command_path("uwsgi", str(Path(sys.executable).parent)),),
            *("--http-socket", f"127.0.0.1:{self.port}", "--master", "--need-app"),
            *("--processes", "2", "--die-on-term", "--disable-logging"),
            *("--virtualenv", sys.prefix, "--module", "faults.app:app"),
        ]

    def children(self) -> Sequence[int]:
        return processes.process_tree(self.process.pid)[1:]

    def _answers(self) -> bool:
        return post(self.port, [])[0] != 0


class Worker:
    """``flask unt-worker``, with less patience where it is given."""

    def __init__(self, stage: Stage, environment: Mapping[str, str]) -> None:
        self._stage = stage
        self._environment = dict(environment)
        self._log = stage.new_log("worker")
        self.process = self._made()

    def start(self, **once: str) -> None:
        """Start it (again); ``once`` is its environment for this one life."""
        self.process = self._made(once)
        self.process.start()

    def wait_ready(self) -> None:
        """Wait until it has said so in its first life."""
        self.process.wait_until(
            lambda: "The worker is ready." in self.process.log(), PATIENCE
        )

    def _made(self, once: Mapping[str, str] | None = None) -> Process:
        environment = {**self._stage.environment, **self._environment, **(once or {})}
        usual = ["-m", "flask", "--app", "faults.app", "unt-worker"]
        impatient = ["-m", "faults.worker"]
        patient = environment.get("CLAIM_IDLE_MS") == "60000"

        return Process(
            [sys.executable, *(usual if patient else impatient)],
            self._log,
            environment=environment,
            folder=self._stage.folder,
        )
