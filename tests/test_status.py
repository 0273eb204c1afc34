"""``flask unt status`` and the dashboard's page: the same figures, calmly."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from dashboards import BOARD
from dashboards import opened
from dashboards import words
from flask import Flask
from tracked import ELSEWHERE
from tracked import batch
from tracked import close
from tracked import now
from tracked import send
from tracked import settle
from tracked import site
from tracked import state_of
from tracked import view

from flask_unt.dashboard.status import status_of
from flask_unt.stream import Stream


def status(app: Flask, *options: str) -> Result:
    result = app.test_cli_runner().invoke(args=["unt", "status", *options])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    close(app)

    return result


def report(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(status(app, "--json").stdout)

    return found


@pytest.fixture
def app(tmp_path: Path, redis_url: str) -> Flask:
    """A busy site: three views stored, one twice, one set aside, others refused."""
    app = site(f"sqlite:///{tmp_path}/unt.db", UNT_REDIS_URL=redis_url)
    again = view()
    send(app, view(), view(), again).close()
    send(app, json={**batch(again), "dropped": 4}).close()
    bad = batch(view(url="javascript:alert(1)"), view(url="data:x"))
    send(app, json={**bad, "dropped": 3}).close()
    send(app, view(), headers=ELSEWHERE).close()
    settle(app)
    state_of(app).store.set_aside(["{}"], "odd", now())
    state_of(app).counts.hand_on()
    state_of(app).stream.beat("host:1:a", 60_000)
    send(app, view()).close()

    return app


def test_a_script_reads_what_all_processes_counted(app: Flask) -> None:
    found = report(app)

    assert {n: found[n] for n in ("accepted", "stored", "duplicates")} == {
        "accepted": 5,
        "stored": 3,
        "duplicates": 1,
    }
    assert (found["set_aside"], found["forgotten"], found["waiting"]) == (1, 0, 1)
    assert found["dropped"] == 7
    assert found["refused"] == {"bad-url": 2, "foreign-origin": 1}
    assert found["workers"] == ["host:1:a"]
    assert 0 <= now() - found["last_drain"] < 60_000
    assert 0 <= found["oldest_ms"] < 60_000
    assert found["schema"]["is_head"] is True
    assert found["database"]["views"] == 3
    assert (found["trouble"], found["missing"]) == ([], [])
    assert len(found["warnings"]) == 1


def test_people_read_it_in_aligned_lines(app: Flask) -> None:
    result = status(app)
    lines = result.output.splitlines()
    figures = [line for line in lines if not line.startswith(("warn", "     "))]
    starts = {len(re.match(r"\s*\S.*?\s{2,}", line)[0]) for line in figures}  # type: ignore[index]

    assert result.exit_code == 0
    assert starts == {20}
    assert re.search(
        r"^accepted +5 since \d{4}-\d\d-\d\d \d\d:\d\d UTC$", "\n".join(lines), re.M
    )
    assert re.search(r"^  bad-url +2$", result.output, re.M)
    assert re.search(r"^waiting +1, oldest \d+\.\d s$", result.output, re.M)
    assert re.search(r"^last drain +\d+\.\d s ago$", result.output, re.M)


def test_the_dashboard_says_the_same(app: Flask) -> None:
    text = words(opened(app).get(f"{BOARD}/status"))
    close(app)

    assert "Something wants a look" in text
    assert "Accepted 5 Stored 3 Known before 1 Given up by browsers 7" in text
    assert "Waiting in Redis 1" in text
    assert "Last drain just now" in text
    assert "1 event is set aside" in text
    assert "flask unt replay" in text
    assert "1 request came from pages of elsewhere.example." in text
    assert "2 requests could not be read (bad-url)." in text
    assert "Redis keeps nothing on disk" in text
    assert "is easily guessed" in text


def test_a_refusal_of_long_ago_is_no_headline(sqlite_url: str) -> None:
    app = site(sqlite_url)
    send(app, view(), headers=ELSEWHERE).close()
    state = state_of(app)
    today, next_week = (status_of(state, now() + ms) for ms in (0, 7 * 86_400_000))
    close(app)

    assert [s["was_refused_lately"] for s in (today, next_week)] == [True, False]
    assert today["refused"] == next_week["refused"] != ()


def test_a_site_without_redis_needs_no_worker(sqlite_url: str) -> None:
    app = site(sqlite_url)
    send(app, view()).close()
    found = report(app)

    assert (found["accepted"], found["stored"]) == (1, 1)
    assert (found["waiting"], found["stream"]) == (0, None)
    assert status(app).exit_code == 0


# -- what the exit code says, as docs/deployment.md has it ----------------


def test_no_database(tmp_path: Path) -> None:
    app = site(f"sqlite:///{tmp_path}/no/unt.db")

    assert status(app).exit_code == 1
    assert report(app)["set_aside"] is None


def test_a_database_that_takes_no_writes(tmp_path: Path) -> None:
    app = site(f"sqlite:///{tmp_path}/unt.db")
    status(app)

    with sqlite3.connect(tmp_path / "unt.db") as database:
        database.execute("DROP TABLE unt_page_view")

    assert status(site(f"sqlite:///{tmp_path}/unt.db")).exit_code == 1


def test_tables_of_an_older_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status(site(f"sqlite:///{tmp_path}/unt.db"))
    monkeypatch.setattr("flask_unt.store.migrate.head", lambda: "0002")
    result = status(site(f"sqlite:///{tmp_path}/unt.db"))

    assert result.exit_code == 1
    assert "revision 0001, wanted is 0002" in result.output
    assert "flask unt init-db" in result.output


def test_redis_away(tmp_path: Path, free_port: int) -> None:
    url = f"redis://127.0.0.1:{free_port}"
    app = site(f"sqlite:///{tmp_path}/unt.db", UNT_REDIS_URL=url)
    found = report(app)

    assert found["waiting"] is None
    assert found["missing"] == ["Redis"]
    assert status(app).exit_code == 1


@pytest.mark.parametrize("worker", [True, False])
def test_an_entry_that_waits_for_long(
    tmp_path: Path, redis_url: str, worker: bool
) -> None:
    app = site(f"sqlite:///{tmp_path}/unt.db", UNT_REDIS_URL=redis_url)
    stream: Stream = state_of(app).stream

    with stream.connection() as client:
        client.xadd(stream.key, {"d": b"x"}, id=f"{now() - 61_000}-0")

    if worker:
        stream.beat("host:1:a", 60_000)

    result = status(app)
    assert result.exit_code == 1
    assert ("and no worker runs" in result.output) is not worker


def test_no_worker_is_but_a_warning(tmp_path: Path, redis_url: str) -> None:
    app = site(f"sqlite:///{tmp_path}/unt.db", UNT_REDIS_URL=redis_url)
    result = status(app)

    assert result.exit_code == 0
    assert "No worker runs" in result.output


def test_nothing_of_visitors_is_printed(app: Flask) -> None:
    text = status(app).output + status(app, "--json").output

    assert "0f8fad5b" not in text
    assert "shop" not in text
