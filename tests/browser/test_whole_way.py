"""The whole way: a visitor browses, leaves an email, signs in; the owner reads it."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import playwright.sync_api
import pytest
from processes import REPOSITORY

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

PATIENCE = 60.0
MEMBER = "grace@example.com"
GUEST = "guest@example.net"
# Rows of the navigation log that are no event's.
VIEWS = ".visit tbody tr:not(.happened)"


@pytest.fixture(params=["sqlite", "redis-and-postgresql"])
def environment(request: pytest.FixtureRequest, tmp_path: Any) -> dict[str, str]:
    """The two ways to run the example site."""
    secret = {"SECRET_KEY": "of the whole way"}

    if request.param == "sqlite":
        return {**secret, "DATABASE_URL": f"sqlite:///{tmp_path}/site.db"}

    return {
        **secret,
        "DATABASE_URL": request.getfixturevalue("postgres_url"),
        "REDIS_URL": request.getfixturevalue("redis_url"),
    }


@pytest.fixture
def example(
    environment: dict[str, str], serve: Callable[..., Any], spawn: Callable[..., Any]
) -> Any:
    """The example site as it runs for its visitors, with a worker where there is Redis.

    ``command("unt", "login-link")`` runs a flask command and returns what it printed.
    """
    site = serve("example_app:create_app()", environment=environment)
    flask = [sys.executable, "-m", "flask", "--app", "example_app"]

    if "REDIS_URL" in environment:
        spawn([*flask, "unt-worker"], environment=environment, folder=REPOSITORY)

    def command(*words: str) -> str:
        process = spawn([*flask, *words], environment=environment, folder=REPOSITORY)
        assert process.wait() == 0, process.log()

        return str(process.log())

    site.command = command

    return site


@pytest.fixture
def owner(
    chromium: playwright.sync_api.Browser,
) -> Iterator[playwright.sync_api.Page]:
    """The owner's own browser."""
    context = chromium.new_context()
    context.set_default_timeout(45_000)
    yield context.new_page()
    context.close()


def test_from_the_first_page_to_the_navigation_log(
    example: Any, page: Any, owner: Any
) -> None:
    began = time.time()
    seen = [_open(page, example.url + "/")]
    seen += [_follow(page, name) for name in ("Info", "Contact")]
    page.fill("#emailUNT", GUEST)
    page.click("#send")
    page.wait_for_selector("#feedback[data-mood=good]")

    _enter(owner, example)
    _open_person(owner, example, GUEST, views=3)
    assert "declared" in owner.inner_text("h1")
    assert _log(owner) == seen

    _follow(page, "Sign in")
    seen.append((page.title(), "/sign-in"))
    page.fill("#email", MEMBER)
    page.fill("#password", "any")
    page.click("main button")
    page.wait_for_selector("#sign-out")
    seen.append((page.title(), "/"))

    _open_person(owner, example, MEMBER, views=5)
    assert "signed in" in owner.inner_text("h1")
    assert _log(owner) == seen

    local, server = _times(owner)
    assert local == sorted(local)
    assert began - 1 <= local[0] <= local[-1] <= time.time()
    assert all(
        0 <= late - early < 120 for early, late in zip(local, server, strict=True)
    )


def _open(page: Any, url: str) -> tuple[str, str]:
    page.goto(url)

    return page.title(), page.evaluate("location.pathname")


def _follow(page: Any, name: str) -> tuple[str, str]:
    page.get_by_role("link", name=name, exact=True).first.click()
    page.wait_for_function(f"document.title.startsWith({name!r})")
    page.wait_for_load_state()

    return page.title(), page.evaluate("location.pathname")


def _enter(owner: Any, example: Any) -> None:
    """Open the dashboard with a link from the command line; it was closed before."""
    [path] = re.findall(r"/\S+/dashboard\S*", example.command("unt", "login-link"))
    closed = owner.goto(example.url + path.partition("/dashboard")[0] + "/dashboard")
    assert closed.status == 404
    assert owner.goto(example.url + path).ok
    example.dashboard = owner.url


def _open_person(owner: Any, example: Any, email: str, *, views: int) -> None:
    """Go from the list to the person, once all the views have arrived."""
    people = re.sub(r"/dashboard.*", "/dashboard/users", example.dashboard)
    end = time.monotonic() + PATIENCE

    while time.monotonic() < end:
        owner.goto(people)
        link = owner.get_by_role("link", name=email)

        if link.count():
            link.click()
            owner.wait_for_selector(f"h1:has-text('{email}')")

            if owner.locator(VIEWS).count() >= views:
                return

        time.sleep(0.3)

    raise AssertionError(f"{owner.inner_text('body')}\n{example.log()}")


def _log(owner: Any) -> list[tuple[str, str]]:
    """Title and path of the views in the navigation log, the oldest first."""
    rows = owner.locator(VIEWS).all()
    found = [
        (
            row.locator(".title").inner_text(),
            re.sub(r"^[^/]*", "", row.locator(".path").inner_text()),
        )
        for row in rows
    ]

    return found[::-1]


def _times(owner: Any) -> tuple[list[float], list[float]]:
    """The browser's and the server's times of the views, the oldest first."""
    local = _moments(owner)
    owner.get_by_role("link", name="Server’s clock").click()
    owner.wait_for_selector("a[aria-current=true]:has-text('Server')")

    return local, _moments(owner)


def _moments(owner: Any) -> list[float]:
    return [_moment(one) for one in owner.locator(f"{VIEWS} .t time").all()][::-1]


def _moment(element: Any) -> float:
    text = element.get_attribute("datetime").replace("Z", "+00:00")

    return datetime.fromisoformat(text).timestamp()
