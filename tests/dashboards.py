"""Small sites with a dashboard, for the tests of it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from tracked import PAGE
from tracked import PREFIX
from tracked import VISITOR
from tracked import bare_app
from tracked import close
from tracked import now
from tracked import send
from tracked import state_of
from tracked import view
from werkzeug.test import TestResponse

from flask_unt import UNT
from flask_unt.dashboard.access import make_login_link

BOARD = f"{PREFIX}/dashboard"
COOKIE = "unt_dashboard"


def sites(tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """make_site(unt=None, **config) makes a site on a SQLite file of the test's own.

    A fixture, once a test module says ``make_site = pytest.fixture(sites)``.

    ``unt`` holds the arguments of ``UNT()``. Sites of one test share the file.
    """
    made: list[Flask] = []

    def make(unt: dict[str, Any] | None = None, **config: Any) -> Flask:
        app = bare_app(UNT_DATABASE_URL=f"sqlite:///{tmp_path / 'unt.db'}")
        app.config.update(config)
        app.get("/")(lambda: PAGE)
        UNT(**(unt or {})).init_app(app)
        made.append(app)
        return app

    yield make

    for app in made:
        close(app)


def midday_zone() -> str:
    """A time zone where today began hours ago, and has hours to go."""
    ahead = 12 - time.gmtime().tm_hour

    return f"Etc/GMT{-ahead:+}"


def opened(app: Flask) -> FlaskClient:
    """A browser that has opened a login link."""
    client = app.test_client()
    client.get(make_login_link(state_of(app)))
    return client


def seen(
    app: Flask, path: str = "/", title: str = "Home", ago: int = 0, **more: Any
) -> None:
    """Have a page viewed, ``ago`` milliseconds ago."""
    url = f"http://localhost{path}"
    answer = send(app, view(url=url, title=title, time=now() - ago, **more))
    assert answer.json["rejected"] == []
    # Users are numbered in the order in which they are written.
    state_of(app).store.catch_up()


def declare(app: Flask, email: str, visitor: str = VISITOR) -> None:
    """Have a visitor leave an email."""
    body = {"visitor": visitor, "email": email}
    assert app.test_client().post(f"{PREFIX}/email", json=body).status_code == 200


def words(answer: TestResponse) -> str:
    """A page's text without its tags, in single spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def form_token(answer: TestResponse) -> str:
    """What the first form of a page sends along."""
    found = re.search(r'name="token" value="([^"]+)"', answer.text)
    assert found, answer.text
    return found[1]
