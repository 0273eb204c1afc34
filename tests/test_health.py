"""``--health-port``: what a probe and Prometheus are told, and what the log says."""

from __future__ import annotations

import json
import re
import sqlite3
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import entries
import processes
import pytest
import yaml
from tracked import close
from tracked import site
from tracked import state_of

from flask_unt.errors import ConfigError
from flask_unt.stream import Stream
from flask_unt.worker import health
from flask_unt.worker.health import HealthServer
from flask_unt.worker.health import Pulse

ROOT = Path(__file__).resolve().parent.parent
APP = """
import os

from flask import Flask

from flask_unt import UNT

app = Flask(__name__)
app.config.update(SECRET_KEY="secret", UNT_PREFIX="/k3x9")
app.config.update(UNT_DATABASE_URL=os.environ["DATABASE"])
app.config.update(UNT_REDIS_URL=os.environ["REDIS"])
UNT(app)
"""

Start = Callable[..., processes.Process]


@pytest.fixture
def start(tmp_path: Path, spawn: Start, free_port: int) -> Start:
    """start(database, redis, *arguments) runs a worker that serves its health."""
    (tmp_path / "app.py").write_text(APP)

    def begin(database: str, redis: str, *arguments: str) -> processes.Process:
        command = ["-m", "flask", "--app", str(tmp_path / "app.py"), "unt-worker"]
        port = ["--health-port", str(free_port)]

        return spawn(
            [sys.executable, *command, *port, *arguments],
            environment={"DATABASE": database, "REDIS": redis},
        )

    return begin


@pytest.fixture
def ask(free_port: int) -> Callable[..., tuple[int, str]]:
    """ask(path) gives status and text; 0 while nothing listens."""

    def get(path: str = "/health") -> tuple[int, str]:
        url = f"http://127.0.0.1:{free_port}{path}"

        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except urllib.error.URLError:
            return 0, ""

    return get


Ask = Callable[..., tuple[int, str]]


def until(worker: processes.Process, ask: Ask, status: int) -> dict[str, Any]:
    """Wait until the health is this; what is said of it."""
    worker.wait_until(lambda: ask()[0] == status)
    said: dict[str, Any] = json.loads(ask()[1])

    return said


def until_idle(worker: processes.Process, stream: Stream) -> None:
    """Wait until it has deleted what is too old, which it does as it is ready."""
    done = "successful_job_count"

    with stream.connection() as client:
        worker.wait_until(
            lambda: any(client.hget(key, done) for key in client.smembers("rq:workers"))
        )


def test_a_worker_that_works_is_healthy(
    start: Start, ask: Ask, sqlite_url: str, redis_url: str
) -> None:
    worker = start(sqlite_url, redis_url)
    stream = Stream(redis_url, queue="unt", max_backlog=100)

    assert until(worker, ask, 200) == {
        "status": "ok",
        "reasons": [],
        "waiting": 0,
        "inbox": 0,
    }

    stream.add(entries.data(), events=1)
    worker.wait_until(lambda: stream.waiting() == 0)
    status, text = ask("/metrics")

    assert status == 200
    assert 'unt_events_total{outcome="accepted"} 1.0' in text
    assert 'unt_events_total{outcome="stored"} 1.0' in text
    # A replay lowers it, and a counter never falls: it is a gauge of its own.
    assert 'outcome="set_aside"' not in text
    assert "unt_set_aside_events 0.0" in text
    assert "unt_workers 1.0" in text
    assert "unt_database_writable 1.0" in text
    assert ask("/")[0] == 404
    assert worker.stop() == 0
    assert ask()[0] == 0


def test_several_workers_have_one_health(
    start: Start, ask: Ask, sqlite_url: str, redis_url: str
) -> None:
    worker = start(sqlite_url, redis_url, "--workers", "2")
    worker.wait_until(lambda: "unt_workers 2.0" in ask("/metrics")[1])

    assert ask()[0] == 200
    assert worker.stop() == 0


@pytest.mark.fault
def test_an_outage_of_redis_is_told_and_logged_once(
    start: Start, ask: Ask, sqlite_url: str, own_redis: Callable[..., Any]
) -> None:
    server = own_redis(appendonly="yes")
    worker = start(sqlite_url, server.url())
    until(worker, ask, 200)
    until_idle(worker, Stream(server.url(), queue="unt", max_backlog=100))
    before = len(worker.log().splitlines())
    server.kill()
    said = until(worker, ask, 503)
    time.sleep(1.5)
    down = worker.log().splitlines()[before:]
    server.start()
    until(worker, ask, 200)
    worker.wait_until(lambda: worker.log().count("is ready") == 2)
    time.sleep(1.5)
    up = worker.log().splitlines()[before + len(down) :]

    assert "Redis cannot be used" in said["reasons"][0]
    assert len(down) == 1, down
    assert "Redis cannot be used" in down[0]
    assert [line.split(" ", 3)[3] for line in up] == [
        "The worker goes on.",
        "The worker is ready.",
    ]
    assert worker.stop() == 0


