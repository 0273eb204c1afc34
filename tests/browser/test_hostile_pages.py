"""Pages and browsers that make it hard: policies, blocked storage, other origins."""

from __future__ import annotations

from typing import Any

import pytest
from waiting import due

pytestmark = pytest.mark.browser

STRICT = (
    "default-src 'none'; script-src 'nonce-{nonce}'; connect-src 'self'; img-src data:;"
    " require-trusted-types-for 'script'"
)
TAG = '<script defer src="/k3x9/unt.js" data-auto nonce="{nonce}"></script>'
LOADER = (
    "<script>const script = document.createElement('script');"
    " script.src = location.hash.slice(1) + '/k3x9/unt.js';"
    " script.dataset.auto = ''; document.head.append(script)</script>"
)
BLOCKED = (
    "for (const name of ['localStorage', 'sessionStorage'])"
    " Object.defineProperty(window, name, {get() { throw new Error('blocked') }})"
)
FULL = (
    "if (window === top) { let size = 1 << 22; localStorage.host = 'mine';"
    " while (size) try { localStorage['fill' + size + Math.random()] ="
    " 'x'.repeat(size) } catch (e) { size >>= 1 } }"
)


def test_works_under_a_strict_policy_with_trusted_types(
    tracked: Any, page: Any
) -> None:
    site = tracked({"*": TAG}, {"Content-Security-Policy": STRICT}, UNT_INJECT=False)
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    page.goto(site.url + "/first?nonce=n1")
    page.evaluate("document.body.click()")
    site.wait_for_paths("/first")

    assert errors == []


def test_a_policy_that_forbids_requests_keeps_the_events(
    tracked: Any, page: Any
) -> None:
    policy = {"Content-Security-Policy": "connect-src 'none'"}
    site = tracked(headers=policy)
    page.goto(site.url + "/first")
    page.wait_for_timeout(500)

    assert site.sent() == []
    assert due(page)


def test_blocked_storage_still_counts(tracked: Any, page: Any) -> None:
    site = tracked()
    page.add_init_script(BLOCKED)
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")

    assert page.evaluate("UNT.track('x')") is True


def test_blocked_storage_survives_an_outage_on_the_page(
    tracked: Any, page: Any
) -> None:
    site = tracked()
    page.add_init_script(f"{BLOCKED}; Math.random = () => 0")
    site.fail(503)
    page.goto(site.url + "/first")
    site.wait_for(lambda: len(site.sent()) > 1)
    site.recover()
    site.wait_for_paths("/first")


def test_full_storage_still_counts_and_the_host_keeps_its_data(
    tracked: Any, page: Any
) -> None:
    site = tracked()
    page.add_init_script(FULL)
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")

    assert page.evaluate("UNT.track('x', {text: 'y'.repeat(3000)})") is True
    assert page.evaluate("localStorage.host") == "mine"


def test_an_opaque_frame_is_silent_and_harmless(tracked: Any, page: Any) -> None:
    frame = '<iframe sandbox="allow-scripts" src="/inside"></iframe>'
    site = tracked({"/first": frame})
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    site.wait_for(lambda: any('/inside"' in one.body for one in site.sent()))
    page.wait_for_timeout(500)

    assert site.paths() == ["/first"]


def test_another_origin_needs_no_preflight(tracked: Any, page: Any) -> None:
    other = tracked({"*": LOADER}, UNT_INJECT=False)
    site = tracked(UNT_ORIGINS=[other.url])
    page.goto(f"{other.url}/elsewhere#{site.url}")
    site.wait_for_paths("/elsewhere")

    assert {one.method for one in site.sent()} == {"POST"}


def test_two_sites_on_one_origin_do_not_mix(tracked: Any, page: Any) -> None:
    """What waits for the one is not sent to the other, under whatever id."""
    theirs = LOADER.replace("auto = ''", "auto = script.dataset.site = 'b'")
    pages = {"*": TAG, "/other": theirs, "/third": theirs}
    one = tracked(pages, UNT_INJECT=False)
    other = tracked(UNT_ORIGINS=[one.url])
    one.fail(503)
    page.goto(one.url + "/first")
    one.wait_for(one.sent)
    other.fail(503)
    page.goto(f"{one.url}/other#{other.url}")
    other.wait_for(other.sent)
    ids = page.evaluate("[localStorage['tracker-uuid'], UNT.id()]")
    one.recover()
    page.goto(one.url + "/second")
    one.wait_for_paths("/first", "/second")

    assert other.views() == []

    other.recover()
    page.goto(f"{one.url}/third#{other.url}")
    other.wait_for_paths("/other", "/third")
    page.evaluate("UNT.optOut()")
    page.goto(one.url + "/fourth")
    one.wait_for_paths("/first", "/second", "/fourth")

    assert len(set(ids)) == 2
    assert {view["visitor"] for view in one.events("view")} == {ids[0]}
    assert {view["visitor"] for view in other.events("view")} == {ids[1]}


def test_calls_made_before_the_script_came_are_kept(tracked: Any, page: Any) -> None:
    stub = (
        "<script>(window.unt = window.unt || []).push(['track', 'early', {a: 1}]);"
        "window.unt.push(['nonsense'])</script>"
    )
    site = tracked({"*": stub})
    page.goto(site.url + "/first")
    [event] = site.wait_for(site.events)

    assert (event["name"], event["props"]) == ("early", {"a": 1})

    page.evaluate("unt.push(['track', 'late'])")
    site.wait_for(lambda: len(site.events()) == 2)


def test_a_hook_edits_and_drops(tracked: Any, page: Any) -> None:
    hook = (
        "<script>window.unt = [['before', (event) => {"
        " if (event.title) event.title = 'Edited';"
        " return event.name !== 'secret' && event }]]</script>"
    )
    site = tracked({"*": hook})
    page.goto(site.url + "/first")
    [view] = site.wait_for_paths("/first")

    assert view.title == "Edited"
    assert page.evaluate("UNT.track('secret')") is False
    assert page.evaluate("UNT.track('open')") is True


def test_a_hook_that_throws_costs_nothing(tracked: Any, page: Any) -> None:
    hook = "<script>window.unt = [['before', () => { throw 1 }]]</script>"
    site = tracked({"*": hook})
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")


CALLS = [
    "UNT.track(Symbol())",
    "UNT.track('x', (() => { const a = {}; a.a = a; return a })())",
    "UNT.track('x', {big: 1n})",
    "UNT.identify()",
    "UNT.view({})",
    "UNT('::not a url::')",
    "UNT.email()",
    "registerEmail()",
    "UNT.before(7)",
    "UNT.track('x')",
]


def test_no_call_throws_into_the_page(tracked: Any, page: Any) -> None:
    site = tracked()
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")

    for call in CALLS:
        assert page.evaluate(f"Promise.resolve({call}).then(() => 1)") == 1, call

    assert page.evaluate("document.cookie") == ""


def test_names_taken_by_elements_do_no_harm(tracked: Any, page: Any) -> None:
    clobbered = "<div id='UNT'></div><a id='unt' href='#'></a><form id='track'></form>"
    site = tracked({"*": clobbered})
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")

    assert page.evaluate("UNT.track('x')") is True


def test_plain_http_works(tracked: Any, launch: Any) -> None:
    site = tracked()
    page = launch("--host-resolver-rules=MAP plain.example 127.0.0.1").new_page()
    page.goto(site.url.replace("127.0.0.1", "plain.example") + "/first")
    site.wait_for_paths("/first")

    assert page.evaluate("isSecureContext") is False
    assert page.evaluate("UNT.track('x')") is True
