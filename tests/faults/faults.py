"""What can go wrong: each breaks something, yields, and mends it again."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator

import redis
import sqlalchemy as sa
from redis.client import Pipeline

from faults.clients import PATIENCE
from faults.door import Door
from faults.stage import STREAM
from faults.stage import Stage

Fault = Callable[[Stage, random.Random], Iterator[None]]
FAILPOINTS = ("before-commit", "after-commit", "after-acknowledge")
ELSEWHERE = "{unt}:elsewhere"


# -- workers ------------------------------------------------------------


def kill_worker(stage: Stage, rng: random.Random) -> Iterator[None]:
    worker = rng.choice(stage.workers)
    worker.process.kill()
    yield
    worker.start()


def kill_worker_at(stage: Stage, rng: random.Random) -> Iterator[None]:
    """Have a worker die before or after a commit, or after it acknowledged."""
    worker = rng.choice(stage.workers)
    worker.process.stop()
    worker.start(UNT_FAILPOINT=rng.choice(FAILPOINTS))
    yield
    end = time.monotonic() + 8

    while worker.process.code is None and time.monotonic() < end:
        time.sleep(0.05)

    worker.process.kill()
    worker.start()


def freeze_worker(stage: Stage, rng: random.Random) -> Iterator[None]:
    worker = rng.choice(stage.workers)
    worker.process.freeze()
    yield
    worker.process.thaw()


def restart_worker(stage: Stage, rng: random.Random) -> Iterator[None]:
    worker = rng.choice(stage.workers)
    worker.process.stop()
    yield
    worker.start()


# -- web processes ------------------------------------------------------


def kill_web_process(stage: Stage, rng: random.Random) -> Iterator[None]:
    """The master of gunicorn starts another."""
    _signal_child(stage, rng, signal.SIGKILL)
    yield


def freeze_web_process(stage: Stage, rng: random.Random) -> Iterator[None]:
    child = _signal_child(stage, rng, signal.SIGSTOP)
    yield

    if child is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGCONT)


def kill_site(stage: Stage, rng: random.Random) -> Iterator[None]:
    site = rng.choice(stage.sites)
    site.process.kill()
    yield
    site.start()


def reload_site(stage: Stage, rng: random.Random) -> Iterator[None]:
    os.kill(rng.choice(stage.sites).process.pid, signal.SIGHUP)
    yield


# -- Redis --------------------------------------------------------------


def kill_redis(stage: Stage, rng: random.Random) -> Iterator[None]:
    stage.redis.kill()
    yield
    stage.redis.start()


def restart_redis(stage: Stage, rng: random.Random) -> Iterator[None]:
    stage.redis.stop()
    yield
    stage.redis.start()


def freeze_redis(stage: Stage, rng: random.Random) -> Iterator[None]:
    stage.redis.freeze()
    yield
    stage.redis.thaw()


def pause_redis(stage: Stage, rng: random.Random) -> Iterator[None]:
    with stage.client() as client:
        client.client_pause(rng.randrange(200, 2500))

    yield


def fill_redis(stage: Stage, rng: random.Random) -> Iterator[None]:
    with stage.client() as client:
        client.config_set("maxmemory", "1mb")
        yield
        client.config_set("maxmemory", "0")


def put_another_type(stage: Stage, rng: random.Random) -> Iterator[None]:
    """The stream's key holds something else; both steps are one each for Redis."""
    with stage.client() as client:
        taken = client.pipeline()
        _rename_stream(client, taken, STREAM, ELSEWHERE)
        taken.set(STREAM, "not a stream")
        taken.execute()
        yield
        given_back = client.pipeline()
        given_back.delete(STREAM)
        _rename_stream(client, given_back, ELSEWHERE, STREAM)
        given_back.execute()


def change_password(stage: Stage, rng: random.Random) -> Iterator[None]:
    with stage.client() as client:
        client.config_set("requirepass", "changed")
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

        try:
            yield
        finally:
            client.config_set("requirepass", "")


def make_redis_read_only(stage: Stage, rng: random.Random) -> Iterator[None]:
    with stage.client() as client:
        client.replicaof("127.0.0.1", 1)
        yield
        client.replicaof("NO", "ONE")


def cut_redis(stage: Stage, rng: random.Random) -> Iterator[None]:
    stage.redis_door.cut()
    yield


def black_hole_redis(stage: Stage, rng: random.Random) -> Iterator[None]:
    stage.redis_door.hold()
    yield
    stage.redis_door.let_through()


def lose_answer_of_add(stage: Stage, rng: random.Random) -> Iterator[None]:
    stage.redis_door.lose_answer(b"EVALSHA")
    yield
    stage.redis_door.forgive()


def lose_answer_of_acknowledge(stage: Stage, rng: random.Random) -> Iterator[None]:
    stage.redis_door.lose_answer(b"XACK")
    yield
    stage.redis_door.forgive()


# -- the database -------------------------------------------------------


def kill_database(stage: Stage, rng: random.Random) -> Iterator[None]:
    stage.database.kill()
    yield
    stage.database.start()


def restart_database(stage: Stage, rng: random.Random) -> Iterator[None]:
    stage.database.stop()
    yield
    stage.database.start()


def freeze_database(stage: Stage, rng: random.Random) -> Iterator[None]:
    stage.database.freeze()
    yield
    stage.database.thaw()


def cut_database(stage: Stage, rng: random.Random) -> Iterator[None]:
    _door(stage).cut()
    yield


def lose_answer_of_commit(stage: Stage, rng: random.Random) -> Iterator[None]:
    _door(stage).lose_answer(b"COMMIT")
    yield
    _door(stage).forgive()