@pytest.mark.fault
def test_an_outage_of_the_database_is_told_and_logged_once(
    start: Start, ask: Ask, redis_url: str, own_postgres: Callable[..., Any]
) -> None:
    server = own_postgres()
    worker = start(server.fresh_database(), redis_url)
    until(worker, ask, 200)
    stream = Stream(redis_url, queue="unt", max_backlog=100)
    until_idle(worker, stream)
    before = len(worker.log().splitlines())
    server.stop()
    stream.add(entries.data())
    said = until(worker, ask, 503)
    time.sleep(1.5)
    server.start()
    until(worker, ask, 200)
    worker.wait_until(lambda: stream.waiting() == 0)
    worker.wait_until(lambda: "written to again" in worker.log())
    lines = worker.log().splitlines()[before:]

    assert "database" in said["reasons"][0]
    assert [re.sub(r"^\S+ \S+ \S+ |:.*", "", line) for line in lines] == [
        "The database cannot be written to, entries wait",
        "The database can be written to again.",
    ]
    assert worker.stop() == 0


def test_a_worker_that_hangs_is_not_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    app = site()
    pulse = Pulse()
    server = HealthServer(state_of(app), pulse, "127.0.0.1", processes.free_port())

    with server:
        never = server.health()
        pulse.beat()
        beaten = server.health()
        monkeypatch.setattr(health, "FRESH_SECONDS", 0.0)
        late = server.health()

    close(app)
    assert [answer[0] for answer in (never, beaten, late)] == [503, 200, 503]


def test_a_look_that_took_long_serves_other_probes_too(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A locked file has each look wait for seconds: probes must not pile up."""
    monkeypatch.setattr(health, "KEPT_SECONDS", 1000.0)
    app = site(sqlite_url)
    state_of(app).store.prepare()
    pulse = Pulse()
    pulse.beat()
    file = sqlite_url.removeprefix("sqlite:///")

    with (
        HealthServer(state_of(app), pulse, "127.0.0.1", processes.free_port()) as it,
        closing(sqlite3.connect(file)) as other,
    ):
        works = it.health()[0]
        other.execute("BEGIN IMMEDIATE")
        locked = it.health()[0]
        other.rollback()
        later = it.health()[0]

    close(app)
    assert (works, locked, later) == (200, 503, 503)


def test_without_the_extra_health_works_and_metrics_say_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = site()
    pulse = Pulse()
    pulse.beat()
    monkeypatch.setattr(health, "find_spec", lambda name: None)

    with HealthServer(state_of(app), pulse, "127.0.0.1", processes.free_port()) as it:
        assert it.health()[0] == 200
        status, _, body = it.metrics()

    close(app)
    assert status == 501
    assert 'pip install "flask-unt[metrics]"' in body.decode()


def test_a_port_that_is_taken_is_one_sentence(free_port: int) -> None:
    app = site()

    with (
        HealthServer(state_of(app), Pulse(), "127.0.0.1", free_port),
        pytest.raises(ConfigError, match="give --health-port another one"),
    ):
        HealthServer(state_of(app), Pulse(), "127.0.0.1", free_port)


def alert_rules() -> list[dict[str, Any]]:
    text = (ROOT / "docs" / "deployment.md").read_text()
    block = text.partition("<!-- alerts -->\n```yaml\n")[2].partition("```")[0]
    rules: list[dict[str, Any]] = yaml.safe_load(block)["groups"][0]["rules"]

    return rules


def test_the_alert_rules_ask_for_figures_that_there_are(redis_url: str) -> None:
    app = site(UNT_REDIS_URL=redis_url)
    state = state_of(app)
    state.stream.ensure_group()
    state.stream.add(b"[]")
    ids = [waiting.id for waiting in state.stream.read("a", 1, 0)]
    state.stream.acknowledge(ids, {"set_aside": 1}, entries.NOW)
    state.counts.refuse("rate")

    with HealthServer(state, Pulse(), "127.0.0.1", processes.free_port()) as server:
        text = server.metrics()[2].decode()

    close(app)
    served = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
    rules = alert_rules()

    assert len(rules) == 5

    for rule in rules:
        asked = set(re.findall(r"\bunt_\w+", rule["expr"]))
        assert asked
        assert asked <= served, rule["alert"]
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["for"]


def test_what_waits_in_the_inbox_is_told(sqlite_url: str, redis_url: str) -> None:
    """Also where it waits because it cannot be written."""
    app = site(sqlite_url, UNT_REDIS_URL=redis_url)
    store = state_of(app).store
    store.prepare()

    with store._database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE unt_page_view RENAME TO elsewhere")

    old = entries.view(time=time.time_ns() // 1_000_000 - 100_000)
    store.inbox.put(entries.data(old), [entries.VISITOR])
    port = processes.free_port()

    with HealthServer(state_of(app), Pulse(), "127.0.0.1", port) as server:
        status, _, said = server.health()
        text = server.metrics()[2].decode()

    close(app)
    assert (status, json.loads(said)["inbox"]) == (503, 1)
    assert "unt_inbox_entries 1.0" in text
    (age,) = re.findall(r"^unt_inbox_oldest_seconds (.+)", text, re.MULTILINE)
    assert float(age) >= 90


def test_every_figure_is_documented(redis_url: str) -> None:
    app = site(UNT_REDIS_URL=redis_url)
    document = (ROOT / "docs" / "deployment.md").read_text()

    with HealthServer(
        state_of(app), Pulse(), "127.0.0.1", processes.free_port()
    ) as server:
        text = server.metrics()[2].decode()

    close(app)

    for name in re.findall(r"^# TYPE (\w+)", text, re.MULTILINE):
        assert f"`{name}" in document, name
