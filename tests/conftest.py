"""Fixtures for every test. What is missing on the machine fails, it never skips.

addresses   sqlite_url, postgres_url, postgres2_url, mariadb_url, redis_url; and
            database_url, which runs the test on SQLite, PostgreSQL and MariaDB;
            filled_url, the same with page views in it, and filled, its store:
            both for reading only
servers     redis_server, postgres_server, mariadb_server: shared by the whole run,
            never to be stopped; own_redis, own_postgres, own_mariadb: the test's own
processes   serve(app, …), spawn(command, …), free_port
browser     chromium, browser_page
figures     note(sentence): printed at the end of the run
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import hypothesis
import playwright.sync_api
import processes
import pytest
import recount
import servers
import shared
import sites

from flask_unt import store
from flask_unt.stream import link

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


def pytest_configure(config: pytest.Config) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "RQ_REDIS_URL", "SECRET_KEY"):
        os.environ.pop(name, None)

    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", servers.data_root())

    if hasattr(config, "workerinput"):
        processes.die_with_parent()

    # A busy machine is no fault of the code: only wrong answers fail a property. Every
    # run tries the same examples: others are for --hypothesis-profile=others.
    for name in ("others", "same"):
        hypothesis.settings.register_profile(
            name,
            deadline=None,
            derandomize=name == "same",
            suppress_health_check=[hypothesis.HealthCheck.too_slow],
        )

    hypothesis.settings.load_profile(config.getoption("hypothesis_profile") or "same")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for a browser is a browser test."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    notes = [
        value
        for report in terminalreporter.getreports("passed")
        for name, value in report.user_properties
        if name == "note" and report.when == "call"
    ]

    if notes:
        terminalreporter.section("figures")

    for sentence in notes:
        terminalreporter.write_line(str(sentence))


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """note("12 s, 30 MB") prints a figure at the end of the run."""
    return lambda sentence: request.node.user_properties.append(("note", sentence))


@pytest.fixture(scope="session")
def shared_server(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Callable[[str], servers.Server]:
    """Give the run's one server of a kind: redis, postgresql or mariadb."""
    base = tmp_path_factory.getbasetemp()
    alone = worker_id == "master"
    folder = base if alone else base.parent
    run = os.getpid() if alone else os.getppid()

    return lambda kind: shared.shared_server(kind, folder, run)


@pytest.fixture(scope="session")
def redis_server(
    shared_server: Callable[[str], servers.Server],
) -> servers.RedisServer:
    """The run's Redis. Do not stop, fill, flush or configure it: see own_redis."""
    server = shared_server("redis")
    assert isinstance(server, servers.RedisServer)

    return server


