"""No view is lost, and none counted twice, whatever the server does."""

from __future__ import annotations

from typing import Any

import playwright.sync_api
import pytest
from waiting import NO_TIMEOUT
from waiting import TICK
from waiting import due
from waiting import fails
from waiting import is_at_rest
from waiting import waiting

pytestmark = pytest.mark.browser

MANY = "for (let i = 0; i < %d; i++) UNT.track('%s' + i); null"


def test_views_survive_a_failing_server_and_a_closed_tab(
    tracked: Any, context: Any
) -> None:
    site = tracked()
    site.fail(503)
    page = context.new_page()

    for path in ("/one", "/two", "/three"):
        page.goto(site.url + path)
        page.wait_for_timeout(200)

    page.close()
    site.recover()
    context.new_page().goto(site.url + "/four")
    site.wait_for_paths("/one", "/two", "/three", "/four")


def test_views_survive_a_stopped_server_without_a_reload(
    tracked: Any, page: Any
) -> None:
    site = tracked()
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    site.stop()
    page.evaluate("history.pushState(0, '', '/second')")
    page.wait_for_timeout(1000)
    page.evaluate("history.pushState(0, '', '/third')")
    page.wait_for_timeout(1000)
    site.start()
    views = site.wait_for_paths("/first", "/second", "/third")

    assert len({view.visit for view in views}) == 1


def test_tabs_send_nothing_twice_after_an_outage(tracked: Any, context: Any) -> None:
    """All wait for the same moment, then a slow server takes what all queued.

    Of two that woke at once, both could send: chance wakes the others seconds later.
    """
    site = tracked()
    tabs = [context.new_page() for _ in range(4)]

    for number, tab in enumerate(tabs):
        tab.add_init_script(f"Math.random = () => {3 * number}; {NO_TIMEOUT}")
        tab.goto(site.url + "/first")

    site.wait_for(lambda: len(site.views()) == 4)
    site.wait_for(lambda: all(is_at_rest(tab) for tab in tabs))
    site.fail(503, headers={"Retry-After": "2"})
    tabs[0].evaluate("UNT.track('first'); null")
    site.wait_for(lambda: all(fails(tab) for tab in tabs))
    site.fail(202, passes=True, hold=True)

    for tab, name, count in zip(tabs, "abcd", (49, 50, 50, 50), strict=True):
        tab.evaluate(MANY % (count, name))

    site.wait_for(lambda: _answered_with(site, 202))
    site.wait_for(lambda: all(len(due(tab)) == 200 for tab in tabs))
    # By now the others have woken too, and see that one of them sends.
    tabs[0].wait_for_timeout(4000)
    site.recover()
    site.wait_for(lambda: len(site.rows("unt_event")) == 200)
    site.wait_for(lambda: not any(due(tab) for tab in tabs))
    ids = [
        event["id"]
        for request in _answered_with(site, 202, None)
        for event in request.events
        if event["type"] == "event"
    ]

    assert len(ids) == len(set(ids)) == 200


def _answered_with(site: Any, *faults: int | None) -> list[Any]:
    return [request for request in site.sent() if request.fault in faults]


def test_events_arrive_in_the_order_they_were_made(tracked: Any, page: Any) -> None:
    site = tracked()
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    page.evaluate(MANY % (120, "n"))
    site.wait_for(lambda: len(site.rows("unt_event")) == 120)
    names = [event["name"] for event in site.events()]

    assert names == [f"n{number}" for number in range(120)]


@pytest.mark.parametrize("status", [400, 413])
def test_one_bad_event_among_thirty_costs_only_itself(
    tracked: Any, page: Any, status: int
) -> None:
    site = tracked()
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    site.fail(status, only="poison")
    taken = page.evaluate(
        "Promise.all(Array.from({length: 30}, (_, i) =>"
        " UNT.track(i == 17 ? 'poison' : 'fine')))"
    )

    assert [index for index, one in enumerate(taken) if not one] == [17]
    assert len(site.rows("unt_event")) == 29
    assert site.sent()[-1].batch["dropped"] in (0, 1)


def test_an_event_that_the_server_rejects_is_final(tracked: Any, page: Any) -> None:
    site = tracked()
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    taken = page.evaluate("Promise.all([UNT.track('fine'), UNT.track('')])")

    assert taken == [True, False]
    assert due(page) == []