def make_database_read_only(stage: Stage, rng: random.Random) -> Iterator[None]:
    name = stage.url.rpartition("/")[2]
    switch = f"ALTER DATABASE {name} SET default_transaction_read_only ="
    stage.database.execute(f"{switch} on")
    _end_sessions(stage)
    yield
    stage.database.execute(f"{switch} off")
    _end_sessions(stage)


def rename_table(stage: Stage, rng: random.Random) -> Iterator[None]:
    """As if a migration was forgotten."""
    _execute(stage, "ALTER TABLE unt_page RENAME TO away")
    yield
    _execute(stage, "ALTER TABLE away RENAME TO unt_page")


def lock_database(stage: Stage, rng: random.Random) -> Iterator[None]:
    """Somebody holds what the worker needs, as a long migration of the host's."""
    patient = {"timeout": PATIENCE} if stage.backend == "sqlite" else {}
    engine = sa.create_engine(stage.url, poolclass=sa.NullPool, connect_args=patient)

    with engine.connect() as connection:
        connection.exec_driver_sql(LOCKS[stage.backend])
        yield

    engine.dispose()


LOCKS = {
    "sqlite": "BEGIN IMMEDIATE",
    "postgresql": "LOCK TABLE unt_visitor IN ACCESS EXCLUSIVE MODE",
    "mariadb": "SELECT * FROM unt_visitor FOR UPDATE",
}


# -- both ---------------------------------------------------------------


def stop_both(stage: Stage, rng: random.Random) -> Iterator[None]:
    """Redis and database at once: browsers get 503 and keep what they have."""
    stage.redis.kill()
    stage.database.stop()
    yield
    stage.redis.start()
    stage.database.start()


PLACES: dict[str, list[Fault]] = {
    "worker": [kill_worker, kill_worker_at, freeze_worker, restart_worker],
    "web": [kill_web_process, freeze_web_process, kill_site, reload_site],
    "redis": [
        kill_redis,
        restart_redis,
        freeze_redis,
        pause_redis,
        fill_redis,
        put_another_type,
        change_password,
        make_redis_read_only,
        cut_redis,
        black_hole_redis,
        lose_answer_of_add,
        lose_answer_of_acknowledge,
    ],
    "database": [rename_table, lock_database],
}
SERVED = [
    kill_database,
    restart_database,
    freeze_database,
    cut_database,
    lose_answer_of_commit,
]


def possible(backend: str) -> dict[str, list[Fault]]:
    """The faults by what they break, as far as this database knows them."""
    found = {place: list(faults) for place, faults in PLACES.items()}

    if backend != "sqlite":
        found["database"] += SERVED
        found["both"] = [stop_both]

    if backend == "postgresql":
        found["database"].append(make_database_read_only)

    return found


class Injector:
    """Breaks one or two places at a time, in an order that the seed decides."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.injected: Counter[str] = Counter()
        self._stage = stage
        self._rng = random.Random(seed)
        self._possible = possible(stage.backend)

    def run(self, seconds: float, intensity: float = 1.0) -> None:
        """Inject for so long; with twice the intensity in half the pauses."""
        end = time.monotonic() + seconds

        while time.monotonic() < end:
            self._round()
            time.sleep(self._rng.uniform(0.1, 1.5) / intensity)

    def _round(self) -> None:
        broken = []

        for fault in self._choose():
            self.injected[fault.__name__] += 1
            broken.append(fault(self._stage, self._rng))
            next(broken[-1])

        time.sleep(self._rng.uniform(0.1, 3.0))
        self._rng.shuffle(broken)

        for fault in broken:
            mend(fault)

    def _choose(self) -> list[Fault]:
        if "both" in self._possible and self._rng.random() < 0.08:
            return self._possible["both"]

        places = self._rng.sample(sorted(PLACES), 1 if self._rng.random() < 0.5 else 2)

        return [self._rng.choice(self._possible[place]) for place in places]


@contextlib.contextmanager
def broken(fault: Fault, stage: Stage, seed: int = 1) -> Iterator[None]:
    """Break it, and mend it at the end of the block."""
    breaking = fault(stage, random.Random(seed))
    next(breaking)
    yield
    mend(breaking)


def mend(fault: Iterator[None]) -> None:
    for _ in fault:
        raise RuntimeError("A fault yields once.")


def _signal_child(stage: Stage, rng: random.Random, number: int) -> int | None:
    children = rng.choice(stage.sites).children()

    if not children:
        return None

    child = rng.choice(children)

    with contextlib.suppress(ProcessLookupError):
        os.kill(child, number)

    return child


def _door(stage: Stage) -> Door:
    if stage.database_door is None:
        raise RuntimeError("A file has no door.")

    return stage.database_door


def _rename_stream(client: redis.Redis, steps: Pipeline, old: str, new: str) -> None:
    if client.exists(old):
        steps.rename(old, new)


def _execute(stage: Stage, statement: str) -> None:
    """Once the tables are let go of for a moment."""
    engine = sa.create_engine(stage.url, poolclass=sa.NullPool)
    end = time.monotonic() + PATIENCE

    while True:
        try:
            with engine.begin() as connection:
                connection.exec_driver_sql(statement)
                break
        except sa.exc.DBAPIError:
            if time.monotonic() > end:
                raise

            time.sleep(0.1)

    engine.dispose()


def _end_sessions(stage: Stage) -> None:
    name = stage.url.rpartition("/")[2]
    stage.database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        f" WHERE datname = '{name}'"
    )
