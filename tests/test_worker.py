"""``flask unt-worker`` as a process of its own, stopped, killed and frozen."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import entries
import processes
import pytest
import redis

from flask_unt.errors import VisitorForgotten
from flask_unt.store import Store
from flask_unt.stream import Stream
from flask_unt.worker.stopping import SECONDS_TO_FINISH

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
# Other values than the worker's own 15 and 9 seconds are for tests only.
IMPATIENT = """
import sys

from app import app
from flask_unt.worker import run
from impatience import lose_patience

lose_patience(1500, seconds_to_finish=3)
sys.exit(run(app.extensions["unt"], claim_idle_ms=1500))
"""
LONG = pytest.mark.long
pytestmark = pytest.mark.timeout(600)
# What keeps a worker in the middle of a batch.
LOCKS = {
    "sqlite": "BEGIN IMMEDIATE",
    "postgresql": "LOCK TABLE unt_visitor IN ACCESS EXCLUSIVE MODE",
    "mysql": "LOCK TABLES unt_visitor WRITE",
}

PATH = f"{processes.REPOSITORY}:{processes.REPOSITORY / 'tests'}"

Start = Callable[..., processes.Process]


@pytest.fixture
def start(tmp_path: Path, spawn: Start, database_url: str, redis_url: str) -> Start:
    """start(*arguments, redis=…, database=…, impatient=False, **environment)"""
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "impatient.py").write_text(IMPATIENT)

    def begin(
        *arguments: str,
        redis: str = redis_url,
        database: str = database_url,
        impatient: bool = False,
        **environment: str,
    ) -> processes.Process:
        usual = ["-m", "flask", "--app", str(tmp_path / "app.py"), "unt-worker"]
        command = [str(tmp_path / "impatient.py")] if impatient else usual

        return spawn(
            [sys.executable, *command, *arguments],
            environment={
                "DATABASE": database,
                "REDIS": redis,
                "PYTHONPATH": PATH,
                **environment,
            },
        )

    return begin


@pytest.fixture
def stream(redis_url: str) -> Stream:
    return Stream(redis_url, queue="unt", max_backlog=100_000)


@pytest.fixture
def rows(database_url: str) -> entries.Rows:
    return entries.Rows(database_url)


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def ready(worker: processes.Process, times: int = 1) -> None:
    worker.wait_until(lambda: worker.log().count("The worker is ready.") >= times)


def drained(worker: processes.Process, stream: Stream) -> None:
    worker.wait_until(lambda: stream.waiting() == 0)


def test_one_that_is_stopped_while_it_starts_ends_well(
    tmp_path: Path, spawn: Start
) -> None:
    """A site may take long to be imported: nothing was begun, nothing is to finish."""
    slow = "import time\n\nimport flask_unt\n\nprint('importing')\ntime.sleep(600)\n"
    (tmp_path / "slow.py").write_text(slow)
    flask = [sys.executable, "-m", "flask", "--app", str(tmp_path / "slow.py")]
    worker = spawn([*flask, "unt-worker"])
    worker.wait_until(lambda: "importing" in worker.log())

    assert worker.stop() == 0


def test_views_are_in_the_database_a_moment_later(
    start: Start, stream: Stream, rows: entries.Rows
) -> None:
    worker = start()
    ready(worker)

    for _ in range(20):
        stream.add(entries.data())

    drained(worker, stream)

    assert rows.views() == 20
    assert len(stream.status(0).workers) == 1


@on_sqlite
def test_a_view_does_not_wait_for_the_next_second(
    start: Start, stream: Stream, rows: entries.Rows
) -> None:
    worker = start()
    ready(worker)
    seconds: list[float] = []

    # A busy machine may take a second for some of them.
    while sum(took < 1 for took in seconds) < 3:
        time.sleep(1.5)
        started = time.perf_counter()
        stream.add(entries.data())

        while stream.waiting():
            time.sleep(0.001)

        seconds.append(time.perf_counter() - started)

        assert len(seconds) < 8, seconds


@on_sqlite
def test_nothing_of_a_view_is_in_the_log(start: Start, stream: Stream) -> None:
    worker = start()
    stream.add(entries.data(entries.view(title="confidential")))
    stream.add(entries.data(entries.view(title="confidential", width=2**70)))
    drained(worker, stream)
    worker.stop()

    assert "confidential" not in worker.log()
    assert "shop.example" not in worker.log()
    assert entries.VISITOR not in worker.log()
    assert len(worker.log().splitlines()) == 2, worker.log()


@on_sqlite
def test_a_stopped_worker_finishes_and_leaves_no_trace(
    start: Start, stream: Stream, redis_url: str
) -> None:
    worker = start()
    ready(worker)
    stream.add(entries.data())

    assert worker.stop() == 0
    assert "not finished in time" not in worker.log()
    assert stream.status(0).workers == ()

    with redis.Redis.from_url(redis_url) as client:
        assert client.smembers("rq:workers") == set()
        assert client.xinfo_consumers("{unt}:stream", "unt") == []


@on_sqlite
def test_ctrl_c_stops_it_too(start: Start) -> None:
    worker = start()
    ready(worker)
    os.kill(worker.pid, signal.SIGINT)

    assert worker.wait() == 0


@on_postgresql
def test_a_stop_is_heard_while_the_database_is_frozen(
    start: Start, stream: Stream, own_postgres: Callable[..., Any]
) -> None:
    """Ten seconds are what most give a process that they stop."""
    server = own_postgres()
    worker = start(database=server.fresh_database(), impatient=True)
    ready(worker)
    server.freeze()
    stream.add(entries.data())
    worker.wait_until(lambda: stream.leased("drain"))
    time.sleep(1)

    assert worker.stop(patience=60) == 0
    assert stream.waiting() == 1
    assert SECONDS_TO_FINISH < 10

    server.thaw()


@pytest.mark.fault
@on_sqlite
@pytest.mark.parametrize(
    ("failpoint", "stored", "waiting"),
    [("before-commit", 0, 30), ("after-acknowledge", 30, 0)],
)
def test_a_worker_killed_at_any_point_loses_nothing(
    start: Start,
    stream: Stream,
    rows: entries.Rows,
    failpoint: str,
    stored: int,
    waiting: int,
) -> None:
    kill_at(failpoint, start, stream)

    assert (rows.views(), stream.waiting()) == (stored, waiting)

    go_on(start, stream)
    assert_exactly(30, rows, stream)


@pytest.mark.fault
def test_a_worker_killed_before_it_acknowledges_writes_nothing_twice(
    start: Start, stream: Stream, rows: entries.Rows
) -> None:
    kill_at("after-commit", start, stream)

    assert (rows.views(), stream.waiting()) == (30, 30)

    go_on(start, stream)
    assert_exactly(30, rows, stream)


def kill_at(failpoint: str, start: Start, stream: Stream) -> None:
    for _ in range(30):
        stream.add(entries.data())

    worker = start(impatient=True, UNT_FAILPOINT=failpoint)

    assert worker.wait() == -signal.SIGKILL


def go_on(start: Start, stream: Stream) -> None:
    another = start(impatient=True)
    ready(another)
    drained(another, stream)

    assert another.stop() == 0


def assert_exactly(views: int, rows: entries.Rows, stream: Stream) -> None:
    assert rows.views() == views
    assert rows.number("SELECT count(DISTINCT id) FROM unt_page_view") == views
    assert rows.set_aside() == []
    assert (stream.waiting(), stream.status(0).pending) == (0, 0)


@pytest.mark.fault
@pytest.mark.slow
@on_sqlite
def test_an_entry_that_ends_every_worker_is_set_aside_and_its_neighbours_are_stored(
    start: Start, stream: Stream, rows: entries.Rows
) -> None:
    for number in range(500):
        title = "deadly" if number == 321 else "A page"
        stream.add(entries.data(entries.view(title=title)))

    deaths = 0

    while stream.waiting():
        worker = start(impatient=True, UNT_FATAL_ENTRY="deadly")
        worker.wait_until(lambda w=worker: w.code is not None or not stream.waiting())
        deaths += worker.stop() == -signal.SIGKILL

        assert deaths < 10

    assert rows.views() == 499
    assert rows.set_aside() == ["It ended its worker every time it was tried."]
    assert "deadly" in rows.payloads()[0]
    assert 2 < deaths < 7


@pytest.mark.fault
@pytest.mark.slow
@on_sqlite
def test_workers_that_something_else_ends_cost_no_entry(
    start: Start, stream: Stream, rows: entries.Rows
) -> None:
    for _ in range(30):
        stream.add(entries.data())

    for _ in range(5):
        worker = start(impatient=True, UNT_FAILPOINT="before-commit")

        assert worker.wait() == -signal.SIGKILL

    go_on(start, stream)
    assert_exactly(30, rows, stream)


@pytest.mark.fault
@pytest.mark.parametrize(
    "database_url",
    [
        "postgresql",
        pytest.param("sqlite", marks=LONG),
        pytest.param("mariadb", marks=LONG),
    ],
    indirect=True,
)
def test_a_worker_frozen_and_woken_again_writes_nothing_twice(
    start: Start, stream: Stream, rows: entries.Rows
) -> None:
    """In the middle of a batch; another takes its entries meanwhile."""
    frozen = start(impatient=True)
    ready(frozen)

    with rows.connection() as connection:
        connection.exec_driver_sql(LOCKS[connection.dialect.name])

        for _ in range(2000):
            stream.add(entries.data())

        frozen.wait_until(lambda: stream.status(0).pending > 0)
        frozen.freeze()

    another = start(impatient=True)
    another.wait_until(lambda: not stream.waiting() or holds(another, stream))
    frozen.thaw()

    for _ in range(50):
        stream.add(entries.data())

    drained(another, stream)

    assert frozen.stop() == 0
    assert another.stop() == 0

    assert_exactly(2050, rows, stream)


def holds(worker: processes.Process, stream: Stream) -> bool:
    """Whether entries were handed to this worker and are not acknowledged."""
    with stream.connection() as client:
        return any(
            consumer["pending"] and f":{worker.pid}:".encode() in consumer["name"]
            for consumer in client.xinfo_consumers(stream.key, "unt")
        )


@on_sqlite
def test_burst_ends_when_nothing_waits(
    start: Start, stream: Stream, rows: entries.Rows
) -> None:
    for _ in range(1200):
        stream.add(entries.data())

    stream.add(entries.newer())

    assert start("--burst").wait() == 0
    assert rows.views() == 1200
    assert stream.waiting() == 1


@on_sqlite
def test_burst_waits_for_what_a_dead_worker_held(
    start: Start, stream: Stream, rows: entries.Rows
) -> None:
    stream.add(entries.data())
    ids = [waiting.id for waiting in stream.read("dead", 10, 0)]
    worker = start("--burst")
    time.sleep(2)

    assert worker.code is None

    stream.release("dead", ids)

    assert worker.wait() == 0
    assert rows.views() == 1


@on_sqlite
def test_it_waits_for_a_redis_that_is_not_there_yet(
    start: Start, own_redis: Callable[..., Any], rows: entries.Rows
) -> None:
    server = own_redis()
    server.stop()
    worker = start(redis=server.url())
    worker.wait_until(lambda: "The worker waits" in worker.log())
    time.sleep(1)
    server.start()
    ready(worker)
    stream = Stream(server.url(), queue="unt", max_backlog=100)
    stream.add(entries.data())
    drained(worker, stream)

    assert rows.views() == 1
    assert worker.log().count("The worker waits") == 1
    assert worker.log().count("The worker goes on.") == 1
    assert worker.stop() == 0


@on_sqlite
def test_it_comes_back_when_redis_does(
    start: Start, own_redis: Callable[..., Any], rows: entries.Rows
) -> None:
    server = own_redis(appendonly="yes", appendfsync="always")
    worker = start(redis=server.url())
    ready(worker)
    stream = Stream(server.url(), queue="unt", max_backlog=100)
    stream.add(entries.data())
    server.kill()
    time.sleep(1)
    server.start()
    ready(worker, times=2)
    time.sleep(2)
    stream.add(entries.data())
    drained(worker, stream)

    assert rows.views() == 2
    assert worker.stop() == 0
    assert "Traceback" not in worker.log()


@on_postgresql
def test_it_waits_for_a_database_that_is_not_there_yet(
    start: Start, stream: Stream, own_postgres: Callable[..., Any]
) -> None:
    server = own_postgres()
    url = server.fresh_database()
    server.stop()
    stream.add(entries.data())
    worker = start(database=url)
    worker.wait_until(lambda: "The worker waits" in worker.log())
    server.start()
    drained(worker, stream)

    assert entries.Rows(url).views() == 1
    assert worker.log().count("The worker waits") == 1
    assert worker.stop() == 0


@on_sqlite
def test_a_stop_is_heard_while_it_waits(start: Start, free_port: int) -> None:
    worker = start(redis=f"redis://127.0.0.1:{free_port}/0")
    worker.wait_until(lambda: "The worker waits" in worker.log())
    os.kill(worker.pid, signal.SIGTERM)

    assert worker.wait() == 0


@on_sqlite
def test_a_queue_of_another_site_is_left_alone(start: Start, stream: Stream) -> None:
    stream.add(entries.data(), site="another")
    worker = start()
    worker.wait_until(lambda: "belongs to another site" in worker.log())
    time.sleep(1)

    assert stream.waiting() == 1
    assert not stream.leased("drain")
    assert worker.log().count("belongs to another site") == 1


@on_sqlite
def test_several_workers_live_and_die_with_their_parent(
    start: Start, stream: Stream, rows: entries.Rows
) -> None:
    parent = start("--workers", "3")
    parent.wait_until(lambda: len(stream.status(0).workers) == 3)
    children = processes.process_tree(parent.pid)[1:]

    assert len(children) == 3

    stream.add(entries.data())
    drained(parent, stream)
    parent.kill_only()
    deadline = time.monotonic() + processes.PATIENCE

    while any(map(processes.is_running, children)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@on_sqlite
def test_several_workers_stop_and_one_that_dies_is_replaced(
    start: Start, stream: Stream
) -> None:
    parent = start("--workers", "2")
    parent.wait_until(lambda: len(stream.status(0).workers) == 2)
    killed = processes.process_tree(parent.pid)[1]
    os.kill(killed, signal.SIGKILL)
    parent.wait_until(lambda: len(live_children(parent, stream) - {killed}) == 2)

    assert parent.stop() == 0


def live_children(parent: processes.Process, stream: Stream) -> set[int]:
    """The processes of a worker's that show life in Redis."""
    shown = {int(name.split(":")[1]) for name in stream.status(0).workers}

    return shown & {*processes.process_tree(parent.pid)[1:]}


@on_sqlite
def test_several_workers_drain_in_a_burst(
    start: Start, stream: Stream, rows: entries.Rows
) -> None:
    for _ in range(100):
        stream.add(entries.data())

    assert start("--workers", "2", "--burst").wait() == 0
    assert rows.views() == 100


@on_sqlite
def test_a_starting_worker_tells_redis_whom_to_refuse(
    start: Start, stream: Stream, sqlite_url: str
) -> None:
    store = Store(sqlite_url)
    store.forget_visitor(entries.VISITOR, entries.NOW)
    store.dispose()
    ready(start(database=sqlite_url))

    with pytest.raises(VisitorForgotten):
        stream.add(entries.data(), visitors=[entries.VISITOR])