def test_retry_after_binds_this_and_a_new_tab(tracked: Any, context: Any) -> None:
    site = tracked()
    site.fail(429, headers={"Retry-After": "4"})
    page = context.new_page()
    page.goto(site.url + "/first")
    site.wait_for(lambda: fails(page))
    site.recover()
    page.evaluate("UNT.track('again'); null")
    context.new_page().goto(site.url + "/second")
    site.wait_for_paths("/first", "/second")

    assert site.sent()[1].at - site.sent()[0].at > 3.9


def test_back_off_grows(tracked: Any, page: Any) -> None:
    site = tracked()
    site.fail(503)
    page.add_init_script("Math.random = () => 0")
    page.goto(site.url + "/first")
    site.wait_for(lambda: len(site.sent()) >= 3)
    first, second, third = [one.at for one in site.sent()[:3]]

    assert second - first > 0.9
    assert third - second > 1.9


@pytest.mark.parametrize("status", [401, 403, 404, 405, 415])
def test_a_refusal_is_kept_and_tried_hourly(
    tracked: Any, page: Any, status: int
) -> None:
    site = tracked()
    page.clock.install()
    site.fail(status)
    page.goto(site.url + "/first")
    page.clock.run_for(1000)
    site.wait_for(lambda: fails(page))
    page.clock.run_for(55 * 60 * 1000)
    page.wait_for_timeout(200)

    assert len(site.sent()) == 1
    assert due(page)

    site.recover()
    page.clock.run_for(6 * 60 * 1000)
    site.wait_for_paths("/first")


def test_another_version_of_the_batch_is_kept(tracked: Any, page: Any) -> None:
    site = tracked()
    site.fail(400, body='{"error": "version"}')
    page.add_init_script("Math.random = () => 0")
    page.goto(site.url + "/first")
    site.wait_for(lambda: fails(page))
    page.wait_for_timeout(1500)

    assert len(site.sent()) == 1
    assert len(due(page)) == 1


def test_a_page_in_place_of_the_answer_is_no_answer(tracked: Any, page: Any) -> None:
    site = tracked()
    site.fail(200, body="<html>Please sign in to this wireless network</html>")
    page.goto(site.url + "/first")
    site.wait_for(lambda: fails(page))
    site.recover()
    site.wait_for_paths("/first")


def test_a_view_left_at_once_is_counted(tracked: Any, context: Any) -> None:
    """A tab that a busy machine ends before it could speak: with the next page."""
    site = tracked()
    bounces = [f"/bounce{number}" for number in range(5)]

    for path in bounces:
        page = context.new_page()
        page.goto(site.url + path, wait_until="commit")
        page.wait_for_function("!!window.UNT")
        page.close()

    site.wait_for(lambda: len(site.views()) >= 3)
    context.new_page().goto(site.url + "/after")
    site.wait_for_paths(*bounces, "/after")


def test_a_click_that_navigates_at_once_is_counted(tracked: Any, page: Any) -> None:
    site = tracked({"/first": "<a href='/second' data-unt='go' data-unt-to='2'>Go</a>"})
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    page.click("a")
    site.wait_for_paths("/first", "/second")
    [event] = site.wait_for(site.events)

    assert (event["name"], event["props"]) == ("go", {"to": "2"})


def test_a_form_that_is_sent_at_once_is_counted(tracked: Any, page: Any) -> None:
    site = tracked({"/first": "<form id='join' action='/second'><button>Go"})
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    page.click("button")
    site.wait_for_paths("/first", "/second")
    [event] = site.wait_for(site.events)

    assert (event["name"], event["props"]) == ("form", {"form": "join"})
    site.wait_for(lambda: len(site.rows("unt_event")) == 1)


def test_a_hanging_server_and_a_closed_tab_lose_nothing(
    tracked: Any, context: Any
) -> None:
    site = tracked()
    site.fail(503, wait=30)
    page = context.new_page()
    page.goto(site.url + "/first")
    site.wait_for(site.sent)
    page.close()
    site.recover()
    context.new_page().goto(site.url + "/second")
    site.wait_for_paths("/first", "/second")


