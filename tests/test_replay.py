"""What was set aside is stored once after all, when the cause is gone."""

from __future__ import annotations

import sys
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import entries
import processes
import pytest
from click.testing import Result
from entries import NOW
from flask import Flask
from tracked import close
from tracked import settle
from tracked import site
from tracked import state_of

from flask_unt.events import data_payload
from flask_unt.events import event_payload
from flask_unt.store import Store

COLOURED = 4711
REFUSALS = {
    "sqlite": (
        "CREATE TRIGGER picky BEFORE INSERT ON unt_page_view WHEN NEW.width = 4711"
        " BEGIN SELECT raise(ABORT, 'no such width'); END",
        "DROP TRIGGER picky",
    ),
    "postgresql": (
        "ALTER TABLE unt_page_view ADD CONSTRAINT picky CHECK (width <> 4711)",
        "ALTER TABLE unt_page_view DROP CONSTRAINT picky",
    ),
    "mysql": (
        "ALTER TABLE unt_page_view ADD CONSTRAINT picky CHECK (width <> 4711)",
        "ALTER TABLE unt_page_view DROP CONSTRAINT picky",
    ),
}


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url)
    store.prepare()
    yield store
    store.dispose()


@pytest.fixture
def rows(database_url: str) -> entries.Rows:
    return entries.Rows(database_url)


def refuse(rows: entries.Rows, begin: bool = True) -> None:
    """Have the database refuse views of one width, or take them again."""
    rows.execute(REFUSALS[rows.url.partition("+")[0].partition(":")[0]][not begin])


def replay(app: Flask, *options: str) -> Result:
    result = app.test_cli_runner().invoke(args=["unt", "replay", *options])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    close(app)

    return result


def test_a_poison_is_set_aside_and_stored_once_when_it_is_none_any_more(
    database_url: str, redis_url: str, store: Store, rows: entries.Rows
) -> None:
    app = site(database_url, UNT_REDIS_URL=redis_url)
    odd = entries.view(width=COLOURED)
    refuse(rows)

    for view in (entries.view(), odd, entries.view()):
        state_of(app).stream.add(entries.data(view))

    settle(app)
    assert (rows.views(), len(rows.set_aside())) == (2, 1)

    failed = replay(app, "--yes")
    assert failed.exit_code == 1
    assert "still set aside: 1" in failed.output
    assert (rows.views(), len(rows.set_aside())) == (2, 1)

    refuse(rows, begin=False)
    assert "Stored: 1," in replay(app, "--yes").output
    assert "Nothing is set aside." in replay(app, "--yes").output
    assert (rows.views(), rows.set_aside()) == (3, [])

    figures = state_of(app).counts.read()
    close(app)
    assert (figures.accepted, figures.stored, figures.set_aside) == (3, 3, 0)


def test_one_that_is_stored_already_is_not_stored_again(
    store: Store, rows: entries.Rows
) -> None:
    entry = entries.entry()
    store.write([entry], NOW)
    store.set_aside([event_payload(entry.events[0], entry)], "odd", NOW)
    (id,) = store.set_aside_ids()
    replayed = store.replay(id, NOW)

    assert replayed is not None
    assert (replayed.stored, replayed.duplicates) == (0, 1)
    assert store.replay(id, NOW) is None
    assert (rows.views(), rows.set_aside()) == (1, [])


def test_one_that_fails_again_has_the_new_reason(
    store: Store, rows: entries.Rows
) -> None:
    poison = entries.entry(entries.poison())
    store.set_aside([event_payload(poison.events[0], poison)], "old", NOW)
    store.set_aside(["{nonsense"], "old", NOW)

    for id in list(store.set_aside_ids()):
        replayed = store.replay(id, NOW)
        assert replayed is not None
        assert replayed.reason

    assert len(rows.set_aside()) == 2
    assert "old" not in rows.set_aside()
    assert store.counts() == ({}, {})


def test_an_entry_that_could_not_be_read_may_be_readable_now(
    store: Store, rows: entries.Rows
) -> None:
    data = entries.data(entries.view(), entries.view())
    store.set_aside([data_payload(data)], "not an entry", NOW)
    (id,) = store.set_aside_ids()
    replayed = store.replay(id, NOW)

    assert replayed is not None
    assert replayed.stored == rows.views() == 2
    # Its user agent was not kept: that makes nobody a bot.
    assert rows.number("SELECT count(*) FROM unt_visit WHERE NOT bot") == 1


def test_only_those_of_a_reason(sqlite_url: str) -> None:
    app = site(sqlite_url)
    store = state_of(app).store

    for number in range(3):
        entry = entries.entry()
        payload = event_payload(entry.events[0], entry)
        store.set_aside([payload], "odd 100%" if number else "even", NOW)

    assert "Stored: 2," in replay(app, "--yes", "--reason", "100%").output
    assert store.set_aside_reasons() == {"even": 1}
    close(app)


def test_nothing_happens_before_it_is_confirmed(sqlite_url: str) -> None:
    app = site(sqlite_url)
    state_of(app).store.set_aside(["{}"], "odd", NOW)
    result = replay(app)

    assert result.exit_code == 1
    assert "Aborted" in result.output
    assert state_of(app).store.set_aside_reasons() == {"odd": 1}
    close(app)


@pytest.mark.fault
def test_a_replay_killed_in_the_middle_loses_nothing(
    tmp_path: Path,
    database_url: str,
    store: Store,
    rows: entries.Rows,
    spawn: Callable[..., processes.Process],
) -> None:
    """And two at once, one of them killed, store nothing twice."""
    events = 300
    some = [entries.entry() for _ in range(events)]
    payloads = [event_payload(entry.events[0], entry) for entry in some]
    store.set_aside(payloads, "odd", NOW)
    (tmp_path / "app.py").write_text(
        "from flask import Flask\nfrom flask_unt import UNT\n"
        "app = Flask(__name__)\n"
        f"app.config.update(SECRET_KEY='secret', UNT_DATABASE_URL={database_url!r})\n"
        "UNT(app)\n"
    )
    command = [sys.executable, "-m", "flask", "--app", str(tmp_path / "app.py")]
    first, second = (spawn([*command, "unt", "replay", "--yes"]) for _ in range(2))
    first.wait_until(lambda: rows.views() >= 30)
    first.kill()
    aside = len(rows.set_aside())

    assert second.wait(120) == 0
    assert 0 < aside < events
    assert rows.set_aside() == []
    assert rows.views() == events
    assert rows.number("SELECT count(DISTINCT id) FROM unt_page_view") == events
    assert store.counts()[0] == {"set_aside": -events, "stored": events}
