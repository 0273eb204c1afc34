"""The database in every kind of trouble: the worker waits, and then catches up."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from faults import faults
from faults.clients import Memory
from faults.clients import deliver
from faults.clients import now_ms
from faults.clients import post
from faults.clients import until
from faults.ledger import Ledger
from faults.stage import Stage
from faults.stage import Worker

pytestmark = [pytest.mark.fault, pytest.mark.timeout(900)]

LONG = pytest.mark.long
GONE = "The database cannot be written to, entries wait"
BACK = "The database can be written to again."
AWAY = {
    "postgresql": [
        faults.kill_database,
        faults.restart_database,
        faults.make_database_read_only,
        faults.rename_table,
    ],
    "mariadb": [faults.kill_database, faults.restart_database, faults.rename_table],
    "sqlite": [faults.lock_database],
}


@pytest.mark.slow
@pytest.mark.parametrize("backend", AWAY)
def test_the_worker_waits_and_catches_up(
    stage: Callable[..., Stage], backend: str
) -> None:
    """One line in its log when the database goes, one when it is back."""
    here = stage(backend, appendfsync="no")
    here.prepare()
    ledger, memory = Ledger(), Memory(random.Random(3))
    site = here.serve()
    worker = here.work()
    worker.wait_ready()

    for fault in AWAY[backend]:
        before = said(worker, GONE)

        with faults.broken(fault, here):
            for _ in range(20):
                deliver(ledger, [site.port], memory.batch())

            wait_until_said(worker, GONE, before + 1)
            assert here.waiting() > 0

            if backend == "postgresql" and fault is not faults.rename_table:
                assert post_email(site.port) == 503

        until(lambda: here.waiting() == 0, "an empty stream")
        wait_until_said(worker, BACK, said(worker, GONE))

    here.settle()
    verdict = ledger.verdict(here.url, now_ms())

    assert ledger.odd == []
    assert (verdict.troubles, verdict.set_aside) == ({}, 0)


def said(worker: Worker, sentence: str) -> int:
    return worker.process.log().count(sentence)


def wait_until_said(worker: Worker, sentence: str, times: int) -> None:
    """Wait for the line, and see that there are no more than that."""
    until(lambda: said(worker, sentence) >= times, f"{times} times: {sentence}")

    assert said(worker, sentence) == times, worker.process.log()


def post_email(port: int) -> int:
    visitor = "0f8fad5b-d9cb-469f-a165-70867728950e"
    body = {"visitor": visitor, "email": "ada@shop.example"}

    return post(port, [], path="/email", body=body)[0]


# Errors that cannot be waited for, raised by the database itself. A sequence is not
# rolled back: it counts how often that was.
PASSING = """
CREATE SEQUENCE unt_test_tries;
CREATE FUNCTION unt_test_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('unt_test_tries') <= 6 THEN
        RAISE EXCEPTION 'on purpose' USING ERRCODE = '{code}';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER unt_test_refuse BEFORE INSERT ON unt_page
    FOR EACH ROW EXECUTE FUNCTION unt_test_refuse();
"""
PASSING_MARIADB = """
CREATE TABLE unt_test_tries (tries INT) ENGINE = Aria TRANSACTIONAL = 0;
INSERT INTO unt_test_tries VALUES (0);
CREATE TRIGGER unt_test_refuse BEFORE INSERT ON unt_page FOR EACH ROW
BEGIN
    UPDATE unt_test_tries SET tries = tries + 1;
    IF (SELECT tries FROM unt_test_tries) <= 6 THEN
        SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {code}, MESSAGE_TEXT = 'on purpose';
    END IF;
END
"""


@pytest.mark.parametrize(
    ("backend", "code"),
    [
        pytest.param("postgresql", "40P01", id="deadlock"),
        pytest.param("postgresql", "40001", id="serialization", marks=LONG),
        pytest.param("postgresql", "55P03", id="lock timeout", marks=LONG),
        pytest.param("postgresql", "53100", id="disk full"),
        pytest.param("postgresql", "57P01", id="shutting down", marks=LONG),
        pytest.param("mariadb", "1213", id="mariadb deadlock", marks=LONG),
        pytest.param("mariadb", "1205", id="mariadb lock timeout", marks=LONG),
        pytest.param("mariadb", "1114", id="mariadb full", marks=LONG),
    ],
)
def test_an_error_that_passes_is_tried_again(
    stage: Callable[..., Stage], backend: str, code: str
) -> None:
    here = stage(backend, appendfsync="no")
    here.prepare()
    execute(here, code)
    ledger, memory = Ledger(), Memory(random.Random(3))
    site = here.serve()

    for _ in range(20):
        deliver(ledger, [site.port], memory.batch())

    here.work()
    here.settle()
    verdict = ledger.verdict(here.url, now_ms())

    assert (verdict.troubles, verdict.set_aside) == ({}, 0)
    assert tries(here) > 6


def execute(stage: Stage, code: str) -> None:
    engine = sa.create_engine(stage.url, poolclass=sa.NullPool)

    with engine.begin() as connection:
        if stage.backend == "postgresql":
            connection.exec_driver_sql(PASSING.format(code=code))
        else:
            for statement in PASSING_MARIADB.format(code=code).split(";\n", 2):
                connection.exec_driver_sql(statement)

    engine.dispose()


def tries(stage: Stage) -> int:
    column = {"postgresql": "last_value", "mariadb": "tries"}[stage.backend]
    engine = sa.create_engine(stage.url, poolclass=sa.NullPool)

    with engine.connect() as connection:
        found = connection.scalar(sa.text(f"SELECT {column} FROM unt_test_tries"))

    engine.dispose()

    return int(found)
