"""Jobs go through a real RQ, and only one drain runs at a time."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import entries
import pytest
import redis
import tracked
from flask import Flask
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from flask_unt import jobs
from flask_unt.errors import StreamUnavailable
from flask_unt.stream import Stream


@pytest.fixture
def stream(redis_url: str) -> Stream:
    return Stream(redis_url, queue="unt", max_backlog=1000)


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def app(redis_url: str, sqlite_url: str) -> Iterator[Flask]:
    app = tracked.site(sqlite_url, UNT_REDIS_URL=redis_url)
    yield app
    tracked.state_of(app).store.dispose()


def work(app: Flask, stream: Stream, **shift: Any) -> jobs.Shift:
    """Do what is queued, the way RQ does it."""
    queue = jobs.queue(stream)
    mine = jobs.Shift("test", **{"linger": 0.0, **shift})
    token = jobs.SHIFT.set(mine)
    worker = SimpleWorker(
        [queue], connection=queue.connection, serializer=JSONSerializer
    )

    with app.app_context():
        while found := queue.dequeue_any(
            [queue], None, connection=queue.connection, serializer=JSONSerializer
        ):
            worker.execute_job(*found)

    jobs.SHIFT.reset(token)

    return mine


def test_a_drain_is_enqueued_once(stream: Stream) -> None:
    assert jobs.enqueue_drain(stream)
    assert not jobs.enqueue_drain(stream)
    assert jobs.queue(stream).count == 1


def test_a_job_carries_no_data_and_is_not_pickled(
    stream: Stream, client: redis.Redis
) -> None:
    jobs.enqueue_drain(stream)
    job = jobs.queue(stream).jobs[0]

    assert json.loads(zlib.decompress(client.hget(job.key, "data"))) == [
        "flask_unt.jobs.drain_job",
        None,
        [],
        {},
    ]
    assert (job.timeout, job.result_ttl, job.failure_ttl) == (-1, 0, 600)


def test_a_job_drains_the_apps_stream_and_leaves_nothing_behind(
    app: Flask, stream: Stream, client: redis.Redis, sqlite_url: str
) -> None:
    stream.add(entries.data())
    jobs.enqueue_drain(stream)
    shift = work(app, stream)

    assert shift.last.stored == 1
    assert entries.Rows(sqlite_url).views() == 1
    assert not stream.leased("drain")
    assert not list(client.scan_iter("rq:job:*"))
    assert jobs.enqueue_drain(stream)


def test_a_second_job_does_nothing_while_another_drains(
    app: Flask, stream: Stream
) -> None:
    stream.add(entries.data())
    jobs.enqueue_drain(stream)
    job = jobs.queue(stream).jobs[0]
    stream.drop("drain", job.id)
    stream.lease("drain", "another", 60_000)

    assert work(app, stream).last.entries == 0
    assert stream.waiting() == 1
    assert stream.leased("drain")


def test_a_job_whose_lease_expired_takes_it_again(app: Flask, stream: Stream) -> None:
    stream.add(entries.data())
    jobs.enqueue_drain(stream)
    stream.drop("drain", jobs.queue(stream).jobs[0].id)

    assert work(app, stream).last.entries == 1


def test_a_drain_that_lost_its_lease_stops(
    app: Flask, stream: Stream, client: redis.Redis
) -> None:
    """It renews every two seconds, and sees then that another took it."""
    jobs.enqueue_drain(stream)
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        client.set("{unt}:lease:drain", "another")
        return False

    work(app, stream, stop=stop, linger=20.0)

    assert 0 < len(asked) < 60
    assert client.get("{unt}:lease:drain") == b"another"


def test_without_redis_nothing_is_enqueued(free_port: int) -> None:
    stream = Stream(f"redis://127.0.0.1:{free_port}/0", queue="unt", max_backlog=1)

    with pytest.raises(StreamUnavailable):
        jobs.enqueue_drain(stream)


def test_a_redis_that_dies_during_the_drain_is_no_traceback_in_redis(
    own_redis: Callable[..., Any], sqlite_url: str
) -> None:
    server = own_redis()
    app = tracked.site(sqlite_url, UNT_REDIS_URL=server.url())
    stream = Stream(server.url(), queue="unt", max_backlog=1000)
    jobs.enqueue_drain(stream)

    def stop() -> bool:
        server.kill()
        return False

    with pytest.raises(redis.ConnectionError):
        work(app, stream, stop=stop)

    tracked.state_of(app).store.dispose()


def test_a_drain_that_fails_keeps_its_lease_for_a_moment(
    app: Flask, stream: Stream, client: redis.Redis
) -> None:
    """Or a watcher would enqueue the next one at once, and so on."""
    jobs.enqueue_drain(stream)

    def stop() -> bool:
        raise RuntimeError("secret@example.com")

    work(app, stream, stop=stop)

    assert 0 < client.pttl("{unt}:lease:drain") <= 10_000
    assert not list(client.scan_iter("rq:job:*"))


def test_old_views_are_pruned_once_a_day(
    stream: Stream, redis_url: str, sqlite_url: str
) -> None:
    app = tracked.site(sqlite_url, UNT_REDIS_URL=redis_url, UNT_RETENTION_DAYS=1)
    store = tracked.state_of(app).store
    old = entries.view(time=tracked.now() - 9 * 86_400_000)
    store.write([entries.entry(old)], tracked.now())
    store.write([entries.entry(entries.view(time=tracked.now()))], tracked.now())

    assert jobs.enqueue_prune(stream)
    assert not jobs.enqueue_prune(stream)

    work(app, stream)

    assert entries.Rows(sqlite_url).views() == 1
    assert not jobs.enqueue_prune(stream)

    store.dispose()


def test_a_prune_that_fails_is_tried_again(
    app: Flask, stream: Stream, sqlite_url: str
) -> None:
    tracked.state_of(app).store.prepare()
    entries.Rows(sqlite_url).execute("DROP TABLE unt_leave")
    jobs.enqueue_prune(stream)
    work(app, stream)

    assert jobs.enqueue_prune(stream)
