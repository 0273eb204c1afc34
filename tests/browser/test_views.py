"""Which page views are counted, once each, with the right title and address."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest
from waiting import due
from waiting import is_at_rest
from waiting import waiting

pytestmark = pytest.mark.browser


def test_a_load_is_one_request_without_preflight(tracked: Any, page: Any) -> None:
    site = tracked()
    page.goto(site.url + "/first")
    [view] = site.wait_for_paths("/first")
    site.wait_for(lambda: not due(page))
    page.wait_for_timeout(300)
    [request] = site.sent()

    assert (request.method, request.type) == ("POST", "text/plain;charset=UTF-8")
    assert (view.title, view.kind) == ("First", "load")
    assert due(page) == []


def test_a_title_set_late_is_the_page_s_title(tracked: Any, page: Any) -> None:
    site = tracked()
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    page.evaluate("document.title = 'Better'")
    page.goto(site.url + "/second")
    site.wait_for(lambda: [v.title for v in site.views()] == ["Better", "Second"])


def test_a_script_in_the_head_gets_the_title_that_comes_later(
    tracked: Any, page: Any
) -> None:
    html = (
        '<!doctype html><html><head><script src="/k3x9/unt.js" data-auto></script>'
        "<title>Late</title></head><body></body></html>"
    )
    site = tracked({"/head": html}, UNT_INJECT=False)
    page.goto(site.url + "/head")
    [view] = site.wait_for_paths("/head")

    assert view.title == "Late"


def test_reload_is_a_view_of_its_kind(tracked: Any, page: Any) -> None:
    site = tracked()
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    page.reload()
    views = site.wait_for_paths("/first", "/first")

    assert [view.kind for view in views] == ["load", "reload"]


def test_view_names_the_one_before_it(tracked: Any, page: Any) -> None:
    site = tracked()
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    page.goto(site.url + "/second")
    first, second = site.wait_for_paths("/first", "/second")

    assert second.from_id == first.id
    assert second.visit == first.visit


def test_time_and_scroll_ride_with_the_next_view(tracked: Any, page: Any) -> None:
    site = tracked({"*": "<p style='height: 4000px'>Tall</p>"})
    began = time.monotonic()
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    page.evaluate("scrollTo(0, 2000)")
    page.wait_for_timeout(1200)
    page.goto(site.url + "/second")
    site.wait_for_paths("/first", "/second")
    took = (time.monotonic() - began) * 1000
    first = site.wait_for(lambda: [v for v in site.views() if v.engaged])[0]

    assert 1200 <= first.engaged <= took
    assert 60 <= first.scroll <= 75
    # The second page's POST, and the first one's beacon: no request for a leave alone.
    assert len(site.sent()) <= 3


def test_nothing_is_sent_while_idle(tracked: Any, page: Any) -> None:
    """For eleven seconds, in which the page notes twice how far it was read."""
    site = tracked()
    page.clock.install()
    page.goto(site.url + "/first")
    page.clock.run_for(1000)
    site.wait_for_paths("/first")
    site.wait_for(lambda: is_at_rest(page))
    page.clock.run_for(11_000)
    page.wait_for_timeout(300)

    assert len(site.sent()) == 1
    assert len(waiting(page)) == 1


MOVES = {
    "history.pushState(0, '', '/second')": ["/second"],
    "history.pushState(0, '', location.href)": [],
    "history.replaceState(0, '', location.href); push('/second')": ["/second"],
    "for (let i = 0; i < 20; i++) history.replaceState(0, '', '?q=' + i)": [],
    "history.replaceState(0, '', '/second')": ["/second"],
    "location.hash = 'part'": [],
    "location.hash = '#/route'": ["/first#/route"],
    "location.hash = '#!/route'": ["/first#!/route"],
    "push('/second'); push('/first')": ["/second", "/first"],
}


@pytest.mark.parametrize("navigation_api", [True, False])
def test_single_page_apps_are_counted_by_address(
    tracked: Any, open_context: Any, navigation_api: bool
) -> None:
    """Each move in a browser of its own, all at the same time."""
    site = tracked()
    tabs = {script: open_context().new_page() for script in MOVES}
    thrown: list[Any] = []

    for tab in tabs.values():
        tab.on("pageerror", lambda error: thrown.append(error))

        if not navigation_api:
            tab.add_init_script("delete window.navigation")

        tab.goto(site.url + "/first")

    site.wait_for(lambda: len(site.views()) == len(MOVES))
    tab.wait_for_timeout(1100)

    for script, tab in tabs.items():
        tab.evaluate(f"const push = (url) => history.pushState(0, '', url); {script}")

    seen = len(MOVES) + sum(map(len, MOVES.values()))
    site.wait_for(lambda: len(site.views()) >= seen)
    tab.wait_for_timeout(900)
    ids = {uuid.UUID(bytes=row.uuid): row.id for row in site.rows("unt_visitor")}
    whose = {
        script: ids[uuid.UUID(tab.evaluate("UNT.id()"))] for script, tab in tabs.items()
    }
    paths = {
        script: [view.path for view in site.views() if view.visitor == visitor]
        for script, visitor in whose.items()
    }

    assert paths == {script: ["/first", *more] for script, more in MOVES.items()}
    assert thrown == []


def test_back_in_a_single_page_app_is_a_view(tracked: Any, page: Any) -> None:
    site = tracked()
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    page.evaluate("location.hash = '#/route'")
    site.wait_for_paths("/first", "/first#/route")
    page.evaluate("history.back()")
    views = site.wait_for_paths("/first", "/first#/route", "/first")

    assert views[2].kind == "traverse"


def test_a_moved_page_gets_the_title_set_after_the_move(
    tracked: Any, page: Any
) -> None:
    site = tracked()
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    # What goes on sending takes the new view along at once.
    site.wait_for(lambda: not due(page))
    page.evaluate(
        "history.pushState(0, '', '/second');"
        "setTimeout(() => document.title = 'Arrived', 120)"
    )
    _, second = site.wait_for_paths("/first", "/second")

    assert second.title == "Arrived"
    assert site.events("view")[1]["referrer"] == site.url + "/first"


def test_a_title_is_read_again_though_the_view_cannot_leave_yet(
    tracked: Any, page: Any
) -> None:
    site = tracked()
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    site.fail(503)

    for name in ("second", "third", "fourth"):
        title = name.title()
        page.evaluate(
            f"history.pushState(0, '', '/{name}'); document.title = '{title}'"
        )
        page.wait_for_function(
            "(title) => Object.values(localStorage).some("
            ' (raw) => raw.includes(`"title":"${title}"`))',
            arg=title,
        )

    site.recover()
    views = site.wait_for_paths("/first", "/second", "/third", "/fourth")

    assert [view.title for view in views] == ["First", "Second", "Third", "Fourth"]


def test_a_redirect_by_script_is_one_view(tracked: Any, page: Any) -> None:
    redirecting = (
        "<script>addEventListener('DOMContentLoaded', () => {"
        "history.replaceState(0, '', '/login'); document.title = 'Log in' })</script>"
    )
    site = tracked({"/": redirecting})
    page.goto(site.url + "/")
    page.wait_for_timeout(1500)
    page.goto(site.url + "/after")
    site.wait_for(lambda: len(site.views()) == 2)
    first = site.views()[0]

    assert (first.path, first.title) in {("/login", "Log in"), ("/", "Home")}


def test_every_hash_is_a_view_where_the_tag_says_so(tracked: Any, page: Any) -> None:
    tag = '<script defer src="/k3x9/unt.js" data-auto data-hash></script>'
    site = tracked({"*": tag}, UNT_INJECT=False)
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    page.evaluate("location.hash = 'part'")
    site.wait_for_paths("/first", "/first")


def test_script_twice_and_the_call_twice_count_once(tracked: Any, page: Any) -> None:
    twice = '<script src="/k3x9/unt.js"></script><script>UNT(); UNT()</script>'
    site = tracked({"/first": twice + twice})
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    page.wait_for_timeout(600)
    site.wait_for_paths("/first")


def test_a_later_call_is_a_view(tracked: Any, page: Any) -> None:
    """One that is made at once is none."""
    at_once = "<script>addEventListener('DOMContentLoaded', () => UNT.view())</script>"
    site = tracked({"/first": at_once})
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    page.wait_for_timeout(1100)
    page.evaluate("UNT()")
    views = site.wait_for_paths("/first", "/first")

    assert [view.kind for view in views] == ["load", "call"]


def test_error_pages_say_their_status(tracked: Any, page: Any) -> None:
    tag = '<script defer src="/k3x9/unt.js" data-auto data-status="404"></script>'
    site = tracked({"*": tag}, UNT_INJECT=False)
    page.goto(site.url + "/missing")
    [view] = site.wait_for_paths("/missing")

    assert view.status == 404


def test_a_hidden_page_counts_when_it_is_first_shown(tracked: Any, page: Any) -> None:
    site = tracked()
    page.add_init_script(
        "window.shown = false;"
        "Object.defineProperty(document, 'hidden',"
        " {get: () => !window.shown})"
    )
    page.goto(site.url + "/first")
    page.wait_for_timeout(500)

    assert site.sent() == []

    page.evaluate("shown = true; document.dispatchEvent(new Event('visibilitychange'))")
    site.wait_for_paths("/first")


@pytest.mark.parametrize("told_first", ["hidden", "prerendering"])
def test_a_prepared_page_counts_whatever_is_told_first(
    tracked: Any, page: Any, told_first: str
) -> None:
    """That it is visible, or that it is activated: a busy browser tells either."""
    site = tracked()
    page.add_init_script(
        "window.now = {hidden: true, prerendering: true};"
        "for (const name in now)"
        " Object.defineProperty(document, name, {get: () => now[name]});"
        "window.tell = (name, type) => { now[name] = false;"
        " document.dispatchEvent(new Event(type)) }"
    )
    told = {"hidden": "visibilitychange", "prerendering": "prerenderingchange"}
    page.goto(site.url + "/first")
    page.evaluate(f"tell({told_first!r}, {told.pop(told_first)!r})")
    page.wait_for_timeout(500)

    assert site.sent() == []
    assert waiting(page) == []

    [(name, event)] = told.items()
    page.evaluate(f"tell({name!r}, {event!r})")
    site.wait_for_paths("/first")
