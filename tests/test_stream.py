"""The stream against a real Redis, well and ill."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from flask_unt.errors import ConfigError
from flask_unt.errors import StreamUnavailable
from flask_unt.errors import VisitorForgotten
from flask_unt.events import forgotten_hash
from flask_unt.stream import Stream
from flask_unt.stream import connection_settings
from flask_unt.stream.link import BREAKER_SECONDS
from flask_unt.stream.link import CHECK_SECONDS

OwnRedis = Callable[..., Any]


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


# Seconds, wide enough for a busy machine: redis-py's own retries take 3.7 and more,
# and a request that asks a frozen Redis waits half a second.
AT_ONCE = 2.5
NOT_ASKED = 0.4


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stream(redis_url: str, clock: Clock) -> Stream:
    return make_stream(redis_url, clock=clock)


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


def make_stream(url: str | None, **options: Any) -> Stream:
    return Stream(url, **{"queue": "unt", "max_backlog": 1000, **options})


def refusal(stream: Stream, **options: Any) -> str:
    with pytest.raises(StreamUnavailable) as caught:
        stream.add(b"entry", **options)

    return str(caught.value)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A folder with a certificate for 127.0.0.1 that only itself vouches for."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    return tmp_path


def test_what_is_added_is_answered_as_added_though_it_cannot_be_counted(
    stream: Stream, client: redis.Redis
) -> None:
    """Else the web process would store it in the database, too."""
    client.set("{unt}:counts", "no hash")
    stream.add(b"entry", fresh=("0a" * 16, 5), events=2)
    client.delete("{unt}:counts")

    assert [(one.data, one.events) for one in stream.read("a", 9, 0)] == [(b"entry", 2)]


def test_redis_over_tls(own_redis: OwnRedis, certificate: Path, free_port: int) -> None:
    """A certificate that is not known is refused, not ignored."""
    own_redis(
        tls_port=str(free_port),
        tls_cert_file=str(certificate / "cert.pem"),
        tls_key_file=str(certificate / "key.pem"),
        tls_auth_clients="no",
    )
    url = f"rediss://127.0.0.1:{free_port}/0"
    trusting = make_stream(f"{url}?ssl_ca_certs={certificate / 'cert.pem'}")

    trusting.add(b"entry")

    assert trusting.status(0).waiting == 1
    assert "certificate" in refusal(make_stream(url)).lower()


# -- adding -------------------------------------------------------------


def test_what_was_added_is_read_once_and_gone_when_acknowledged(stream: Stream) -> None:
    stream.add(b"one")
    stream.add(b"two")
    entries = stream.read("a", count=10, block_ms=0)

    assert [(entry.data, entry.deliveries) for entry in entries] == [
        (b"one", 1),
        (b"two", 1),
    ]
    assert stream.read("b", count=10, block_ms=0) == []

    stream.acknowledge([entry.id for entry in entries])
    status = stream.status(0)

    assert (status.waiting, status.pending) == (0, 0)


def test_an_entry_is_added_in_one_round_trip(own_redis: OwnRedis) -> None:
    server = own_redis()
    stream = make_stream(server.url())
    stream.add(b"checks memory, loads the script")

    with server.client() as client:
        before = client.info("stats")["total_commands_processed"]
        stream.add(b"entry", site="a")
        after = client.info("stats")["total_commands_processed"]

    inside_the_script = 5

    assert after - before == 1 + 1 + inside_the_script


def test_the_script_is_loaded_again_when_redis_forgot_it(own_redis: OwnRedis) -> None:
    server = own_redis()
    stream = make_stream(server.url())
    stream.add(b"one")

    with server.client() as client:
        client.script_flush()

    stream.add(b"two")

    assert stream.status(0).waiting == 2


def test_every_key_starts_with_the_queue_in_braces(
    redis_url: str, client: redis.Redis
) -> None:
    stream = make_stream(redis_url, queue="shop")
    stream.add(b"entry", site="a")
    stream.ensure_group()
    stream.lease("drain", "me", 1000)
    stream.beat("worker", 1000)

    assert {key.decode() for key in client.scan_iter()} == {
        "{shop}:stream",
        "{shop}:site",
        "{shop}:counts",
        "{shop}:lease:drain",
        "{shop}:worker:worker",
        "{shop}:workers",
    }


def test_a_full_backlog_refuses_and_loses_nothing(redis_url: str) -> None:
    stream = make_stream(redis_url, max_backlog=2)
    stream.add(b"one")
    stream.add(b"two")

    assert refusal(stream) == "2 entries wait already."
    assert stream.status(0).waiting == 2

    entries = stream.read("a", count=1, block_ms=0)
    stream.acknowledge([entry.id for entry in entries])
    stream.add(b"three")

    assert stream.trouble is None


def test_a_stream_of_another_site_is_refused(stream: Stream, redis_url: str) -> None:
    stream.add(b"entry", site="ours")
    other = make_stream(redis_url)

    assert "belongs to another site" in refusal(other, site="theirs")
    assert not other.claim_site("theirs")
    assert other.claim_site("ours")
    assert stream.status(0).waiting == 1


# -- Redis in trouble ---------------------------------------------------


def test_a_redis_that_is_not_there_is_found_out_at_once(free_port: int) -> None:
    stream = make_stream(f"redis://127.0.0.1:{free_port}/0")
    started = time.monotonic()

    assert "Redis cannot be used" in refusal(stream)
    assert not stream.available()
    assert stream.status(0).trouble is not None
    assert time.monotonic() - started < 3


def test_a_frozen_redis_costs_one_request_in_a_period(
    own_redis: OwnRedis, clock: Clock
) -> None:
    server = own_redis()
    stream = make_stream(server.url(), clock=clock)
    stream.add(b"before")
    server.freeze()

    assert seconds_until_refused(stream) < AT_ONCE
    assert seconds_until_refused(stream) < NOT_ASKED

    clock.seconds += BREAKER_SECONDS

    assert seconds_until_refused(stream) > 0.2
    assert seconds_until_refused(stream) < NOT_ASKED

    server.thaw()
    server.process.wait_until(server.ready)
    clock.seconds += BREAKER_SECONDS
    stream.add(b"after")

    assert stream.trouble is None


def test_while_one_request_tries_again_the_others_do_not_wait(
    own_redis: OwnRedis, clock: Clock
) -> None:
    server = own_redis()
    stream = make_stream(server.url(), clock=clock)
    server.freeze()
    refusal(stream)
    clock.seconds += BREAKER_SECONDS
    waits: list[float] = []
    threads = [
        threading.Thread(target=lambda: waits.append(seconds_until_refused(stream)))
        for _ in range(5)
    ]

    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    # Half a second for the one, and nearly nothing for the others.
    assert sorted(wait > 0.4 for wait in waits) == [False] * 4 + [True]


def seconds_until_refused(stream: Stream) -> float:
    started = time.monotonic()
    refusal(stream)

    return time.monotonic() - started


def test_an_entry_is_never_sent_twice(own_redis: OwnRedis, clock: Clock) -> None:
    """The answer was lost, so the database takes the event; Redis has it once."""
    server = own_redis()
    stream = make_stream(server.url(), clock=clock)
    stream.add(b"before")
    server.freeze()
    refusal(stream)
    server.thaw()

    with server.client() as client:
        server.process.wait_until(lambda: client.xlen("{unt}:stream") > 1)
        time.sleep(0.2)

        assert client.xlen("{unt}:stream") == 2


def test_it_comes_back_after_a_restart(own_redis: OwnRedis, clock: Clock) -> None:
    server = own_redis(appendonly="yes")
    stream = make_stream(server.url(), clock=clock)
    stream.add(b"before")
    server.stop()
    refusal(stream)
    server.start()
    clock.seconds += BREAKER_SECONDS
    stream.add(b"after")

    assert stream.status(0).waiting == 2


def test_a_wrong_password_is_named(own_redis: OwnRedis) -> None:
    server = own_redis(password="right")
    make_stream(server.url()).add(b"entry")
    wrong = make_stream(f"redis://:wrong@127.0.0.1:{server.port}/0")
    without = make_stream(f"redis://127.0.0.1:{server.port}/0")

    assert "password" in refusal(wrong)
    assert "wrong@" not in refusal(wrong)
    assert "Authentication required" in refusal(without)


def test_a_key_of_the_wrong_type_refuses(stream: Stream, client: redis.Redis) -> None:
    client.set("{unt}:stream", "text")

    assert "wrong kind of value" in refusal(stream)
    assert stream.status(0).trouble is not None


def test_a_read_only_replica_refuses(own_redis: OwnRedis, free_port: int) -> None:
    server = own_redis(replicaof=f"127.0.0.1 {free_port}")

    assert "read only" in refusal(make_stream(server.url())).lower()


def test_a_redis_that_cannot_save_refuses(own_redis: OwnRedis) -> None:
    server = own_redis(save="3600 1000000")
    (server.folder / "dump.rdb").mkdir()

    with server.client() as client:
        client.bgsave()

        while client.info("persistence")["rdb_last_bgsave_status"] == "ok":
            time.sleep(0.01)

    assert "MISCONF" in refusal(make_stream(server.url()))


def test_a_full_redis_refuses(own_redis: OwnRedis) -> None:
    server = own_redis(maxmemory="10mb")
    stream = make_stream(server.url())
    stream.add(b"entry")

    with server.client() as client:
        client.config_set("maxmemory", "100kb")

    assert "memory" in refusal(stream)


def test_a_redis_over_80_percent_full_is_left_to_the_host(
    own_redis: OwnRedis,
) -> None:
    server = own_redis()

    with server.client() as client:
        client.set("host", b"x" * 8_000_000)
        used = client.info("memory")["used_memory"]
        client.config_set("maxmemory", int(used * 1.2))

        assert refusal(make_stream(server.url())) == "Redis is over 80% full."

        client.config_set("maxmemory", int(used * 1.3))
        make_stream(server.url()).add(b"entry")


def test_the_stream_takes_at_most_a_quarter_of_redis(
    own_redis: OwnRedis, clock: Clock
) -> None:
    server = own_redis(maxmemory="20mb")
    stream = make_stream(server.url(), clock=clock)

    for _ in range(60):
        stream.add(b"x" * 100_000)

    clock.seconds += CHECK_SECONDS

    assert refusal(stream) == "The stream fills a quarter of Redis's memory."


def test_a_redis_that_may_evict_is_not_used_and_then_used_again(
    own_redis: OwnRedis, clock: Clock
) -> None:
    server = own_redis(maxmemory="100mb")
    stream = make_stream(server.url(), clock=clock)
    stream.add(b"entry")

    with server.client() as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        clock.seconds += CHECK_SECONDS

        assert refusal(stream).startswith("Redis may evict keys: ")
        assert (stream.trouble or "").startswith("Redis may evict keys: ")
        assert not stream.available()

        client.config_set("maxmemory-policy", "noeviction")
        clock.seconds += CHECK_SECONDS
        stream.add(b"entry")

    assert stream.trouble is None


def test_a_policy_without_a_limit_evicts_nothing(own_redis: OwnRedis) -> None:
    make_stream(own_redis(maxmemory_policy="allkeys-lru").url()).add(b"entry")


def test_a_user_who_may_not_ask_for_memory_can_still_add(own_redis: OwnRedis) -> None:
    server = own_redis()

    with server.client() as client:
        client.execute_command(
            "ACL", "SETUSER", "shop", "on", ">secret", "~{unt}:*", "+@all", "-info"
        )

    stream = make_stream(f"redis://shop:secret@127.0.0.1:{server.port}/0")
    stream.add(b"entry")

    assert stream.status(0).waiting == 1


# -- how it connects ----------------------------------------------------


def test_an_address_that_is_none_is_refused_with_a_sentence() -> None:
    with pytest.raises(ConfigError, match="must look like redis://"):
        make_stream("localhost:6379")


def test_only_the_address_of_a_hosts_client_is_taken(redis_url: str) -> None:
    with redis.Redis.from_url(
        redis_url, decode_responses=True, socket_timeout=60
    ) as host:
        stream = make_stream(None, connection_kwargs=connection_settings(host))
        stream.add(b"\xff")

    assert stream.read("a", 1, 0)[0].data == b"\xff"


def test_a_client_of_replicas_is_refused_with_a_sentence() -> None:
    from redis.sentinel import Sentinel

    client = Sentinel([("127.0.0.1", 1)]).slave_for("mymaster")

    with pytest.raises(ConfigError, match="UNT_REDIS_URL"):
        connection_settings(client)


def test_settings_in_the_address_do_not_slow_it_down(own_redis: OwnRedis) -> None:
    server = own_redis()
    stream = make_stream(f"{server.url()}?socket_timeout=30&decode_responses=true")
    stream.add(b"entry")
    server.freeze()

    assert seconds_until_refused(stream) < AT_ONCE


def test_a_fork_makes_its_own_connections(stream: Stream, client: redis.Redis) -> None:
    stream.add(b"parent")
    child = os.fork()

    if child == 0:
        try:
            for _ in range(50):
                stream.add(b"child")
        finally:
            os._exit(0)

    for _ in range(50):
        stream.add(b"parent")

    os.waitpid(child, 0)

    assert client.xlen("{unt}:stream") == 101


# -- reading ------------------------------------------------------------


def test_an_entry_whose_consumer_fell_silent_is_claimed(stream: Stream) -> None:
    stream.add(b"entry")
    stream.read("dead", count=10, block_ms=0)

    assert stream.claim("alive", count=10, idle_ms=60_000) == []
    assert not stream.stale(60_000)

    time.sleep(0.02)
    claimed = stream.claim("alive", count=10, idle_ms=10)

    assert [(entry.data, entry.deliveries) for entry in claimed] == [(b"entry", 2)]


def test_idle_entries_are_found_behind_many_fresh_ones(stream: Stream) -> None:
    for number in range(40):
        stream.add(str(number).encode())

    entries = stream.read("a", count=40, block_ms=0)
    stream.release("a", [entries[-1].id])

    assert [e.data for e in stream.claim("b", count=1, idle_ms=60_000)] == [b"39"]


def test_a_kept_claim_is_not_taken_and_a_released_one_is(stream: Stream) -> None:
    stream.add(b"entry")
    ids = [entry.id for entry in stream.read("a", count=1, block_ms=0)]
    stream.release("a", ids)
    stream.keep("a", ids)

    assert stream.claim("b", count=1, idle_ms=60_000) == []

    stream.release("a", ids)

    assert stream.stale(60_000)
    assert len(stream.claim("b", count=1, idle_ms=60_000)) == 1


def test_entries_from_before_the_group_are_read(stream: Stream) -> None:
    stream.add(b"before")
    stream.ensure_group()
    stream.ensure_group()

    assert len(stream.read("a", count=10, block_ms=0)) == 1


def test_the_group_is_made_again_after_everything_was_flushed(
    stream: Stream, client: redis.Redis
) -> None:
    stream.ensure_group()
    client.flushdb()

    assert stream.claim("a", count=1, idle_ms=0) == []

    client.flushdb()
    stream.add(b"entry")

    assert stream.wait(100)

    client.flushdb()

    assert not stream.stale(0)

    client.flushdb()
    stream.add(b"entry")

    assert len(stream.read("a", count=1, block_ms=0)) == 1


def test_waiting_ends_when_an_entry_comes(stream: Stream) -> None:
    assert not stream.wait(10)

    timer = threading.Timer(0.1, stream.add, [b"entry"])
    timer.start()
    started = time.monotonic()

    assert stream.wait(30_000)
    assert time.monotonic() - started < 20

    timer.join()

    assert stream.wait(3000), "It still waits: nobody has read it."

    stream.read("a", count=1, block_ms=0)

    assert not stream.wait(10)


def test_a_consumer_that_holds_entries_is_not_removed(
    stream: Stream, client: redis.Redis
) -> None:
    stream.add(b"entry")
    entries = stream.read("a", count=1, block_ms=0)
    stream.retire("a")

    assert stream.status(0).pending == 1

    stream.acknowledge([entry.id for entry in entries])
    stream.retire("a")

    assert client.xinfo_consumers("{unt}:stream", "unt") == []


def test_the_workers_calls_name_what_is_wrong(free_port: int) -> None:
    stream = make_stream(f"redis://127.0.0.1:{free_port}/0")

    for call in (
        stream.ensure_group,
        lambda: stream.read("a", 1, 0),
        lambda: stream.acknowledge([b"1-1"]),
        lambda: stream.lease("drain", "a", 1000),
    ):
        with pytest.raises(StreamUnavailable, match="Redis cannot be used"):
            call()


# -- status and leases --------------------------------------------------


def test_status_tells_age_pending_and_live_workers(stream: Stream) -> None:
    stream.add(b"entry")
    stream.read("a", count=1, block_ms=0)
    stream.beat("alive", 10_000)
    stream.beat("dying", 1)
    time.sleep(0.02)
    status = stream.status(int(time.time() * 1000) + 5000)

    assert (status.waiting, status.pending, status.trouble) == (1, 1, None)
    assert status.workers == ("alive",)
    assert status.oldest_ms is not None
    assert 5000 <= status.oldest_ms < 60_000

    stream.rest("alive")

    assert stream.status(0).workers == ()


def test_status_says_when_nobody_takes_the_entries(stream: Stream) -> None:
    stream.add(b"entry")
    now = int(time.time() * 1000)

    assert stream.status(now).troubles() == ()
    assert stream.status(now + 70_000).troubles() == (
        "1 view waits: run flask unt-worker.",
    )

    stream.beat("alive", 10_000)

    assert stream.status(now + 70_000).troubles() == (
        "1 view waits, the oldest for 70 seconds: look at the worker's log.",
    )


def test_an_empty_stream_has_a_status_too(stream: Stream) -> None:
    status = stream.status(0)

    assert (status.waiting, status.oldest_ms, status.pending) == (0, None, 0)
    assert stream.available()


def test_a_lease_has_one_owner(stream: Stream) -> None:
    assert stream.lease("drain", "a", 10_000)
    assert not stream.lease("drain", "b", 10_000)
    assert stream.renew("drain", "a", 20_000)
    assert not stream.renew("drain", "b", 20_000)

    stream.drop("drain", "b")

    assert stream.leased("drain")

    stream.drop("drain", "a")

    assert not stream.leased("drain")


def test_a_lost_lease_expires(stream: Stream) -> None:
    stream.lease("drain", "dead", 20)
    time.sleep(0.05)

    assert stream.lease("drain", "b", 1000)
    assert not stream.renew("drain", "dead", 1000)


VISITOR = "0f8fad5b-d9cb-469f-a165-70867728950e"
OTHER = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def test_entries_of_forgotten_visitors_are_refused_in_the_one_round_trip(
    own_redis: OwnRedis,
) -> None:
    server = own_redis()
    stream = make_stream(server.url())
    stream.forget([forgotten_hash(VISITOR)])
    stream.add(b"checks memory, loads the script")

    with server.client() as client:
        before = client.info("commandstats")["cmdstat_evalsha"]["calls"]

        with pytest.raises(VisitorForgotten) as caught:
            stream.add(b"entry", visitors=[OTHER, VISITOR])

        assert caught.value.visitors == {VISITOR}
        assert client.info("commandstats")["cmdstat_evalsha"]["calls"] == before + 1
        stream.add(b"entry", visitors=[OTHER])
        assert client.xlen(stream.key) == 2

    assert stream.trouble is None


def test_more_visitors_are_forgotten_than_fit_in_one_command(
    stream: Stream, client: redis.Redis
) -> None:
    stream.forget(number.to_bytes(16, "big") for number in range(2500))
    stream.forget([])
    assert client.scard("{unt}:forgotten") == 2500


def test_when_a_visitor_was_made_on_purpose_is_known_for_some_days(
    stream: Stream, client: redis.Redis
) -> None:
    assert stream.fresh_at(VISITOR) is None
    stream.add(b"entry", fresh=(VISITOR, 123))
    stream.add(b"sent again", fresh=(VISITOR, 456))
    assert stream.fresh_at(VISITOR) == 123
    assert stream.fresh_at(OTHER) is None
    (key,) = client.keys("{unt}:fresh:*")
    assert VISITOR not in key.decode()
    assert 7 < client.pttl(key) / 86_400_000 < 8.1
