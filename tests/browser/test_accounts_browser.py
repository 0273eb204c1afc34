"""Signing in, out and in as somebody else on the example site: whose each page is."""

from __future__ import annotations

import time
from typing import Any

import pytest
import sqlalchemy as sa

WHOSE = """
    SELECT p.path, u.email
      FROM unt_page_view v JOIN unt_page p ON p.id = v.page_id
      JOIN unt_visitor r ON r.id = v.visitor_id
      LEFT JOIN unt_user u ON u.id = COALESCE(v.user_id, r.owner_id)
     ORDER BY v.local_time, v.id
"""
PATIENCE = 60.0
ADA, GRACE = "ada@example.com", "grace@example.com"


@pytest.fixture
def example(serve: Any, tmp_path: Any) -> Any:
    environment = {
        "SECRET_KEY": "of the accounts",
        "DATABASE_URL": f"sqlite:///{tmp_path}/site.db",
    }
    site = serve("example_app:create_app()", environment=environment)
    site.engine = sa.create_engine(
        f"sqlite:///{tmp_path}/unt.db", poolclass=sa.NullPool
    )
    yield site
    site.engine.dispose()


def whose(example: Any, count: int) -> list[tuple[str, str | None]]:
    """Path and owner of each view, once there are so many."""
    end = time.monotonic() + PATIENCE

    while True:
        with example.engine.connect() as connection:
            found = [tuple(row) for row in connection.execute(sa.text(WHOSE))]

        if len(found) >= count or time.monotonic() > end:
            return found

        time.sleep(0.1)


def sign_in(page: Any, example: Any, email: str) -> None:
    # Whoever is signed in by the time a first view arrives may be whose it is.
    with page.expect_response(lambda answer: answer.url.endswith("/e")):
        page.goto(example.url + "/sign-in")

    page.fill("#email", email)
    page.fill("#password", "any")
    page.click("main button")
    page.wait_for_selector("#sign-out")


def sign_out(page: Any) -> None:
    page.click("#sign-out")
    page.wait_for_selector("#sign-out", state="detached")


def test_each_page_is_of_who_was_signed_in_then(
    example: Any, page: Any, open_context: Any
) -> None:
    """What was before is the first one's, and so is what nobody is signed in for."""
    page.goto(example.url + "/info")
    sign_in(page, example, ADA)
    assert whose(example, 3) == [("/info", ADA), ("/sign-in", ADA), ("/", ADA)]
    sign_out(page)
    assert whose(example, 4)[3:] == [("/", ADA)]
    sign_in(page, example, GRACE)
    page.goto(example.url + "/contact")
    found = whose(example, 7)
    assert found[4:] == [("/sign-in", ADA), ("/", GRACE), ("/contact", GRACE)]

    other = open_context().new_page()
    sign_in(other, example, GRACE)
    assert whose(example, 9)[7:] == [("/sign-in", GRACE), ("/", GRACE)]

    with example.engine.connect() as connection:
        count = "SELECT count(*) FROM unt_user"
        assert connection.scalar(sa.text(count)) == 2


def test_a_private_window_is_another_browser_of_the_same_user(
    example: Any, page: Any, open_context: Any
) -> None:
    """Nobody's until they sign in there, and forgotten when it is closed."""
    sign_in(page, example, ADA)
    assert whose(example, 2) == [("/sign-in", ADA), ("/", ADA)]
    private = open_context()
    window = private.new_page()
    window.goto(example.url + "/info")
    assert whose(example, 3)[2:] == [("/info", None)]
    sign_in(window, example, ADA)
    assert whose(example, 5)[2:] == [("/info", ADA), ("/sign-in", ADA), ("/", ADA)]
    private.close()

    open_context().new_page().goto(example.url + "/contact")
    assert whose(example, 6)[5:] == [("/contact", None)]

    with example.engine.connect() as connection:
        browsers = "SELECT user_id, count(DISTINCT visitor_id) FROM unt_link GROUP BY 1"
        assert connection.execute(sa.text(browsers)).all() == [(1, 2)]
        assert connection.scalar(sa.text("SELECT count(*) FROM unt_visitor")) == 3
