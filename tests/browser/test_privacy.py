"""What is not stored and not sent: consent, opting out, a browser that says no."""

from __future__ import annotations

import json
from typing import Any

import pytest
from waiting import NO_TIMEOUT
from waiting import TICK
from waiting import is_at_rest

pytestmark = pytest.mark.browser

CLICKABLE = """
<p id="named" data-unt="named">private</p>
<form id="join" action="/joined?secret=1">
  <input name="id" value="private"><input type="hidden" value="private">
  <button>private</button>
</form>
<a id="out" href="http://localhost:1/x?secret=1#y">private</a>
<a id="file" href="/paper.pdf?secret=1" download>private</a>
"""


def test_before_consent_nothing_is_stored_or_sent(tracked: Any, page: Any) -> None:
    site = tracked(UNT_CONSENT="required")
    page.goto(site.url + "/first")
    page.evaluate(f"UNT.track('early'); {TICK}")
    page.wait_for_timeout(300)
    page.goto(site.url + "/second")
    page.wait_for_timeout(300)

    assert site.sent() == []
    assert _stored(page) == []
    assert page.context.cookies() == []
    assert page.evaluate("UNT.id()") is None
    assert page.evaluate("UNT.email('a@example.com')") is False


def test_consent_sends_the_view_that_was_held_and_is_remembered(
    tracked: Any, page: Any
) -> None:
    site = tracked(UNT_CONSENT="required")
    page.goto(site.url + "/first")
    taken = page.evaluate(
        "(() => { const early = UNT.track('early');"
        " UNT.consent(true); return early })()"
    )
    site.wait_for_paths("/first")
    page.goto(site.url + "/second")
    site.wait_for_paths("/first", "/second")

    assert taken is True
    assert len({view.visitor for view in site.views()}) == 1
    assert not any(request.batch["fresh"] for request in site.sent())


def test_withdrawal_wipes_the_id_and_the_queue(tracked: Any, page: Any) -> None:
    site = tracked(UNT_CONSENT="required")
    page.goto(site.url + "/first")
    page.evaluate("UNT.consent(true)")
    site.wait_for_paths("/first")
    site.wait_for(lambda: is_at_rest(page))
    before = page.evaluate("UNT.id()")
    site.fail(503)
    waiting = page.evaluate(
        "(() => { const waiting = UNT.track('waits');"
        " UNT.consent(false); return waiting })()"
    )
    site.wait_for(lambda: _clears(site))
    [clear] = [one.batch for one in site.sent() if "clear" in one.batch]
    site.recover()
    page.goto(site.url + "/second")
    page.wait_for_timeout(1500)

    assert waiting is False
    assert (clear["clear"], clear["events"]) == (True, [])
    assert _stored(page) == ["unt:consent"]
    assert site.paths() == ["/first"]

    page.evaluate("UNT.consent(true)")
    site.wait_for_paths("/first", "/second")

    assert page.evaluate("UNT.id()") != before
    assert site.sent()[-1].batch["fresh"] is True


def test_a_cookie_that_comes_after_withdrawal_is_deleted_too(
    tracked: Any, page: Any
) -> None:
    """With the answer to a view that was on the way."""
    site = tracked(UNT_CONSENT="required")
    page.add_init_script(NO_TIMEOUT)
    page.goto(site.url + "/first")
    site.fail(202, hold=True, passes=True, only='"view"')
    page.evaluate("UNT.consent(true)")
    site.wait_for_paths("/first")
    page.evaluate("UNT.consent(false)")
    site.wait_for(lambda: _clears(site) == 1)
    site.recover()
    site.wait_for(lambda: _clears(site) == 2)
    site.wait_for(lambda: page.context.cookies() == [])


