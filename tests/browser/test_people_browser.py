"""The pages of people in a real Chromium: live, and for everybody who reads them."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect
from test_dashboard_browser import BOARD
from test_dashboard_browser import board as board
from test_dashboard_browser import demo_site as demo_site

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
RULES = "axe.run(document, {resultTypes: ['violations']})"
READ = ("", "/users", "/users?who=anonymous&seen=7d", "/user/1", "/visitor/50")
SEEN = (
    *("/pages?by=entry", "/pages?by=route", "/page/1", "/search?q=an"),
    *("/users?clock=visitor&team=1", "/live", "/more/known", "/status"),
)


def test_nobody_is_kept_from_reading(board, page):
    """No rule of axe is broken, on any page, in either colours."""
    site = board(True)
    broken = {}

    for path in (*READ, *SEEN):
        page.goto(f"{site.url}{BOARD}{path}")
        # By the debugger, since the policy lets in no script of another's.
        page.evaluate(AXE.read_text())

        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)

            for rule in page.evaluate(RULES)["violations"]:
                where = [node["target"] for node in rule["nodes"]][:5]
                broken[path, scheme, rule["id"]] = where

    assert broken == {}


def test_a_view_is_shown_as_it_lands_and_takes_no_focus(board, page, context):
    site = board(True)
    page.goto(f"{site.url}{BOARD}/live")
    newest = page.locator('[data-list="newest"] li')
    before = newest.first.get_attribute("data-id")
    button = page.get_by_role("button", name="Pause")
    button.focus()
    context.new_page().goto(f"{site.url}/")
    expect(newest.first).not_to_have_attribute("data-id", str(before))
    expect(newest.first).to_contain_text("Home")
    expect(page.get_by_role("status")).to_contain_text("Home")
    expect(button).to_be_focused()


def test_a_hidden_or_paused_page_asks_for_nothing(board, page):
    """It goes on at once when it is looked at again."""
    site = board(True)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site.url}{BOARD}/live")

    with page.expect_request("**/api/live"):
        pass

    hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true});"
    told = " document.dispatchEvent(new Event('visibilitychange'))"
    page.wait_for_load_state("networkidle")
    page.evaluate(hide % "true" + told)
    asked.clear()
    page.wait_for_timeout(7_000)
    assert not [url for url in asked if "/api/live" in url]

    with page.expect_request("**/api/live"):
        page.evaluate(hide % "false" + told)

    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
