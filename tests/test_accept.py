from __future__ import annotations

import logging
from dataclasses import replace

import sqlalchemy as sa
from tracked import HERE
from tracked import VIEWS
from tracked import VISITOR
from tracked import close
from tracked import now
from tracked import post
from tracked import rows
from tracked import send
from tracked import settle
from tracked import site
from tracked import state_of
from tracked import url_of
from tracked import view

from flask_unt import UNT
from flask_unt.events import Entry
from flask_unt.events import View
from flask_unt.ingest.accept import accept
from flask_unt.ingest.accept import fresh_at

NOWHERE = "redis://127.0.0.1:1/0"
NO_DATABASE = "postgresql+psycopg://nobody@127.0.0.1:1/nowhere"


def event(number, **changes):
    made = View(
        key=number.to_bytes(16, "big"),
        id=str(number),
        visitor=VISITOR,
        time=now(),
        tz=0,
        host="localhost",
        path=f"/{number}",
        title="",
        referrer=None,
        campaign=(),
        from_key=None,
        kind="load",
        width=None,
        lang=None,
        status=None,
        skewed=False,
        mark=None,
    )
    return replace(made, **changes)


def entry(*events):
    return Entry(now(), "Firefox", None, False, None, events)


def rename(app, old, new):
    engine = sa.create_engine(url_of(app))

    with engine.begin() as connection:
        connection.execute(sa.text(f"ALTER TABLE {old} RENAME TO {new}"))

    engine.dispose()


def waiting(app):
    return state_of(app).stream.status(now()).waiting


def test_stream_comes_first(sqlite_url, redis_url):
    app = site(sqlite_url, UNT_REDIS_URL=redis_url)
    send(app, view())
    assert waiting(app) == 1
    assert rows(app, VIEWS) == []
    settle(app)
    assert len(rows(app, VIEWS)) == 1


def test_database_serves_while_redis_is_away(database_url, caplog):
    """One line in the log for all of it."""
    app = site(database_url, UNT_REDIS_URL=NOWHERE)

    with caplog.at_level(logging.INFO):
        assert [send(app, view()).status_code for _ in range(3)] == [202] * 3

    assert len(rows(app, VIEWS)) == 3
    said = [record.getMessage() for record in caplog.records]
    assert len([line for line in said if line.startswith("Redis takes no ev")]) == 1
    close(app)


def test_stream_serves_while_the_database_is_away(redis_url):
    app = site(NO_DATABASE, UNT_REDIS_URL=redis_url)
    assert send(app, view()).status_code == 202
    assert waiting(app) == 1


def test_log_says_once_that_no_worker_drains(sqlite_url, redis_url, caplog):
    app = site(sqlite_url, UNT_REDIS_URL=redis_url)
    stream = state_of(app).stream
    old = f"{now() - 70_000}-0"
    stream.connection().xadd(stream.key, {"d": b"waits"}, id=old)

    for later in (0, 40_000):
        accept(state_of(app), replace(entry(event(1)), received=now() + later), now())

    said = [r.getMessage() for r in caplog.records if "unt-worker" in r.getMessage()]
    assert said == ["2 views wait: run flask unt-worker."]


def test_email_needs_the_database(redis_url):
    app = site(NO_DATABASE, UNT_REDIS_URL=redis_url)
    content = {"visitor": VISITOR, "email": "ada@site.example"}
    response = post(app, "/email", json=content)
    assert response.status_code == 503
    assert response.headers["Retry-After"]


def test_both_away_is_said_once_and_answered_503(caplog):
    app = site(NO_DATABASE, UNT_REDIS_URL=NOWHERE)

    with caplog.at_level(logging.INFO):
        assert [send(app, view()).status_code for _ in range(3)] == [503] * 3

    starts = ("Redis takes no events", "The database takes no events")
    said = [record.getMessage() for record in caplog.records]
    assert [len([x for x in said if x.startswith(start)]) for start in starts] == [1, 1]


def test_redis_comes_back(sqlite_url, own_redis, caplog):
    server = own_redis()
    url = f"redis://127.0.0.1:{server.port}/0"
    app = site(sqlite_url, UNT_REDIS_URL=url)
    assert send(app, view()).status_code == 202
    server.kill()
    assert send(app, view()).status_code == 202
    assert len(rows(app, VIEWS)) == 1
    server.start()
    stream = state_of(app).stream

    with caplog.at_level(logging.INFO):
        while not stream.available():
            pass

        assert send(app, view()).status_code == 202

    assert "Redis takes events again." in caplog.text
    assert waiting(app) == 1


def test_an_id_made_while_redis_was_away_is_known_to_be_fresh(sqlite_url, redis_url):
    app = site(sqlite_url, UNT_REDIS_URL=redis_url)
    state = state_of(app)
    assert fresh_at(state, VISITOR) is None
    made = replace(entry(event(1)), fresh=True)
    state.store.write([made], now())
    assert fresh_at(state, VISITOR) == made.events[0].time


def test_two_sites_that_share_a_queue_do_not_mix(tmp_path, redis_url, caplog):
    one = site(f"sqlite:///{tmp_path}/one.db", UNT_REDIS_URL=redis_url)
    two = site(f"sqlite:///{tmp_path}/two.db", UNT_REDIS_URL=redis_url)
    send(one, view())
    assert send(two, view()).status_code == 202
    assert waiting(one) == 1
    assert len(rows(two, VIEWS)) == 1
    assert "Redis takes no events now" in caplog.text


def test_entry_says_who_and_with_what(sqlite_url):
    """What is signed in, the browser and its zone travel with the events."""
    app = site(sqlite_url, UNT(identify=lambda: {"email": "ada@site.example", "id": 7}))
    headers = {**HERE, "User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"}
    send(app, view(), headers=headers)
    found = rows(app, "SELECT email, host_id, verified FROM unt_user")
    assert found == [("ada@site.example", "7", 1)]
    assert rows(app, "SELECT browser FROM unt_visit")[0][0].startswith("Firefox")


def test_event_that_cannot_be_stored_is_set_aside(database_url):
    """Its neighbours are stored, and the browser need not send it for ever."""
    app = site(database_url)
    poison = event(2, width=1 << 80)
    accept(state_of(app), entry(event(1), poison, event(3)), now())
    assert sorted(path for _, _, path in rows(app, VIEWS)) == ["/1", "/3"]
    ((payload, reason),) = rows(app, "SELECT payload, reason FROM unt_set_aside")
    assert f'"width":{1 << 80}' in payload
    assert '"received":' in payload
    assert reason
    close(app)


def test_nothing_is_set_aside_while_no_event_can_be_stored(sqlite_url):
    """It waits in the database, and is written as soon as that works."""
    app = site(sqlite_url)
    accept(state_of(app), entry(event(1)), now())
    rename(app, "unt_page_view", "elsewhere")
    accept(state_of(app), entry(event(2)), now())
    assert rows(app, "SELECT count(*) FROM unt_set_aside") == [(0,)]
    assert rows(app, "SELECT tries FROM unt_inbox") == [(0,)]
    rename(app, "elsewhere", "unt_page_view")
    accept(state_of(app), entry(event(3)), now())
    state_of(app).work_off_inbox(now())
    assert len(rows(app, VIEWS)) == 3
