"""Who a browser is: its id, the cookie that mirrors it, and who was signed in."""

from __future__ import annotations

import time
from typing import Any

import pytest
from happenings import open_store
from waiting import TICK

pytestmark = pytest.mark.browser

# What makes a new id on purpose; the first two do so when the visitor comes back.
ANEW = {
    "consent": ("UNT.consent(false)", "UNT.consent(true)"),
    "opting out": ("UNT.optOut(true)", "UNT.optOut(false)"),
    "reset": ("UNT.reset()", "UNT.id()"),
}


def test_a_browser_that_lost_its_storage_is_the_same(tracked: Any, page: Any) -> None:
    """The cookie still names the lost id: what was seen under it is the user's too."""
    site = tracked(members=True)
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    lost = page.evaluate("UNT.id()")
    site.wait_for(lambda: _cookie(page) == lost)
    _lose_storage(page)
    page.goto(site.url + "/second")
    site.wait_for_paths("/first", "/second")
    page.goto(site.url + "/as/ada")
    site.wait_for_paths("/first", "/second", "/as/ada")
    site.wait_for(lambda: _cookie(page) == page.evaluate("UNT.id()") != lost)
    old, new = site.rows("unt_visitor")

    assert new.alias_of == old.uuid
    assert not any(request.batch["fresh"] for request in site.sent())
    assert site.whose() == {"/first": "ada", "/second": "ada", "/as/ada": "ada"}


@pytest.mark.parametrize("choice", ANEW)
def test_an_id_made_on_purpose_is_somebody_else(
    tracked: Any, page: Any, choice: str
) -> None:
    """Even if the cookie still names the old one, as the site did not hear of it."""
    site = tracked(members=True)
    page.goto(site.url + "/as/ada")
    site.wait_for_paths("/as/ada")
    before = page.evaluate("UNT.id()")
    site.fail(503)
    page.evaluate(ANEW[choice][0])
    page.goto(site.url + "/as/")
    site.recover()
    page.evaluate(ANEW[choice][1])
    page.goto(site.url + "/after")
    site.wait_for(lambda: "/after" in site.paths())
    site.wait_for(lambda: _cookie(page) == page.evaluate("UNT.id()") != before)

    assert [row.alias_of for row in site.rows("unt_visitor")] == [None, None]
    assert site.whose() == {"/as/ada": "ada", "/as/": None, "/after": None}


def test_a_withdrawal_deletes_the_cookie(tracked: Any, page: Any) -> None:
    site = tracked()
    page.goto(site.url + "/first")
    site.wait_for(lambda: _cookie(page))
    page.evaluate("UNT.optOut(true)")
    site.wait_for(lambda: _cookie(page) is None)


def test_a_forgotten_visitor_s_browser_forgets_too(tracked: Any, page: Any) -> None:
    """Its id, what waits and the cookie; what is seen from then on is another's."""
    site = tracked()
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    before = page.evaluate("UNT.id()")
    site.fail(503)
    page.evaluate("UNT.track('waits'); null")
    site.wait_for(lambda: site.sent()[-1].fault)
    _forget(site, before)
    site.recover()
    site.wait_for(lambda: page.evaluate("localStorage['tracker-uuid']") != before)

    assert _cookie(page) is None
    assert site.rows("unt_event") == []

    page.evaluate(TICK)
    stored = page.evaluate("JSON.stringify(localStorage)")

    assert before not in stored
    assert page.evaluate("sessionStorage.length") == 0

    page.evaluate("history.pushState(0, '', '/second')")
    site.wait_for_paths("/second")
    site.wait_for(lambda: _cookie(page) == page.evaluate("UNT.id()") != before)
    [visitor] = site.rows("unt_visitor")

    assert "from" not in site.events("view")[-1]
    assert visitor.alias_of is None
    assert visitor.fresh_at is not None


def test_what_waits_is_its_user_s_who_was_signed_in_then(
    tracked: Any, context: Any
) -> None:
    """The next to sign in at this browser sends it, and it is not theirs."""
    site = tracked(members=True)
    page = context.new_page()
    page.goto(site.url + "/as/ada")
    site.wait_for_paths("/as/ada")
    page.wait_for_function("!localStorage['unt:gate']")
    site.stop()
    page.evaluate("history.pushState(0, '', '/read-offline')")
    page.wait_for_function(
        "Object.values(localStorage).some((raw) => raw.includes('/read-offline'))"
    )
    page.close()
    site.start()
    context.new_page().goto(site.url + "/as/bob")
    site.wait_for_paths("/as/ada", "/read-offline", "/as/bob")

    assert site.whose() == {"/as/ada": "ada", "/read-offline": "ada", "/as/bob": "bob"}


def _cookie(page: Any) -> str | None:
    found = (one["value"] for one in page.context.cookies() if one["name"] == "unt")

    return next(found, None)


def _lose_storage(page: Any) -> None:
    """As Safari does after a week."""
    page.goto("about:blank")
    page.context.add_init_script(
        "if (location.pathname === '/second') localStorage.clear()"
    )


def _forget(site: Any, visitor: str) -> None:
    with open_store(site.database) as store:
        store.forget_visitor(visitor, time.time_ns() // 1_000_000)
