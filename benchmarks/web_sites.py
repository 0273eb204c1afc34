"""The sites that are measured; what they are is in their environment.

``bare`` is WSGI without a framework, ``plain`` a Flask site with an empty view,
``tracked`` the same with UNT.
"""

from __future__ import annotations

import os
import sqlite3
from typing import Any

from flask import Flask
from flask import render_template_string
from flask import request
from flask import session

SECRET_KEY = "of the benchmark"
NO_LIMIT = "100000000/minute"
PAGE = "<!doctype html><title>A page</title><body>{}</body>"
PARAGRAPH = '<p class="item"><a href="/articles/7">An article</a> to read.</p>\n'
SHOP = """<!doctype html><title>Shop</title><body><h1>{{ title }}</h1><ul>
{% for number in range(200) %}<li><a href="/articles/{{ number }}">Article
{{ number }}</a> <span>{{ "%.2f"|format(number * 1.9) }} EUR</span></li>
{% endfor %}</ul></body>"""


def bare() -> Any:
    """Answers 204 to everything."""
    return _answer_nothing


def plain() -> Flask:
    app = Flask(__name__)
    app.config["SECRET_KEY"] = SECRET_KEY
    app.add_url_rule("/empty", view_func=_empty, methods=["POST"])
    app.add_url_rule("/page/<int:size>", view_func=_page)
    app.add_url_rule("/shop", view_func=_shop)
    app.add_url_rule("/order", view_func=_order)

    return app


def tracked() -> Flask:
    """Without ``UNT_REDIS_URL``, views are written to the database in the request."""
    from flask_unt import UNT

    app = plain()
    app.config.update(
        UNT_PREFIX="/bench",
        UNT_DATABASE_URL=os.environ["BENCH_DATABASE"],
        UNT_REDIS_URL=os.environ.get("BENCH_REDIS"),
        UNT_RATE_LIMIT=os.environ.get("BENCH_LIMIT", NO_LIMIT),
        UNT_NEW_PER_DAY=100_000_000,
        UNT_MAX_BACKLOG=100_000_000,
    )
    identify = _signed_in if "BENCH_IDENTIFY" in os.environ else None
    UNT(app, identify=identify)

    return app


def _empty() -> tuple[str, int]:
    request.get_data()
    return "", 204


def _page(size: int) -> str:
    text = PARAGRAPH * (size // len(PARAGRAPH) + 1)
    return PAGE.format(text[: size - len(PAGE) + 2])


def _shop() -> str:
    return render_template_string(SHOP, title="What we sell")


def _order() -> str:
    """Write to the host's own SQLite file, a connection each time as hosts do."""
    with sqlite3.connect(os.environ["BENCH_HOST_FILE"], timeout=30) as connection:
        connection.execute("INSERT INTO orders (total) VALUES (42)")

    connection.close()
    return "<!doctype html><title>Thank you</title><body>Thank you.</body>"


def _signed_in() -> Any:
    return session.get("email")


def _answer_nothing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("204 No Content", [])
    return []
