"""Each check finds what it is for, says what to do, and is quiet otherwise."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask import send_file
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from servers import PostgresServer
from tracked import ELSEWHERE
from tracked import PAGE
from tracked import close
from tracked import now
from tracked import send
from tracked import site
from tracked import state_of
from tracked import view
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_unt import UNT
from flask_unt.doctor import BAD
from flask_unt.doctor import OK
from flask_unt.doctor import RUNNING
from flask_unt.doctor import SET_UP
from flask_unt.doctor import THOROUGH
from flask_unt.doctor import WARN
from flask_unt.doctor import Finding
from flask_unt.doctor import Look
from flask_unt.doctor import examine
from flask_unt.doctor.database import compare_clocks
from flask_unt.doctor.database import filesystem_of
from flask_unt.doctor.policy import blocks_connecting
from flask_unt.doctor.policy import blocks_script

NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:1/nowhere"
LONG_KEY = "a key that nobody guesses, of some length"


def findings(app: Flask, *, later: int = 0, **options: Any) -> dict[str, Finding]:
    """The worst finding of each check."""
    look = Look(state_of(app), now() + later, **options)
    found = examine(look, (*RUNNING, *SET_UP, *THOROUGH))
    close(app)

    return {finding.check: finding for finding in reversed(found)}


@pytest.fixture
def good(sqlite_url: str) -> Flask:
    """A site where nothing is to be said."""
    app = site(sqlite_url)
    app.config.update(SECRET_KEY=LONG_KEY)

    return app


def test_nothing_is_wrong_on_a_site_that_is_set_up(sqlite_url: str) -> None:
    app = Flask("site")
    app.config.update(SECRET_KEY=LONG_KEY, UNT_DATABASE_URL=sqlite_url)
    app.get("/")(lambda: PAGE)
    UNT(app)
    found = findings(app)

    assert {finding.level for finding in found.values()} == {OK}
    assert "carries the tag" in found["injection"].problem


# -- the database -------------------------------------------------------


def test_a_database_that_cannot_be_reached() -> None:
    found = findings(site(NOWHERE))

    assert found["database"].level == BAD
    assert "UNT_DATABASE_URL" in found["database"].cure


def test_a_database_that_takes_no_writes(good: Flask, tmp_path: Path) -> None:
    state_of(good).store.prepare()
    close(good)

    with sqlite3.connect(tmp_path / "unt.db") as database:
        database.execute("DROP TABLE unt_mark")

    found = findings(good)
    assert found["database"].problem == "The database takes no writes now."
    assert found["rights"].level == BAD


@pytest.mark.parametrize("level", [BAD, WARN])
def test_tables_of_another_release(
    good: Flask, tmp_path: Path, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    state_of(good).store.prepare()
    close(good)
    revision = "9999" if level == WARN else "0000"

    with sqlite3.connect(tmp_path / "unt.db") as database:
        database.execute("UPDATE unt_alembic_version SET version_num = ?", [revision])

    if level == BAD:
        known = "flask_unt.store.migrate._is_known"
        monkeypatch.setattr(known, lambda revision: True)

    fresh = site(f"sqlite:///{tmp_path / 'unt.db'}")
    found = findings(fresh)

    assert found["tables"].level == level
    assert ("flask unt init-db" in found["tables"].cure) is (level == BAD)


def test_events_set_aside_are_a_warning_with_their_reasons(good: Flask) -> None:
    state_of(good).store.set_aside(["one", "two"], "too odd", now())
    found = findings(good)["set-aside"]

    assert found.level == WARN
    assert "2 events are set aside" in found.problem
    assert "2 × too odd" in found.problem
    assert "flask unt replay" in found.cure


def test_a_role_without_rights(postgres_url: str) -> None:
    state_of(app := site(postgres_url)).store.prepare()
    close(app)
    engine = sa.create_engine(postgres_url)

    with engine.begin() as connection:
        connection.execute(sa.text("CREATE ROLE unt_reader LOGIN"))
        connection.execute(
            sa.text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO unt_reader")
        )
        connection.execute(sa.text("GRANT UPDATE, DELETE ON unt_agent TO unt_reader"))

    try:
        poor = findings(site(postgres_url.replace("unt@", "unt_reader@")))
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("DROP OWNED BY unt_reader"))
            connection.execute(sa.text("DROP ROLE unt_reader"))

        engine.dispose()

    assert poor["rights"].level == BAD
    assert "UPDATE on unt_" in poor["rights"].problem
    assert "INSERT on unt_agent" in poor["rights"].problem


def test_a_read_only_database_is_no_matter_of_rights(
    good: Flask, tmp_path: Path
) -> None:
    state_of(good).store.prepare()
    close(good)
    file = f"sqlite:///file:{tmp_path / 'unt.db'}?mode=ro&uri=true"
    found = findings(site(file))

    assert "rights" not in found
    assert found["read-only"].level == BAD
    assert "readonly database" in found["read-only"].problem
    assert "UNT_DATABASE_URL" in found["read-only"].cure


def test_a_postgresql_that_is_read_only(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    state_of(app := site(postgres_url)).store.prepare()
    close(app)
    name = sa.make_url(postgres_url).database
    setting = f"ALTER DATABASE {name} SET default_transaction_read_only = on"
    postgres_server.execute(setting)
    found = findings(site(postgres_url))

    assert "rights" not in found
    assert "read-only transaction" in found["read-only"].problem


def test_rights_and_clock_are_fine_on_every_database(database_url: str) -> None:
    found = findings(site(database_url))

    assert "rights" not in found
    assert found.get("clock-database", found["database"]).level == OK


def test_a_file_of_the_site_itself(tmp_path: Path) -> None:
    file = tmp_path / "site.db"

    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE shop (id INTEGER)")

    assert findings(site(f"sqlite:///{file}"))["sqlite"].level == WARN


def test_a_file_on_a_network_filesystem(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        "36 22 0:52 / /srv/my\\040share rw - nfs4 files:/ rw\n"
    )

    assert filesystem_of("/srv/my share/unt.db", mounts) == "nfs4"
    assert filesystem_of("/srv/my shares/unt.db", mounts) == "ext4"
    assert filesystem_of("/x", tmp_path / "missing") is None


@pytest.mark.parametrize(
    ("apart", "level"), [(0, OK), (1900, OK), (-3000, WARN), (61_000, BAD)]
)
def test_clocks_are_compared(apart: int, level: str) -> None:
    found = compare_clocks("database", "the database", apart)

    assert (found.check, found.level) == ("clock-database", level)
    assert bool(found.cure) is (level != OK)


# -- Redis and workers --------------------------------------------------


@pytest.mark.parametrize(
    ("options", "level"),
    [
        ({}, BAD),
        ({"save": "3600 1"}, WARN),
        ({"appendonly": "yes"}, OK),
    ],
)
def test_what_redis_keeps(
    own_redis: Callable[..., Any], options: dict[str, str], level: str
) -> None:
    found = findings(site(UNT_REDIS_URL=own_redis(**options).url()))

    assert found["redis-persistence"].level == level
    assert found["clock-redis"].level == OK
    assert ("appendonly yes" in found["redis-persistence"].cure) is (level != OK)


def test_a_redis_that_evicts(own_redis: Callable[..., Any]) -> None:
    server = own_redis(maxmemory="50mb", maxmemory_policy="allkeys-lru")
    found = findings(site(UNT_REDIS_URL=server.url()))

    assert found["redis"].level == found["redis-memory"].level == BAD
    assert "noeviction" in found["redis-memory"].cure


def test_a_redis_that_would_evict(own_redis: Callable[..., Any]) -> None:
    server = own_redis(maxmemory_policy="volatile-lru")

    assert findings(site(UNT_REDIS_URL=server.url()))["redis-memory"].level == WARN


def test_a_redis_that_may_tell_little(own_redis: Callable[..., Any]) -> None:
    server = own_redis()

    with server.client() as client:
        client.execute_command(
            *"ACL SETUSER poor on >pw ~{unt}:* +@all -@admin -@dangerous -time".split()
        )

    url = server.url().replace("redis://", "redis://poor:pw@")
    found = findings(site(UNT_REDIS_URL=url))

    assert found["redis"].level == OK
    assert "does not tell" in found["redis-persistence"].problem


def test_a_redis_that_is_away(free_port: int) -> None:
    found = findings(site(UNT_REDIS_URL=f"redis://127.0.0.1:{free_port}"))

    assert found["redis"].level == BAD
    assert "redis-persistence" not in found


def test_what_waits_without_a_worker(redis_url: str) -> None:
    app = site(UNT_REDIS_URL=redis_url)
    send(app, view())
    soon, late = findings(app), findings(app, later=61_000)

    assert "waiting" not in soon
    assert soon["workers"].level == WARN
    assert late["waiting"].level == BAD
    assert late["waiting"].cure == "Run flask unt-worker."


def test_what_waits_beside_a_worker(redis_url: str) -> None:
    app = site(UNT_REDIS_URL=redis_url)
    send(app, view())
    state_of(app).stream.beat("host:1:a", 60_000)
    late = findings(app, later=61_000)

    assert late["workers"].problem == "1 worker runs."
    assert "log" in late["waiting"].cure


def test_a_queue_of_another_site(tmp_path: Path, redis_url: str) -> None:
    one = site(f"sqlite:///{tmp_path}/one.db", UNT_REDIS_URL=redis_url)
    two = site(f"sqlite:///{tmp_path}/two.db", UNT_REDIS_URL=redis_url)

    assert findings(one)["redis"].level == OK
    assert findings(two)["redis"].level == BAD
    assert "UNT_QUEUE" in findings(two)["redis"].cure


# -- the site -----------------------------------------------------------


def test_flask_migrate_must_not_see_our_tables(tmp_path: Path) -> None:
    app = site(f"sqlite:///{tmp_path}/unt.db")
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    Migrate(app, SQLAlchemy(app))

    with app.app_context():
        assert findings(app)["migrate"].level == OK
        app.extensions["migrate"].configure_args["include_name"] = lambda *_: True
        assert findings(app)["migrate"].level == BAD


def test_a_proxy_that_the_app_was_not_told_of(good: Flask) -> None:
    headers = {"Origin": "http://localhost", "X-Forwarded-For": "203.0.113.7"}
    send(good, view(), headers=headers)

    assert "ProxyFix" in findings(good)["proxy"].cure
    assert "proxy" not in findings(good, later=25 * 3_600_000)
    good.wsgi_app = ProxyFix(good.wsgi_app)  # type: ignore[method-assign]
    assert "proxy" not in findings(good)


def test_middleware_that_cannot_be_stepped_through() -> None:
    app = Flask("site")
    app.config.update(SECRET_KEY=LONG_KEY, UNT_DATABASE_URL="sqlite://")
    inner = app.wsgi_app

    def stamp(environ: Any, start_response: Any) -> Any:
        return inner(environ, start_response)

    app.wsgi_app = stamp  # type: ignore[method-assign]
    UNT(app)

    assert "Call UNT(app) first" in findings(app)["middleware"].cure


@pytest.mark.parametrize(
    ("prefix", "level"), [("/k3x9", WARN), ("/analytics", WARN), ("/q7w3e9zk", OK)]
)
def test_a_prefix_that_can_be_guessed(prefix: str, level: str) -> None:
    app = Flask("site")
    app.config.update(SECRET_KEY=LONG_KEY, UNT_DATABASE_URL="sqlite://")
    app.config["UNT_PREFIX"] = prefix
    UNT(app)

    assert findings(app)["prefix"].level == level


def test_a_weak_key_and_older_ones() -> None:
    app = Flask("site")
    app.config.update(SECRET_KEY="dev", UNT_DATABASE_URL="sqlite://")
    app.config["SECRET_KEY_FALLBACKS"] = ["older"]
    UNT(app)
    found = findings(app)

    assert found["secret-key"].level == WARN
    assert found["secret-key-fallbacks"].level == OK


def test_what_was_refused_comes_with_its_cure(good: Flask) -> None:
    good.config["SERVER_NAME"] = "localhost"
    send(good, view(), headers=ELSEWHERE)
    send(good, headers={"Origin": "http://localhost"}, json={"v": 99})
    found = findings(good)

    assert found["refused-foreign-origin"].level == WARN
    assert 'UNT_HOSTS"] = ["elsewhere.example"]' in found["refused-foreign-origin"].cure
    assert found["refused-version"].level == OK


def test_a_server_name_that_is_not_what_pages_say() -> None:
    app = site(SERVER_NAME="shop.example")
    send(app, view(), headers=ELSEWHERE)

    assert "elsewhere.example" in findings(app)["server-name"].problem


def test_who_is_signed_in_cannot_be_asked() -> None:
    def identify() -> str:
        raise RuntimeError("no session for ada@site.example")

    app = site(unt=UNT(identify=identify))
    send(app, view())
    found = findings(app)["identity"]

    assert found.level == WARN
    assert "RuntimeError: no session for [email]" in found.problem


def test_a_cookie_for_every_page_is_said() -> None:
    found = findings(site(UNT_COOKIE="site", UNT_CONSENT="required"))

    assert found["cookie"].level == WARN
    assert "once consent is given" in found["consent"].problem


# -- pages --------------------------------------------------------------


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Flask]:
    """A site with pages of every kind."""
    app = site(f"sqlite:///{tmp_path}/unt.db")
    file = tmp_path / "page.html"
    file.write_text(PAGE)
    app.get("/file", endpoint="file")(lambda: send_file(file))
    app.get("/streamed", endpoint="streamed")(lambda: iter([PAGE]))
    app.get("/open", endpoint="open")(lambda: PAGE.replace("</body></html>", ""))
    app.get("/fails", endpoint="fails")(lambda: 1 / 0)
    app.get("/text", endpoint="text")(lambda: ("text", {"Content-Type": "text/plain"}))
    app.get("/part", endpoint="part")(lambda: "<li>part of a page</li>")
    yield app
    close(app)


@pytest.mark.parametrize(
    ("path", "level", "why"),
    [
        ("/", OK, "carries the tag"),
        ("/file", BAD, "send_file"),
        ("/streamed", BAD, "streamed"),
        ("/open", BAD, "</body>"),
        ("/fails", WARN, "failed"),
        ("/text", OK, "cannot be told"),
        ("/nowhere", OK, "cannot be told"),
    ],
)
def test_a_page_is_asked_for(pages: Flask, path: str, level: str, why: str) -> None:
    pages.testing = True
    found = findings(pages, pages=(path,))["injection"]

    assert found.level == level
    assert why in found.problem


def test_each_page_has_its_own_reason(pages: Flask) -> None:
    looks = Look(state_of(pages), now(), pages=("/streamed", "/open", "/streamed"))
    why = [f.problem for f in examine(looks, THOROUGH) if f.check == "injection"]

    assert ["streamed" in problem for problem in why[:3]] == [True, False, True]


def test_pages_that_visitors_were_shown_without_the_tag_are_named(pages: Flask) -> None:
    """No view is called for that: the injector has noted it."""
    for path in ("/file", "/streamed", "/part", "/text", "/"):
        pages.test_client().get(path).close()

    found = examine(Look(state_of(pages), now()), SET_UP)
    named = [f.problem for f in found if f.check == "injection"]

    assert len(named) == 2
    assert "streamed" in named[1]


def test_a_page_without_injection(tmp_path: Path) -> None:
    app = site(f"sqlite:///{tmp_path}/unt.db", UNT_INJECT=False)

    assert "UNT_INJECT is off" in findings(app)["injection"].problem


@pytest.mark.parametrize(
    ("policy", "script", "connect"),
    [
        ("default-src 'self'", False, False),
        ("default-src 'none'", True, True),
        ("script-src 'self'; connect-src 'none'", False, True),
        ("script-src https://cdn.example; connect-src *", True, False),
        ("script-src 'nonce-abc' 'strict-dynamic'; connect-src https:", False, False),
        ("script-src 'nonce-other'", True, False),
        ("script-src 'self' 'strict-dynamic'", True, False),
        ("default-src 'none'; script-src-elem https://*.site.example", False, True),
        ("default-src 'self', default-src 'none'", True, True),
        ("img-src 'none'", False, False),
        ("script-src http://www.site.example", True, False),
        ("", False, False),
    ],
)
def test_what_a_policy_blocks(policy: str, script: bool, connect: bool) -> None:
    base = urlsplit("https://www.site.example/")
    tag = '<script defer src="/k3x9/unt.js" data-auto nonce="abc">'

    assert blocks_script(policy, tag, base) is script
    assert blocks_connecting(policy, base) is connect


def test_a_policy_that_blocks_the_script_is_named(tmp_path: Path) -> None:
    app = site(f"sqlite:///{tmp_path}/unt.db")
    policy = "script-src 'none'; connect-src 'none'"

    @app.after_request
    def guard(response: Any) -> Any:
        response.headers["Content-Security-Policy"] = policy
        return response

    look = Look(state_of(app), now())
    found = [f.problem for f in examine(look, THOROUGH) if f.check == "csp"]
    close(app)

    assert len(found) == 2
