"""The example site, as a process of its own and in a real browser."""

from __future__ import annotations

import sqlite3

import pytest
from happenings import open_store
from processes import REPOSITORY
from processes import free_port

PAGES = {"/": "Home", "/info": "Info", "/contact": "Contact", "/test": "Test page"}


@pytest.fixture
def site(spawn, tmp_path):
    """The address of the example site, run on an empty database."""
    port = free_port()
    process = spawn(
        ["flask", "--app", "example_app", "run", "--port", str(port)],
        environment={
            "DATABASE_URL": f"sqlite:///{tmp_path}/site.db",
            "SECRET_KEY": "of the example's test",
        },
        folder=REPOSITORY,
    )
    process.wait_until(lambda: "Running on" in process.log())

    return f"http://127.0.0.1:{port}"


@pytest.fixture
def rows(tmp_path):
    """Ask the database that lies beside the site's own."""

    def ask(query):
        with open_store(f"sqlite:///{tmp_path}/unt.db") as store:
            store.catch_up()

        connection = sqlite3.connect(tmp_path / "unt.db")

        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    return ask


def test_keeps_the_secret_that_it_made(tmp_path):
    from example_app.secret import kept_secret

    made = kept_secret(tmp_path / "instance")
    assert len(made) > 40
    assert kept_secret(tmp_path / "instance") == made
    assert [path.name for path in (tmp_path / "instance").iterdir()] == ["secret_key"]


def brings(view):
    """Whether a response answers this view, not the last words of the page before."""
    return lambda response: view in (response.request.post_data or "")


@pytest.mark.browser
def test_every_page_is_there_and_tracked_without_an_error(site, browser_page, rows):
    errors = []
    browser_page.on("pageerror", lambda error: errors.append(error.message))

    for path, title in PAGES.items():
        view = f'"url":"{site}{path}"'

        with browser_page.expect_response(brings(view)) as answer:
            browser_page.goto(site + path)

        assert answer.value.status == 202
        assert browser_page.title() == f"{title} · Lantern Hill"

    assert errors == []
    seen = rows(
        "SELECT path FROM unt_page_view JOIN unt_page ON page_id = unt_page.id"
        " ORDER BY local_time"
    )
    assert seen == [(path,) for path in PAGES]


@pytest.mark.browser
def test_the_contact_form_says_what_became_of_the_address(site, browser_page, rows):
    browser_page.goto(f"{site}/contact")
    browser_page.fill("#emailUNT", "not an address")
    browser_page.click("#send")
    browser_page.wait_for_selector('#feedback[data-mood="bad"]')

    browser_page.fill("#emailUNT", "Lin@Example.com ")
    browser_page.click("#send")
    browser_page.wait_for_selector('#feedback[data-mood="good"]')
    assert rows("SELECT email FROM unt_user") == [("lin@example.com",)]


@pytest.mark.browser
def test_signing_in_and_out(site, browser_page):
    browser_page.goto(f"{site}/sign-in")
    browser_page.fill("#email", "nobody@example.com")
    browser_page.fill("#password", "any")
    browser_page.click("main button")
    assert "no member" in browser_page.text_content("[role=alert]")

    browser_page.fill("#email", "ada@example.com")
    browser_page.fill("#password", "any")
    browser_page.click("main button")
    assert browser_page.text_content(".who") == "ada@example.com"

    browser_page.click("#sign-out")
    browser_page.wait_for_selector("#sign-in")
    assert browser_page.query_selector(".who") is None


@pytest.mark.browser
def test_has_no_inline_script_of_its_own(site, browser_page):
    for path in PAGES:
        browser_page.goto(site + path)
        assert browser_page.locator("script:not([src])").count() == 0
