"""Adding over connections of our own: many users, servers that go and come back."""

from __future__ import annotations

import sys
import textwrap
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import redis
from processes import Process
from redis.sentinel import Sentinel

from flask_unt.errors import StreamUnavailable
from flask_unt.stream import Stream
from flask_unt.stream import connection_settings
from flask_unt.stream.address import address_of
from flask_unt.stream.address import new_client
from flask_unt.stream.link import BREAKER_SECONDS
from flask_unt.stream.link import QUICK
from flask_unt.stream.wire import FRESH_SECONDS
from flask_unt.stream.wire import IDLE_KEPT
from flask_unt.stream.wire import Wire
from flask_unt.stream.wire import bulk

OwnRedis = Callable[..., Any]
Spawn = Callable[..., Process]

PING = b"*1\r\n" + bulk(b"PING")


def make_stream(url: str | None, **options: Any) -> Stream:
    return Stream(url, **{"queue": "unt", "max_backlog": 100_000, **options})


def make_wire(url: str) -> Wire:
    return Wire(new_client(address_of(url, None), QUICK).connection_pool)


def connections(client: redis.Redis) -> int:
    return len(client.client_list()) - 1


def test_threads_never_share_a_connection(redis_url: str) -> None:
    """A shared one would mix up packets, and answers."""
    stream = make_stream(redis_url)
    threads = [
        threading.Thread(
            target=lambda name=name: [  # type: ignore[misc]
                stream.add(f"{name} {number}".encode() * 50) for number in range(50)
            ]
        )
        for name in range(20)
    ]

    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    expected = {f"{a} {b}".encode() * 50 for a in range(20) for b in range(50)}
    read = [entry.data for entry in stream.read("a", 2000, 0)]

    assert len(read) == 1000
    assert set(read) == expected


def test_a_primary_that_is_none_any_more_is_not_asked_again(
    own_redis: OwnRedis,
) -> None:
    """Its address may lead to another one by now, over a new connection."""
    server = own_redis()
    wire = make_wire(server.url())
    packet = b"*3\r\n" + bulk(b"SET", b"name", b"value")
    wire.call(packet)

    assert len(wire._idle) == 1

    with redis.Redis.from_url(server.url()) as client:
        client.replicaof("127.0.0.1", 1)

    with pytest.raises(redis.exceptions.ReadOnlyError):
        wire.call(packet)

    assert wire._idle == []


def test_greenlets_never_share_a_connection(redis_url: str, spawn: Spawn) -> None:
    """More at once than connections are kept, one of them killed while it waits."""
    program = """
        from gevent import monkey; monkey.patch_all()
        import gevent, sys
        from flask_unt.stream import Stream

        stream = Stream(sys.argv[1], queue="unt", max_backlog=100_000)
        killed = gevent.spawn(stream.add, b"killed")
        gevent.sleep(0)
        gevent.kill(killed)
        jobs = [
            gevent.spawn(lambda n=n: [stream.add(b"%d %d" % (n, m)) for m in range(5)])
            for n in range(200)
        ]
        gevent.joinall(jobs, raise_error=True)
        print("read", len({e.data for e in stream.read("a", 2000, 0)} - {b"killed"}))
    """
    process = spawn([sys.executable, "-c", textwrap.dedent(program), redis_url])

    assert process.wait() == 0, process.log()
    assert process.log().splitlines()[-1] == "read 1000"


def test_a_connection_is_used_again(own_redis: OwnRedis) -> None:
    server = own_redis()
    wire = make_wire(server.url())

    with server.client() as client:
        before = connections(client)

        assert [wire.call(PING) for _ in range(20)] == [b"PONG"] * 20
        assert connections(client) == before + 1


def test_no_more_connections_are_kept_than_a_server_has_threads(
    own_redis: OwnRedis,
) -> None:
    server = own_redis()
    wire = make_wire(server.url())
    taken = [wire._take() for _ in range(IDLE_KEPT + 20)]

    for connection in taken:
        wire._give_back(connection)

    with server.client() as client:
        assert connections(client) <= IDLE_KEPT


