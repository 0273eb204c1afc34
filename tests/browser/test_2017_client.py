"""Pages made for the 2017 tracker: with its script, and with its tags alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

CLIENT = (Path(__file__).parent / "client_2017.js").read_text()
FIELD = '<input id="emailUNT" value=" Ada@Example.com "><button>Send</button>'


def old_pages(server: str) -> dict[str, str]:
    """Pages with the old script in them, which point it at a server."""
    return {"*": f"{FIELD}<script>{CLIENT}</script><script>UNT({server})</script>"}


def test_the_old_script_works_unchanged_from_another_origin(
    tracked: Any, page: Any
) -> None:
    other = tracked(old_pages("location.hash.slice(1)"), UNT_INJECT=False)
    site = tracked(UNT_ORIGINS=[other.url])
    server = f"{site.url}/k3x9"
    page.goto(f"{other.url}/one?secret=1#{server}")
    site.wait_for_paths("/one")
    visitor = page.evaluate("localStorage['tracker-uuid']")
    page.goto(f"{other.url}/two#{server}")
    first, second = site.wait_for_paths("/one", "/two")
    answer = page.evaluate(
        "new Promise((resolve) => registerEmail((...given) => resolve(given)))"
    )
    [user] = site.rows("unt_user")
    [known] = site.rows("unt_visitor")

    assert [first.title, second.title] == ["One", "Two"]
    assert first.visitor == second.visitor == known.id
    assert answer[0] == 200
    assert "success" in answer[1]
    assert (user.email, known.user_id) == ("ada@example.com", user.id)
    assert page.evaluate("localStorage['tracker-uuid']") == visitor


def test_an_origin_that_is_not_listed_is_refused(tracked: Any, page: Any) -> None:
    other = tracked(old_pages("location.hash.slice(1)"), UNT_INJECT=False)
    site = tracked()
    page.goto(f"{other.url}/one#{site.url}/k3x9")
    page.wait_for_timeout(500)

    assert site.views() == []


def test_the_pair_of_tags_works_unchanged_with_the_new_script(
    tracked: Any, page: Any
) -> None:
    pair = '<script src="/k3x9/unt.js"></script><script>UNT("/k3x9")</script>'
    site = tracked({"*": FIELD + pair}, UNT_INJECT=False)
    page.goto(site.url + "/one")
    site.wait_for_paths("/one")

    assert page.evaluate("registerEmail()") is True
    assert [user.email for user in site.rows("unt_user")] == ["ada@example.com"]


def test_an_old_visitor_stays_who_they_are(tracked: Any, page: Any) -> None:
    site = tracked(old_pages("'/k3x9'") | {"/new": FIELD}, UNT_INJECT=False)
    page.goto(site.url + "/old")
    site.wait_for_paths("/old")
    visitor = page.evaluate("localStorage['tracker-uuid']")
    page.add_script_tag(content="window.UNT = undefined")
    page.goto(site.url + "/new")
    page.add_script_tag(url="/k3x9/unt.js")
    page.evaluate("UNT()")
    old, new = site.wait_for_paths("/old", "/new")

    assert old.visitor == new.visitor
    assert page.evaluate("UNT.id()") == visitor


def test_the_email_promise_tells_what_became_of_it(tracked: Any, page: Any) -> None:
    site = tracked(
        {
            "*": FIELD + "<script>addEventListener('click',"
            " async (event) => window.done = await registerEmail(event))"
            "</script>"
        }
    )
    page.goto(site.url + "/one")
    site.wait_for_paths("/one")

    assert page.evaluate("registerEmail('no address')") is False
    assert page.evaluate("UNT.email('grace@example.com')") is True

    page.click("button")
    page.wait_for_function("window.done === true")

    site.fail(503)
    assert page.evaluate("registerEmail()") is False