def test_an_answer_lost_on_the_way_does_not_count_twice(
    tracked: Any, page: Any
) -> None:
    site = tracked()
    site.fail(502, passes=True)
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    site.recover()
    site.wait_for(lambda: not due(page))
    site.wait_for_paths("/first")

    assert len(site.sent()) > 1


def test_an_event_that_changed_in_flight_is_not_deleted(
    tracked: Any, page: Any
) -> None:
    site = tracked()
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    site.wait_for(lambda: is_at_rest(page))
    page.evaluate(
        f"document.title = 'Before'; {TICK}; UNT.flush();"
        f" document.title = 'After'; {TICK}"
    )
    site.wait_for(lambda: len(site.sent()) == 2)
    page.evaluate("UNT.track('push')")
    leaves = [
        event["title"]
        for request in site.sent()[1:]
        for event in request.events
        if event["type"] == "leave"
    ]

    assert leaves == ["Before", "After"]


def test_a_renderer_crash_keeps_the_time_read(tracked: Any, context: Any) -> None:
    site = tracked()
    page = context.new_page()
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    page.wait_for_timeout(1200)
    page.evaluate(TICK)
    page.wait_for_timeout(500)
    page.on("crash", lambda: None)

    with pytest.raises(playwright.sync_api.Error, match="crash"):
        page.goto("chrome://crash")

    context.new_page().goto(site.url + "/second")
    site.wait_for_paths("/first", "/second")
    site.wait_for(lambda: (site.views()[0].engaged or 0) > 1000)


def test_a_browser_that_is_online_again_does_not_wait(
    tracked: Any, context: Any
) -> None:
    """However long it was told to, or would have by itself."""
    site = tracked()
    page = context.new_page()
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    site.fail(503, headers={"Retry-After": "600"})
    page.evaluate("history.pushState(0, '', '/second')")
    site.wait_for(lambda: fails(page))
    site.recover()
    context.set_offline(True)
    page.wait_for_function("!navigator.onLine")
    page.evaluate("history.pushState(0, '', '/third')")
    context.set_offline(False)
    site.wait_for_paths("/first", "/second", "/third")


def test_a_flood_is_bounded_and_reported(tracked: Any, page: Any) -> None:
    site = tracked()
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    site.fail(503)
    page.evaluate(MANY % (2000, "n"))

    assert len(waiting(page)) == 500

    site.recover()
    site.wait_for(lambda: not due(page))
    names = [event.name for event in site.rows("unt_event")]

    # How far the page was read may take one of the places.
    assert len(names) in (499, 500)
    assert "n1999" in names
    page.evaluate("UNT.track('last')")
    told = [one.batch["dropped"] for one in site.sent() if not one.fault]
    # They are told of once.
    assert 1450 <= sum(told) <= 1600
    assert told[-1] == 0


def test_big_events_at_unload_ride_with_the_next_page(tracked: Any, page: Any) -> None:
    site = tracked()
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    page.evaluate(
        "addEventListener('pagehide', () => {"
        " for (let i = 0; i < 30; i++) UNT.track('big', {text: 'x'.repeat(4000)}) },"
        " true)"
    )
    page.goto(site.url + "/second")
    site.wait_for_paths("/first", "/second")
    site.wait_for(lambda: len(site.rows("unt_event")) == 30)


def test_a_clock_set_back_an_hour_holds_nothing_up(tracked: Any, page: Any) -> None:
    site = tracked()
    site.fail(503)
    page.goto(site.url + "/first")
    site.wait_for(lambda: fails(page))
    site.recover()
    page.add_init_script("const now = Date.now; Date.now = () => now() - 3600000")
    page.goto(site.url + "/second")
    site.wait_for(lambda: sorted(site.paths()) == ["/first", "/second"])


def test_events_older_than_a_week_are_given_up(tracked: Any, page: Any) -> None:
    """The server never takes the old one, however often it comes."""
    site = tracked()
    site.fail(503, only='"Old"')
    page.add_init_script(
        "if (!location.search) { const now = Date.now;"
        " Date.now = () => now() - 8 * 864e5 }"
    )
    page.goto(site.url + "/old")
    site.wait_for(site.sent)
    page.goto(site.url + "/new?utm_source=x")
    site.wait_for_paths("/new")
    [taken] = [request for request in site.sent() if not request.fault]

    assert taken.batch["dropped"] == 1
