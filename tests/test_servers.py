"""The servers that all other tests rely on."""

from __future__ import annotations

import os
import urllib.request

import pymysql
import pytest
import redis
import sqlalchemy
from processes import is_running


def test_database_is_empty_and_works(database_url):
    engine = sqlalchemy.create_engine(database_url)

    with engine.begin() as connection:
        assert sqlalchemy.inspect(connection).get_table_names() == []
        connection.exec_driver_sql("CREATE TABLE t (a INT)")

    engine.dispose()


def test_psycopg2(postgres2_url):
    engine = sqlalchemy.create_engine(postgres2_url)

    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1

    engine.dispose()


@pytest.mark.parametrize("turn", [1, 2])
def test_redis_is_empty_each_time(redis_url, turn):
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "over")


def test_own_redis_can_be_killed_frozen_and_started_again(own_redis):
    server = own_redis(password="secret", appendonly="yes", appendfsync="always")

    with server.client() as client:
        client.set("kept", "1")

    server.kill()

    with server.client() as client, pytest.raises(redis.ConnectionError):
        client.ping()

    server.start()
    server.freeze()

    with (
        redis.Redis.from_url(server.url(), socket_timeout=0.2, retry=None) as client,
        pytest.raises(redis.TimeoutError),
    ):
        client.ping()

    server.thaw()

    with server.client() as client:
        assert client.get("kept") == b"1"


def test_own_postgres_keeps_its_rows_when_killed(own_postgres):
    server = own_postgres()
    server.execute("CREATE TABLE kept (a INT)")
    server.kill()
    server.start()
    server.execute("SELECT * FROM kept")
    server.stop()


def test_own_mariadb_stops(own_mariadb):
    server = own_mariadb()
    server.stop()

    with pytest.raises(pymysql.err.OperationalError):
        server.execute("SELECT 1")


@pytest.mark.parametrize("server", ["gunicorn", "werkzeug"])
def test_a_site_is_served_and_killed(serve, server):
    site = serve(
        """
        import os
        from flask import Flask

        app = Flask(__name__)

        @app.get("/")
        def home():
            return os.environ["GREETING"]
        """,
        server=server,
        environment={"GREETING": "hello"},
    )

    with urllib.request.urlopen(site.url) as answer:
        assert answer.read() == b"hello"

    site.kill()

    with pytest.raises(OSError):
        urllib.request.urlopen(site.url)


def test_a_broken_site_says_why(serve):
    with pytest.raises(RuntimeError, match="no such luck"):
        serve("raise RuntimeError('no such luck')\n")


def test_children_of_a_process_die_with_it(spawn):
    """Also those that left its process group, as rq's work horse does."""
    process = spawn(["sh", "-c", "setsid sleep 60 & echo $!; wait"])
    process.wait_until(lambda: process.log().strip().isdigit())
    process.kill()

    assert not is_running(int(process.log()))
    assert is_running(os.getpid())


@pytest.mark.browser
def test_chromium(browser_page):
    browser_page.goto("data:text/html,<title>hello</title>")
    assert browser_page.title() == "hello"