def test_withdrawal_is_heard_in_other_tabs(tracked: Any, page: Any) -> None:
    site = tracked(UNT_CONSENT="required")
    page.goto(site.url + "/first")
    page.evaluate("UNT.consent(true)")
    site.wait_for_paths("/first")
    before = page.evaluate("UNT.id()")
    other = page.context.new_page()
    other.goto(site.url + "/other")
    site.wait_for_paths("/first", "/other")
    page.evaluate("UNT.consent(false)")
    other.wait_for_function("!sessionStorage['unt:']")
    site.wait_for(lambda: _clears(site))
    told = len(site.sent())
    page.evaluate("UNT.consent(true)")
    other.goto(site.url + "/next")
    site.wait_for(lambda: "/next" in site.paths())
    events = [event for one in site.sent()[told:] for event in one.events]
    views = [event for event in events if event.get("url") == site.url + "/next"]

    assert not any("from" in view for view in views)
    assert before not in {event["visitor"] for event in events}


def test_anonymous_views_carry_no_visitor_and_leave_no_trace(
    tracked: Any, page: Any
) -> None:
    site = tracked(UNT_CONSENT="anonymous")
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    page.evaluate("history.pushState(0, '', '/second')")
    site.wait_for_paths("/first", "/second")
    page.evaluate(f"UNT.track('no'); {TICK}")
    page.wait_for_timeout(500)

    assert [view.visitor for view in site.views()] == [None, None]
    assert [event["visitor"] for event in site.events("view")] == [None, None]
    assert not any("from" in event for event in site.events("view"))
    assert {event["type"] for one in site.sent() for event in one.events} == {"view"}
    assert _stored(page) == []
    assert page.context.cookies() == []


def test_after_consent_anonymous_views_have_a_visitor(tracked: Any, page: Any) -> None:
    site = tracked(UNT_CONSENT="anonymous")
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    page.evaluate("UNT.consent(true)")
    page.goto(site.url + "/second")
    first, second = site.wait_for_paths("/first", "/second")

    assert first.visitor is None
    assert second.visitor is not None


def test_withdrawal_does_not_count_an_anonymous_page_again(
    tracked: Any, page: Any
) -> None:
    site = tracked(UNT_CONSENT="anonymous")
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    page.evaluate("UNT.consent(true); UNT.consent(false)")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.goto(site.url + "/second")

    assert len(site.wait_for_paths("/first", "/second")) == 2


def test_two_tabs_that_waited_for_consent_have_one_id(tracked: Any, page: Any) -> None:
    """The other one may hear of it, or be told the same a moment later."""
    site = tracked(UNT_CONSENT="required")
    other = page.context.new_page()
    page.goto(site.url + "/first")
    other.goto(site.url + "/second")
    page.evaluate("UNT.consent(true)")
    id = page.evaluate("UNT.id()")
    other.wait_for_function(f"UNT.id() == {id!r}")
    other.evaluate("UNT.consent(true)")

    assert page.evaluate("UNT.id()") == other.evaluate("UNT.id()") == id
    assert page.evaluate("localStorage['tracker-uuid']") == id


def test_opting_out_survives_a_reload(tracked: Any, page: Any) -> None:
    site = tracked()
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    site.wait_for(lambda: is_at_rest(page))
    page.evaluate("UNT.optOut(true)")
    site.wait_for(lambda: _clears(site))
    count = len(site.sent())
    page.goto(site.url + "/second")
    page.wait_for_timeout(500)

    assert len(site.sent()) == count
    assert _stored(page) == ["unt:off"]
    assert page.evaluate("UNT.track('x')") is False

    page.evaluate("UNT.optOut(false)")
    site.wait_for_paths("/first", "/second")

    assert site.sent()[-1].batch["fresh"] is True


@pytest.mark.parametrize("signal", ["globalPrivacyControl: true", "doNotTrack: '1'"])
def test_a_browser_that_says_no_is_left_alone(
    tracked: Any, page: Any, signal: str
) -> None:
    site = tracked()
    name, value = signal.split(": ")
    page.add_init_script(
        f"Object.defineProperty(navigator, '{name}', {{value: {value}}})"
    )
    page.goto(site.url + "/first")
    page.wait_for_timeout(500)

    assert site.sent() == []
    assert _stored(page) == []
    assert page.evaluate("UNT.track('x')") is False


def test_a_site_may_ignore_the_signal(tracked: Any, page: Any) -> None:
    site = tracked(UNT_RESPECT_GPC=False)
    page.add_init_script(
        "Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})"
    )
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")


