"""``make demo``: two lines that a script can read, and nothing left behind."""

from __future__ import annotations

import http.cookiejar
import re
import sys
import urllib.request

import pytest
import redis
from processes import REPOSITORY
from processes import answers
from processes import process_tree

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

TWO_LINES = re.compile(r"^site: (\S+)\ndashboard: (\S+)$", re.MULTILINE)


@pytest.fixture
def demo(spawn, tmp_path, free_port):
    """Start the demo on a database of its own; give the process and the two links."""

    def start(**environment):
        process = spawn(
            [sys.executable, "scripts/demo.py", "--port", str(free_port)],
            environment={
                "DATABASE_URL": f"sqlite:///{tmp_path}/site.db",
                "SECRET_KEY": "of the demo's test",
                **environment,
            },
            folder=REPOSITORY,
        )
        process.wait_until(lambda: TWO_LINES.search(process.log()) is not None, 120)

        return process, *TWO_LINES.search(process.log()).groups()

    return start


def browse(url):
    jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())

    with urllib.request.build_opener(jar).open(url) as answer:
        return answer.read().decode()


def test_serves_the_site_and_a_dashboard_link_that_opens(demo, free_port):
    """It makes its demo data once."""
    process, site, dashboard = demo()
    assert site == f"http://127.0.0.1:{free_port}/"
    assert "Lantern Hill" in browse(site)
    assert "@" in browse(dashboard)

    children = process_tree(process.pid)
    assert len(children) > 1
    assert process.log().count("demo data, once") == 1
    assert process.stop() == 143
    assert not answers(free_port)

    process.start()
    process.wait_until(lambda: len(TWO_LINES.findall(process.log())) == 2)
    assert process.log().count("demo data, once") == 1


def test_runs_a_worker_beside_the_site_with_redis(demo, redis_url):
    process, _, _ = demo(REDIS_URL=redis_url)

    with redis.Redis.from_url(redis_url) as client:
        process.wait_until(lambda: client.scard("rq:workers") == 1)
        assert process.stop() == 143
        assert client.scard("rq:workers") == 0


def test_says_so_when_the_port_is_taken(spawn, serve):
    site = serve("from flask import Flask\napp = Flask(__name__)\n", server="werkzeug")
    process = spawn([sys.executable, "scripts/demo.py", "--port", str(site.port)])
    assert process.wait() == 1
    assert f"Port {site.port} is in use." in process.log()