@pytest.fixture
def redis_url(
    redis_server: servers.RedisServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The address of an empty Redis database of this test's own.

    Half a second is what a visitor waits for Redis; a busy machine may need more.
    """
    for limit in link.QUICK:
        monkeypatch.setitem(link.QUICK, limit, processes.PATIENCE)

    url = redis_server.fresh_database()
    yield url

    with redis_server.client(int(url.rpartition("/")[2])) as client:
        client.flushdb()


@pytest.fixture
def own_redis() -> Iterator[Callable[..., servers.RedisServer]]:
    """own_redis(password=None, **options) starts a Redis that the test may break.

    Options are those of redis.conf: ``own_redis(appendonly="yes", maxmemory="5mb")``.
    """
    yield from _own(servers.RedisServer)


@pytest.fixture(scope="session")
def postgres_server(
    shared_server: Callable[[str], servers.Server],
) -> servers.PostgresServer:
    """The run's PostgreSQL. Do not stop it: see own_postgres."""
    server = shared_server("postgresql")
    assert isinstance(server, servers.PostgresServer)

    return server


@pytest.fixture
def postgres_url(postgres_server: servers.PostgresServer) -> Iterator[str]:
    """An empty PostgreSQL database, through psycopg 3."""
    url = postgres_server.fresh_database("psycopg")
    yield url
    postgres_server.drop_database(url)


@pytest.fixture
def postgres2_url(postgres_server: servers.PostgresServer) -> Iterator[str]:
    """An empty PostgreSQL database, through psycopg2."""
    url = postgres_server.fresh_database("psycopg2")
    yield url
    postgres_server.drop_database(url)


@pytest.fixture
def own_postgres() -> Iterator[Callable[..., servers.PostgresServer]]:
    """own_postgres(*options) starts a PostgreSQL that the test may break."""
    yield from _own(servers.PostgresServer)


@pytest.fixture(scope="session")
def mariadb_server(
    shared_server: Callable[[str], servers.Server],
) -> servers.MariadbServer:
    """The run's MariaDB. Do not stop it: see own_mariadb."""
    server = shared_server("mariadb")
    assert isinstance(server, servers.MariadbServer)

    return server


@pytest.fixture
def mariadb_url(mariadb_server: servers.MariadbServer) -> Iterator[str]:
    """An empty MariaDB database, through PyMySQL."""
    url = mariadb_server.fresh_database("pymysql")
    yield url
    mariadb_server.drop_database(url)


@pytest.fixture
def own_mariadb() -> Iterator[Callable[..., servers.MariadbServer]]:
    """own_mariadb(*options) starts a MariaDB that the test may break."""
    yield from _own(servers.MariadbServer)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'unt.db'}"


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database; the test runs on SQLite, PostgreSQL and MariaDB."""
    names = {
        "sqlite": "sqlite_url",
        "postgresql": "postgres_url",
        "mariadb": "mariadb_url",
    }

    return str(request.getfixturevalue(names[request.param]))


@pytest.fixture(scope="session", params=["sqlite", "postgresql", "mariadb"])
def filled_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A database with what ``recount.fill`` writes: shared by tests that only read."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('filled') / 'unt.db'}"
        recount.fill_whole(url)
        yield url
        return

    names = {"postgresql": "postgres_server", "mariadb": "mariadb_server"}
    server = request.getfixturevalue(names[request.param])
    url = server.fresh_database()
    recount.fill_whole(url)
    yield url
    server.drop_database(url)


@pytest.fixture
def filled(filled_url: str) -> Iterator[store.Store]:
    """A store on ``filled_url``."""
    with recount.opened(filled_url) as opened:
        yield opened


@pytest.fixture
def free_port() -> int:
    """A loopback port on which nothing listens."""
    return processes.free_port()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., sites.Site]]:
    """serve(app, server="gunicorn", workers=1, arguments=(), environment=None)

    runs a site as its own process and returns it once it answers (``url``, ``stop()``,
    ``kill()``, ``start()``, ``log()``, ``folder``). ``app`` is the source of a module
    that has ``app`` in it (several lines), a path to one, or ``"module:name"``.
    ``server`` is ``"gunicorn"`` or ``"werkzeug"`` (``flask run``).
    """
    started: list[sites.Site] = []

    def start(app: str | Path, **options: Any) -> sites.Site:
        folder = tmp_path / f"site{len(started)}"
        folder.mkdir()
        site = sites.Site(_importable(app, folder), folder, **options)
        started.append(site)
        site.start()

        return site

    yield start

    for site in started:
        site.kill()


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Callable[..., processes.Process]]:
    """spawn(command, environment=None, folder=repository) runs any other process.

    ``spawn(["flask", "--app", "example_app", "unt-worker"], environment={…})`` gives
    ``log()``, ``wait()``, ``wait_until(ready)``, ``stop()``, ``kill()`` (with all its
    children), ``kill_only()``, ``freeze()``, ``thaw()``, ``code``, ``pid``.
    """
    started: list[processes.Process] = []

    def start(command: Sequence[str], **options: Any) -> processes.Process:
        log = tmp_path / f"process{len(started)}.log"
        process = processes.Process(command, log, **options)
        started.append(process)
        process.start()

        return process

    yield start

    for process in started:
        process.kill()


@pytest.fixture(scope="module")
def chromium() -> Iterator[playwright.sync_api.Browser]:
    """A headless Chromium: ``chromium.new_context(…)`` is a browser without past.

    It ends with its module: while it runs, so does its event loop, and a test that
    wants a loop of its own could not have one.
    """
    with playwright.sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=processes.command_path("chromium"),
            args=CHROMIUM_FLAGS,
        )
        yield browser
        browser.close()


@pytest.fixture
def browser_page(
    chromium: playwright.sync_api.Browser,
) -> Iterator[playwright.sync_api.Page]:
    """A page in a browser context of its own: no storage, no cookies yet."""
    context = chromium.new_context()
    context.set_default_timeout(45_000)
    yield context.new_page()
    context.close()


def _own(kind: type[servers.Server]) -> Iterator[Callable[..., Any]]:
    started: list[servers.Server] = []

    def start(*arguments: Any, **options: Any) -> servers.Server:
        server = kind(*arguments, **options)
        started.append(server)

        return server.start()

    yield start

    for server in started:
        server.remove()


def _importable(app: str | Path, folder: Path) -> str:
    if isinstance(app, Path):
        app = app.read_text()

    if "\n" not in app:
        return app

    (folder / "app.py").write_text(textwrap.dedent(app))

    return "app:app"
