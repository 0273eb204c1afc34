"""``--health-port``: whether this worker does its work, and figures for Prometheus."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from importlib import import_module
from importlib.util import find_spec
from types import TracebackType
from typing import Any

from ..doctor import BAD
from ..doctor import RUNNING
from ..doctor import Finding
from ..doctor import Look
from ..doctor import examine
from ..errors import ConfigError
from ..state import State

FRESH_SECONDS = 30.0
SLOW_SECONDS = 1.0
KEPT_SECONDS = 10.0
NO_METRICS = (
    "Metrics need prometheus_client, which is not installed."
    ' Run: pip install "flask-unt[metrics]"\n'
)
JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
Answer = tuple[int, str, bytes]

log = logging.getLogger("flask_unt")


class Pulse:
    """When this process last showed life."""

    def __init__(self) -> None:
        self._last: float | None = None

    def beat(self) -> None:
        """Show life."""
        self._last = time.monotonic()

    def is_fresh(self) -> bool:
        """Whether it did in the last half minute."""
        return self._last is not None and time.monotonic() - self._last < FRESH_SECONDS


class HealthServer:
    """Answers ``GET /health`` and ``GET /metrics`` in threads of its own.

    :raises ConfigError: the port is taken.
    """

    def __init__(self, state: State, pulse: Pulse, host: str, port: int) -> None:
        self._state = state
        self._pulse = pulse
        self._lock = threading.Lock()
        self._kept: Look | None = None
        self._kept_until = 0.0
        answers = {"/health": self.health, "/metrics": self.metrics}

        try:
            self._server = ThreadingHTTPServer((host, port), _handler(answers))
        except OSError as error:
            raise ConfigError(
                f"Nothing can be served on {host}:{port} ({error.strerror}): give"
                " --health-port another one."
            ) from error

        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, daemon=True, name="unt-health"
        )

    def __enter__(self) -> HealthServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def health(self) -> Answer:
        """200 if all works, else 503; with the reasons."""
        look, found = self._look()
        reasons = [finding.problem for finding in found if finding.level == BAD]

        if not self._pulse.is_fresh():
            reasons.append("The worker has shown no life for half a minute.")

        elif look.stream and not look.stream.trouble and not look.stream.workers:
            reasons.append("No worker shows life in Redis.")

        said = {
            "status": "stalled" if reasons else "ok",
            "reasons": reasons,
            "waiting": look.stream.waiting if look.stream else 0,
            "inbox": look.inbox.entries if look.inbox else None,
        }
        return 503 if reasons else 200, JSON, json.dumps(said).encode()

    def metrics(self) -> Answer:
        """The figures in Prometheus's format."""
        if find_spec("prometheus_client") is None:
            return 501, TEXT, NO_METRICS.encode()

        look, _ = self._look()
        kind, body = import_module(".metrics", __package__).render(
            look, self._pulse.is_fresh()
        )
        return 200, kind, body

    def _look(self) -> tuple[Look, tuple[Finding, ...]]:
        """A look with what is found. One that took long serves for some seconds.

        Each look tries a write, and what is locked or away has it wait.
        """
        with self._lock:
            begun = time.monotonic()

            if self._kept is None or begun >= self._kept_until:
                self._kept = Look(self._state, time.time_ns() // 1_000_000)

            found = examine(self._kept, RUNNING)
            ended = time.monotonic()

            if ended - begun >= SLOW_SECONDS:
                self._kept_until = ended + KEPT_SECONDS

            return self._kept, found


def _handler(answers: dict[str, Callable[[], Answer]]) -> Any:
    class Handler(BaseHTTPRequestHandler):
        server_version = "flask-unt"
        sys_version = ""
        timeout = 10

        def handle(self) -> None:
            # A probe that gave up is its own affair.
            with suppress(ConnectionError):
                super().handle()

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def _answer(self, *, with_body: bool) -> None:
            answer = answers.get(self.path.partition("?")[0])
            status, kind, body = answer() if answer else (404, TEXT, b"Not here.\n")
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()

            if with_body:
                self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: a probe every few seconds is no news."""

    return Handler