def test_an_error_of_redis_leaves_the_connection_in_use(own_redis: OwnRedis) -> None:
    server = own_redis()
    wire = make_wire(server.url())

    with pytest.raises(redis.ResponseError):
        wire.call(b"*1\r\n" + bulk(b"NONSENSE"))

    with server.client() as client:
        before = connections(client)

        assert wire.call(PING) == b"PONG"
        assert connections(client) == before


def test_an_answer_that_comes_late_is_nobodys(own_redis: OwnRedis) -> None:
    server = own_redis()
    wire = make_wire(server.url())
    wire.call(PING)
    server.freeze()

    with pytest.raises(redis.TimeoutError):
        wire.call(b"*2\r\n" + bulk(b"PING", b"late"))

    server.thaw()
    server.process.wait_until(server.ready)

    assert wire.call(PING) == b"PONG"


def test_a_restart_between_two_entries_is_not_noticed(own_redis: OwnRedis) -> None:
    """The connections are dead, which shows before anything is sent on them."""
    server = own_redis(appendonly="yes")
    stream = make_stream(server.url())
    stream.add(b"before")
    server.stop()
    server.start()
    stream.add(b"after")

    assert [entry.data for entry in stream.read("a", 10, 0)] == [b"before", b"after"]


def test_an_idle_connection_that_redis_closed_is_replaced(own_redis: OwnRedis) -> None:
    server = own_redis()
    stream = make_stream(server.url())
    stream.add(b"before")

    with server.client() as client:
        client.client_kill_filter(skipme=True)

    time.sleep(FRESH_SECONDS)
    stream.add(b"after")

    assert stream.waiting() == 2


def test_a_unix_socket_and_a_user_of_redis(own_redis: OwnRedis, tmp_path: Path) -> None:
    path = tmp_path / "redis.sock"
    server = own_redis(unixsocket=str(path))

    with server.client() as client:
        client.execute_command(
            *("ACL", "SETUSER", "shop", "on", ">secret", "~{unt}:*"),
            *("+evalsha", "+eval", "+@stream", "+@read", "+@write", "+info", "+select"),
        )

    stream = make_stream(f"unix://shop:secret@{path}?db=3")
    stream.add(b"entry")

    with server.client(3) as client:
        assert client.xlen("{unt}:stream") == 1


@pytest.fixture
def sentinel(
    own_redis: OwnRedis, spawn: Spawn, tmp_path: Path, free_port: int
) -> tuple[Any, Any, Sentinel]:
    """A primary, its replica, and a sentinel that watches them."""
    primary = own_redis()
    replica = own_redis(replicaof=f"127.0.0.1 {primary.port}")
    config = tmp_path / "sentinel.conf"
    config.write_text(
        f"port {free_port}\nbind 127.0.0.1\ndir {tmp_path}\n"
        f"sentinel monitor shop 127.0.0.1 {primary.port} 1\n"
        "sentinel down-after-milliseconds shop 30000\n"
    )
    process = spawn(["redis-server", str(config), "--sentinel"])
    found = Sentinel([("127.0.0.1", free_port)], socket_timeout=1)

    def is_ready() -> bool:
        try:
            return bool(found.discover_slaves("shop"))
        except redis.RedisError:
            return False

    process.wait_until(is_ready)
    return primary, replica, found


def test_a_sentinel_tells_where_redis_is(sentinel: Any) -> None:
    """After a failover, entries go to the new primary."""
    primary, replica, found = sentinel
    seconds = [1000.0]
    stream = make_stream(
        None,
        connection_kwargs=connection_settings(found.master_for("shop")),
        clock=lambda: seconds[0],
    )
    stream.add(b"before")

    with primary.client() as client:
        assert client.xlen("{unt}:stream") == 1

    replica.process.wait_until(lambda: has_begun_failover(found))
    replica.process.wait_until(lambda: is_added_to(replica, stream, seconds))


def has_begun_failover(found: Sentinel) -> bool:
    """A replica that has just come is refused for some seconds."""
    try:
        found.sentinels[0].execute_command("SENTINEL", "FAILOVER", "shop")
    except redis.ResponseError:
        return False

    return True


def is_added_to(server: Any, stream: Stream, seconds: list[float]) -> bool:
    seconds[0] += BREAKER_SECONDS

    with suppress(StreamUnavailable):
        stream.add(b"after")

    with server.client() as client:
        return b"after" in [entry[b"d"] for _, entry in client.xrange("{unt}:stream")]
