"""The tracker listens, and leaves the page as it was."""

from __future__ import annotations

from typing import Any

import pytest
from waiting import TICK

pytestmark = pytest.mark.browser

WATCH = """
window.touched = [];
const cookie = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
Object.defineProperty(Document.prototype, "cookie", {
  get() { touched.push("reads cookies"); return cookie.get.call(this); },
  set(value) { touched.push("sets " + value); cookie.set.call(this, value); },
});
addEventListener("DOMContentLoaded", () =>
  new MutationObserver((changes) => touched.push(...changes.map(({ type }) => type)))
    .observe(document, {
      attributes: true, characterData: true, childList: true, subtree: true,
    }));
"""


def test_no_cookie_and_no_change_to_the_page(tracked: Any, page: Any) -> None:
    site = tracked({"/first": "<p>A page.</p><a href='#part' data-unt='part'>Part</a>"})
    page.add_init_script(WATCH)
    page.goto(site.url + "/first")
    site.wait_for_paths("/first")
    page.click("text=Part")
    page.evaluate("history.pushState(0, '', '/second')")
    page.evaluate("UNT.track('signup')")
    page.evaluate(TICK)
    page.evaluate("UNT.optOut(true)")

    assert page.evaluate("touched") == []
    assert page.evaluate("document.querySelectorAll('script').length") == 1
    assert page.evaluate("Object.getOwnPropertyNames(window.UNT).includes('track')")
    assert len(site.rows("unt_event")) == 2
