"""Pages that come back from the back-forward cache, and pages prepared in advance."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import playwright.sync_api
import processes
import pytest

pytestmark = pytest.mark.browser

# A tab that asks may hold the others back for 15 of the browser's seconds. They pass
# slowly here: a page that were bound by it would be so for longer than a test waits.
SLOWLY = "const now = Date.now; Date.now = () => {0} + Math.round((now() - {0}) / 20)"

RULES = (
    '<script type="speculationrules">{"prerender": [{"source": "list",'
    ' "urls": ["/prepared"], "eagerness": "immediate"}]}</script>'
)
# The prepared page tells the other one that it is, which then goes there.
TELL = "<script>addEventListener('load', () => localStorage.prepared = 1)</script>"
SHOW = (
    "<script>addEventListener('storage', ({key}) =>"
    " key === 'prepared' && setTimeout(() => location = '/prepared', 500))</script>"
)


def test_a_page_from_the_cache_is_a_view_both_ways(
    tracked: Any, cached_page: Any
) -> None:
    site = tracked()
    page = cached_page
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    _follow(page, "/second")
    site.wait_for_paths("/first", "/second")
    page.evaluate("history.back()")
    site.wait_for_paths("/first", "/second", "/first")
    page.evaluate("history.forward()")
    views = site.wait_for_paths("/first", "/second", "/first", "/second")

    assert [view.kind for view in views] == ["load", "load", "bf", "bf"]
    assert views[2].from_id == views[1].id


def test_a_page_from_the_cache_sends_again_what_was_on_the_way(
    tracked: Any, cached_page: Any
) -> None:
    """The gate that a page held when it left must bind nobody when it is back."""
    site = tracked()
    page = cached_page
    page.add_init_script(SLOWLY.format(time.time_ns() // 1_000_000))
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    site.fail(202, passes=True, wait=20)
    page.evaluate("UNT.track('slow'); null")
    site.wait_for(lambda: len(site.sent()) == 2)
    site.recover()
    _follow(page, "/second")
    site.wait_for(lambda: "/second" in site.paths())
    page.evaluate("history.back()")
    views = site.wait_for_paths("/first", "/second", "/first")
    page.wait_for_timeout(1000)
    site.wait_for(lambda: page.evaluate("!localStorage['unt:gate']"))

    assert views[2].kind == "bf"
    assert len(site.rows("unt_event")) == 1


def test_a_prepared_page_counts_only_when_it_is_shown(
    tracked: Any, spawn: Any, tmp_path: Path
) -> None:
    """No automation is attached: it would keep Chromium from preparing pages."""
    site = tracked({"/shows": RULES + SHOW, "/never": RULES, "/prepared": TELL})
    never = spawn(_chromium(site.url + "/never", tmp_path / "never"))
    site.wait_for(lambda: site.asked("/prepared") == 1)
    site.wait_for_paths("/never")
    time.sleep(2)
    never.kill()

    assert site.paths() == ["/never"]

    shows = spawn(_chromium(site.url + "/shows", tmp_path / "shows"))
    site.wait_for_paths("/never", "/shows", "/prepared")
    shows.kill()

    assert site.asked("/prepared") == 2


@pytest.fixture
def cached_page(launch: Any) -> Any:
    """A tab of a browser that keeps pages it leaves."""
    return launch(without=["--disable-back-forward-cache"]).new_page()


def _follow(page: playwright.sync_api.Page, path: str) -> None:
    page.evaluate(f"setTimeout(() => location = {json.dumps(path)})")
    page.wait_for_url("**" + path)


def _chromium(url: str, folder: Path) -> list[str]:
    flags = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage"
    return [
        *(processes.command_path("chromium"), *flags.split(), "--no-first-run"),
        *(f"--user-data-dir={folder}", url),
    ]
