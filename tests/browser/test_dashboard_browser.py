"""The dashboard in a real Chromium: charts, keys, widths, forms and first steps."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect
from sites import Site

APP = """
import time
from pathlib import Path
from flask import Flask
from flask_unt import UNT
from flask_unt.dashboard.access import make_login_link
from flask_unt.state import get_state

app = Flask(__name__, instance_path=str(Path.cwd()))
app.config.update(SECRET_KEY="secret", UNT_PREFIX="/k3")
UNT(app)

@app.get("/")
def index():
    return "<!doctype html><title>Home</title><body><h1>Hello</h1></body>"

@app.get("/link")
def link():
    return make_login_link(get_state(app))

if {demo}:
    now = time.time_ns() // 1_000_000
    get_state(app).store.make_demo(now, weeks=3, seed=1, host="localhost")
"""
BOARD = "/k3/dashboard"
PATIENCE = 60.0
PAGES = (
    *("", "/users", "/user/1", "/pages?by=entry", "/page/1", "/search?q=an"),
    *("/live", "/status", "/nothing"),
)


@pytest.fixture(scope="module")
def demo_site(tmp_path_factory):
    """A site with made-up people, for all tests that only look at it."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "app.py").write_text(APP.format(demo=True))
    site = Site("app:app", folder, arguments=("--threads", "4"))
    yield site.start()
    site.kill()


@pytest.fixture
def board(serve, page, request):
    """board(demo) opens the dashboard of a site, with made-up people or empty."""

    def open_dashboard(demo):
        site = (
            request.getfixturevalue("demo_site")
            if demo
            else serve(APP.format(demo=False), arguments=("--threads", "4"))
        )
        page.goto(f"{site.url}/link")
        page.goto(site.url + page.inner_text("body"))
        return site

    return open_dashboard


def painted(page, selector):
    """How many dots of a canvas have a colour."""
    return page.eval_on_selector(
        selector,
        """canvas => {
            const { width, height } = canvas;
            const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
            return data.filter((value, index) => index % 4 === 3 && value > 0).length;
        }""",
    )


def drawing(canvas):
    """What is on a canvas, without what is behind it."""
    return canvas.evaluate("canvas => canvas.toDataURL()")


def until(page, look):
    """Wait until ``look()`` is true: what a page draws, it draws a moment later."""
    end = time.monotonic() + PATIENCE

    while not look():
        assert time.monotonic() < end
        page.wait_for_timeout(50)


def test_charts_are_drawn_under_the_policy(board, page):
    """The browser has no complaint: no rule is broken, no file is missing."""
    site = board(True)
    said = []
    page.on("console", lambda message: said.append(message.text))

    for path in PAGES[:-1]:
        page.goto(f"{site.url}{BOARD}{path}")

    page.goto(site.url + BOARD)
    until(page, lambda: painted(page, ".ring canvas") > 1_000)
    until(page, lambda: painted(page, ".area canvas") > 1_000)
    assert said == []


def test_the_ring_survives_resizing_the_window(board, page):
    board(True)

    for width in (1280, 360, 900, 1600):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_timeout(150)
        until(page, lambda: painted(page, ".ring canvas") > 1_000)
        box = page.locator(".ring canvas").bounding_box()

        assert (round(box["width"]), round(box["height"])) == (140, 140)
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


def test_the_area_follows_the_window_and_the_figure_that_is_chosen(board, page):
    board(True)
    area = page.locator(".area canvas")
    until(page, lambda: painted(page, ".area canvas") > 1_000)
    page.set_viewport_size({"width": 700, "height": 800})
    until(page, lambda: area.bounding_box()["width"] < 700)
    page.wait_for_timeout(150)
    before = drawing(area)
    page.get_by_role("button", name="Views").click()
    until(page, lambda: drawing(area) != before)


def test_no_page_is_wider_than_the_window(board, page):
    site = board(True)

    for path in PAGES:
        page.goto(f"{site.url}{BOARD}{path}")

        for width in (320, 390, 768, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, path


def test_on_a_phone_four_tabs_stay_at_the_bottom(board, page):
    board(True)
    page.set_viewport_size({"width": 390, "height": 800})
    tabs = page.locator(".bottom a")

    assert tabs.all_inner_texts() == ["Overview", "People", "Pages", "Live"]
    tabs.nth(1).click()
    expect(page).to_have_url(re.compile("/users$"))


def test_dark_by_the_systems_wish_also_in_the_charts(board, page):
    board(True)
    ring = page.locator(".ring canvas")
    until(page, lambda: painted(page, ".ring canvas") > 1_000)
    light = drawing(ring)
    page.emulate_media(color_scheme="dark")
    expect(page.locator("body")).to_have_css("background-color", "rgb(14, 15, 18)")
    until(page, lambda: drawing(ring) != light)


def test_keys(board, page):
    board(True)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    first = page.locator(".person").first
    expect(first).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("t73j")
    expect(page.locator("[data-search]")).to_have_value("t73j")
    page.locator("[data-search]").blur()
    page.keyboard.press("3")
    expect(page.locator('.when-box [aria-current="true"]')).to_have_text("30 d")
    page.keyboard.press("t")
    expect(page.locator('.when-box [aria-current="true"]')).to_have_text("Today")


def test_without_scripts_all_is_there_but_the_charts(board, page, chromium):
    site = board(True)
    context = chromium.new_context(java_script_enabled=False)
    context.add_cookies(page.context.cookies())
    plain = context.new_page()
    plain.goto(site.url + BOARD)

    assert plain.locator(".person").count() == 8
    assert plain.locator(".legend tbody tr").count() >= 4
    assert not plain.locator("canvas").first.is_visible()
    plain.locator("details:has(.plain) summary").click()
    assert plain.locator(".plain tbody tr").count() >= 7
    context.close()


def test_signing_out_works_from_a_real_form(board, page):
    board(True)
    page.get_by_role("button", name="Sign out").click()

    expect(page.locator("body")).to_contain_text("You are signed out.")


def test_the_first_steps_tick_themselves(board, page, context):
    site = board(False)
    expect(page.locator('[data-step="tag"]')).to_have_class("done")
    expect(page.locator('[data-step="first_view"]')).not_to_have_class("done")
    context.new_page().goto(f"{site.url}/")
    expect(page.locator("h1")).to_contain_text("1 person came")
