"""What one page view costs the site, in process: ``make bench``.

POST /e on SQLite, without Redis, beside an empty Flask view and what both share, the
test client. Each figure is the median of five runs, with the least and the most.
"""

from __future__ import annotations

import json
import logging
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable

from flask import Flask
from werkzeug.test import Client

from flask_unt import UNT

RUNS = 5
REQUESTS = 400
SITE = "http://localhost"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        app = make_app(folder)
        client = app.test_client()
        events = f"{app.config['UNT_PREFIX']}/e"
        send_view(client, events)

        print(f"{REQUESTS} requests a run, {RUNS} runs; microseconds a request")
        measure("empty view", lambda: client.get("/empty"))
        measure("POST /e, SQLite", lambda: send_view(client, events))


def make_app(folder: str) -> Flask:
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="of the benchmark",
        UNT_PREFIX="/bench",
        UNT_DATABASE_URL=f"sqlite:///{folder}/unt.db",
        UNT_RATE_LIMIT=None,
        UNT_NEW_PER_DAY=None,
    )
    app.add_url_rule("/empty", view_func=lambda: "", endpoint="empty")
    UNT(app)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)

    return app


def send_view(client: Client, address: str) -> None:
    now = int(time.time() * 1000)
    view = {
        "type": "view",
        "id": str(uuid.uuid4()),
        "visitor": str(uuid.uuid4()),
        "time": now,
        "url": f"{SITE}/page",
        "title": "A page",
    }
    answer = client.post(
        address,
        data=json.dumps({"v": 1, "sent": now, "events": [view]}),
        content_type="text/plain",
        headers={"Origin": SITE},
    )

    if answer.status_code != 202 or answer.get_json()["accepted"] != 1:
        raise SystemExit(f"Not accepted: {answer.status} {answer.text}")


def measure(name: str, request: Callable[[], object]) -> None:
    figures = [timed(request) for _ in range(RUNS)]
    print(
        f"{name:<20} {statistics.median(figures):8,.0f}"
        f"   ({min(figures):,.0f} to {max(figures):,.0f})"
    )


def timed(request: Callable[[], object]) -> float:
    begun = time.perf_counter()

    for _ in range(REQUESTS):
        request()

    return (time.perf_counter() - begun) / REQUESTS * 1e6


if __name__ == "__main__":
    main()