def test_reset_makes_a_new_visitor_and_keeps_what_waits(
    tracked: Any, page: Any
) -> None:
    site = tracked()
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    before = page.evaluate("UNT.id()")
    site.fail(503)
    page.evaluate("UNT.track('old'); UNT.reset(); UNT.track('new'); null")
    after = page.evaluate("UNT.id()")
    site.recover()
    site.wait_for(lambda: len(site.rows("unt_event")) == 2)
    old, new = site.events()
    sent = [one.batch for one in site.sent() if not one.fault]
    fresh = {who: batch["fresh"] for batch in sent for who in _who(batch)}

    assert before != after
    assert (old["visitor"], new["visitor"]) == (before, after)
    assert "view" in old
    assert "view" not in new
    assert fresh == {before: False, after: True}
    assert all(len(_who(batch)) == 1 for batch in sent)


def test_a_forgotten_visitor_is_wiped_and_only_that_one(
    tracked: Any, page: Any
) -> None:
    site = tracked()
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    before = page.evaluate("UNT.id()")
    site.fail(410, body=json.dumps({"gone": [before]}), only=before)
    taken = page.evaluate("UNT.track('x')")
    after = page.evaluate("UNT.id()")
    page.goto(site.url + "/second")
    site.wait_for_paths("/first", "/second")

    assert taken is False
    assert after != before
    assert site.sent()[-1].batch["fresh"] is True


def test_an_id_is_renewed_after_thirteen_months(tracked: Any, page: Any) -> None:
    site = tracked()
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    before = page.evaluate("UNT.id()")
    page.evaluate("localStorage['unt:born'] = Date.now() - 396 * 864e5")
    page.goto(site.url + "/second")
    site.wait_for_paths("/first", "/second")

    assert page.evaluate("UNT.id()") != before


def test_the_mark_of_the_newest_answer_goes_into_later_events(
    tracked: Any, page: Any
) -> None:
    site = tracked()
    site.fail(202, body='{"accepted": 1, "rejected": [], "as": "mark"}')
    page.goto(site.url + "/first")
    page.evaluate("UNT.track('a')")
    page.evaluate("UNT.track('b')")
    page.goto(site.url + "/second")
    site.wait_for(lambda: len(site.events("view")) == 2)

    assert site.events()[-1]["as"] == "mark"
    assert ["as" in view for view in site.events("view")] == [False, False]


def test_form_values_and_link_texts_stay_on_the_page(tracked: Any, page: Any) -> None:
    site = tracked({"/first": CLICKABLE})
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    _click_all(page)
    site.wait_for(lambda: len(site.events()) == 4)
    seen = {event["name"]: event["props"] for event in site.events()}

    assert seen == {
        "named": {},
        "download": {"url": site.url + "/paper.pdf"},
        "outbound": {"url": "http://localhost:1/x"},
        "form": {"form": "join"},
    }


def test_clicks_that_the_tag_switches_off_are_left_out(tracked: Any, page: Any) -> None:
    """But for those that the site named itself."""
    tag = '<script defer src="/k3x9/unt.js" data-auto data-clicks="off"></script>'
    site = tracked({"/first": CLICKABLE + tag}, UNT_INJECT=False)
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    _click_all(page)
    page.evaluate("UNT.track('last')")

    assert [event["name"] for event in site.events()] == ["named", "last"]


def _click_all(page: Any) -> None:
    """Click on all that is there, the named one first; the page stays."""
    page.evaluate(
        "for (const type of ['submit', 'click']) document.addEventListener(type,"
        " (event) => event.target.matches('form, a') && event.preventDefault())"
    )

    for selector in ("#named", "#file", "#out", "#join button"):
        page.click(selector)


def _clears(site: Any) -> int:
    """How often the site was told to delete the cookie."""
    return sum("clear" in request.batch for request in site.sent())


def _who(batch: dict[str, Any]) -> set[str]:
    return {event["visitor"] for event in batch["events"]}


def _stored(page: Any) -> list[str]:
    keys: list[str] = page.evaluate(
        "[...Object.keys(localStorage), ...Object.keys(sessionStorage)].sort()"
    )
    return keys
