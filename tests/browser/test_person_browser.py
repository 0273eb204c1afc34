"""A person's page and /me in a real Chromium: by keyboard, and for everybody."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect
from test_dashboard_browser import APP
from test_dashboard_browser import BOARD

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
RULES = "axe.run(document, {resultTypes: ['violations']})"
KEYS = "Object.keys(localStorage).sort()"


def assert_readable(page):
    """No rule of axe is broken, in either colours."""
    page.evaluate(AXE.read_text())

    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate(RULES)["violations"]
        assert [(rule["id"], rule["nodes"][0]["target"]) for rule in found] == []


def press(page, element):
    element.focus()
    expect(element).to_be_focused()
    page.keyboard.press("Enter")


def test_two_users_are_merged_and_parted_by_the_keyboard(serve, page):
    site = serve(APP.format(demo=True), arguments=("--threads", "4"))
    page.goto(f"{site.url}/link")
    page.goto(site.url + page.inner_text("body"))
    page.goto(f"{site.url}{BOARD}/user/2")
    other = page.locator("h1").inner_text().split()[0]
    page.goto(f"{site.url}{BOARD}/user/1")
    name = page.locator("h1").inner_text().split()[0]

    press(page, page.get_by_role("link", name="Merge with another user…"))
    page.get_by_label("Search", exact=True).fill(other)
    page.keyboard.press("Enter")
    page.wait_for_url("**/merge?q=*")
    assert_readable(page)
    press(page, page.get_by_role("link", name=other))
    expect(page.get_by_role("heading", level=1)).to_have_text("Are they one person?")
    assert_readable(page)
    press(page, page.get_by_role("button", name="Merge"))
    expect(page.locator("h1")).to_contain_text(name)
    merged = page.get_by_role("region", name="One person, said by hand")
    expect(merged).to_contain_text(other)
    assert_readable(page)

    page.goto(f"{site.url}{BOARD}/user/2")
    expect(page.locator("h1")).to_contain_text(name)
    page.goto(f"{site.url}{BOARD}/user/1/forget")
    expect(page.locator("main")).to_contain_text(f"{other}, who is merged with them")
    assert_readable(page)
    press(page, page.get_by_role("link", name="Cancel"))
    press(page, page.get_by_role("button", name=f"Take back the merge of {other}"))
    expect(merged).to_have_count(0)
    page.goto(f"{site.url}{BOARD}/user/2")
    expect(page.locator("h1")).to_contain_text(other)


def test_a_visitor_reads_and_ends_what_is_known_of_them(serve, page):
    site = serve(APP.format(demo=False), arguments=("--threads", "4"))

    with page.expect_response("**/e") as sent:
        page.goto(f"{site.url}/")

    assert sent.value.status == 202
    page.goto(f"{site.url}/k3/me")
    expect(page.locator(".views .title")).to_have_text(["Home"])
    assert_readable(page)
    page.get_by_label("and do not record this browser again").check()
    page.get_by_role("button", name="Forget this browser").click()
    expect(page.locator("h1")).to_have_text("This browser is forgotten")
    assert page.evaluate(KEYS) == ["unt:off"]

    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site.url}/")
    page.goto(f"{site.url}/k3/me")
    expect(page.locator("h1")).to_have_text("Nothing that can be told")
    assert_readable(page)
    assert not [url for url in asked if url.endswith("/e")]
