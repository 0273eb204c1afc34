"""Visitors that browse the example site as it goes down and comes back, by a seed.

A visitor is a browser without past. In it, a hook (``UNT.before``) writes each view
that is recorded into a diary of its own: a ``localStorage`` key that nothing of the
tracker reads. What the diaries say is what the database must hold.
"""

from __future__ import annotations

import contextlib
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import playwright.sync_api
import sites

from flask_unt.events import stored_key

DIARY = """
(window.unt = window.unt || []).push(["before", (event) => {
  if (event.type === "view") {
    localStorage["diary:" + event.id] = JSON.stringify(event);
  }
}]);
"""
SENT = """
() => Object.keys(localStorage).every(
  (key) => !key.startsWith("unt:0") || !localStorage[key].includes('"type":"view"'))
"""
PAGES = ["/", "/info", "/contact", "/test", "/sign-in", "/nowhere"]
LINKS = ["Home", "Info", "Contact", "Test page"]
CHANCES = {
    "open": 16,
    "follow": 30,
    "move": 10,
    "back": 14,
    "forward": 7,
    "reload": 5,
    "open_tab": 6,
    "close_tab": 8,
    "crash_tab": 2,
}
TOGETHER = 6
QUICK_MS = 1500

Refusal = playwright.sync_api.Error


@dataclass
class Visitor:
    """One browser: its open tabs with their targets, and how much it will still do."""

    context: playwright.sync_api.BrowserContext
    steps: int
    comes_back: bool
    tabs: dict[playwright.sync_api.Page, str] = field(default_factory=dict)

    def storage(self) -> dict[str, str]:
        """What it keeps for the site; tabs are not asked, they may be gone."""
        origins = self.context.storage_state()["origins"]

        return {
            one["name"]: one["value"]
            for origin in origins
            for one in origin["localStorage"]
        }


@dataclass
class Ledger:
    """What browsers recorded, and where it is: keys as they are stored."""

    recorded: set[bytes] = field(default_factory=set)
    waiting: set[bytes] = field(default_factory=set)
    done: Counter[str] = field(default_factory=Counter)

    def enter(self, storage: dict[str, str]) -> None:
        """A browser is asked for the last time."""
        self.recorded |= _keys(storage, "diary:")
        self.waiting |= _keys(storage, "unt:0")


def _keys(storage: dict[str, str], start: str) -> set[bytes]:
    events = [json.loads(raw) for key, raw in storage.items() if key.startswith(start)]

    return {
        stored_key(event["visitor"], event["id"], event["time"])
        for event in events
        if event["type"] == "view"
    }


def _run(tab: playwright.sync_api.Page, script: str) -> None:
    """Not ``tab.evaluate``: that waits for a page that went to the cache for ever."""
    tab.locator("html").evaluate(f"() => {{ {script} }}", timeout=QUICK_MS)


class Soak:
    """``run(sessions)`` browses, ends all outages, has visitors return, and tells."""

    def __init__(
        self, browser: playwright.sync_api.Browser, site: sites.Site, seed: int
    ) -> None:
        self._browser = browser
        self._devtools = browser.new_browser_cdp_session()
        self._site = site
        self._random = random.Random(seed)
        self._down_until = 0.0
        self._resting: list[Visitor] = []
        self.ledger = Ledger()

    def run(self, sessions: int) -> Ledger:
        active: list[Visitor] = []
        left = sessions

        while active or left:
            if left and len(active) < TOGETHER:
                active.append(self._arrive())
                left -= 1

            visitor = self._random.choice(active)
            self._weather()
            self._step(visitor)

            if not visitor.steps:
                active.remove(visitor)
                self._leave(visitor)

        self._recover()
        self._return_all()

        return self.ledger

    def _arrive(self) -> Visitor:
        context = self._browser.new_context()
        context.set_default_timeout(2 * QUICK_MS)
        context.add_init_script(DIARY)
        visitor = Visitor(
            context,
            steps=self._random.randint(6, 16),
            comes_back=self._random.random() < 0.8,
        )
        self._open_tab(visitor)

        return visitor

    def _weather(self) -> None:
        """The site goes down now and then, for one to six seconds."""
        if self._down_until:
            if time.monotonic() > self._down_until:
                self._recover()
        elif self._random.random() < 0.06:
            self._site.kill()
            self.ledger.done["outages"] += 1
            self._down_until = time.monotonic() + self._random.uniform(1, 6)

    def _recover(self) -> None:
        if self._down_until:
            self._site.start()

        self._down_until = 0.0

    def _step(self, visitor: Visitor) -> None:
        visitor.steps -= 1
        choice = self._random.choices([*CHANCES], [*CHANCES.values()])[0]
        pause = self._random.choice([0, 0, 50, 200, 600])
        act: Callable[[Visitor, Any], None] = getattr(self, f"_{choice}")
        tab = self._random.choice([*visitor.tabs]) if visitor.tabs else None
        self.ledger.done[choice.replace("_", " ")] += 1

        # What cannot be reached, or clicked, a visitor does not reach either.
        with contextlib.suppress(Refusal):
            act(visitor, tab) if tab else self._open_tab(visitor)

        time.sleep(pause / 1000)

    def _open_tab(self, visitor: Visitor, tab: Any = None) -> None:
        tab = visitor.context.new_page()
        about = visitor.context.new_cdp_session(tab).send("Target.getTargetInfo")
        visitor.tabs[tab] = about["targetInfo"]["targetId"]

        with contextlib.suppress(Refusal):
            self._open(visitor, tab)

    def _open(self, visitor: Visitor, tab: Any) -> None:
        address = self._site.url + self._random.choice(PAGES)
        tab.goto(address, wait_until=self._random.choice(["commit", "load"]))

    def _follow(self, visitor: Visitor, tab: Any) -> None:
        name = self._random.choice(LINKS)
        tab.click(f"nav >> text={name}", timeout=QUICK_MS, no_wait_after=True)

    def _move(self, visitor: Visitor, tab: Any) -> None:
        route = self._random.randrange(1000)
        _run(tab, f"history.pushState(0, '', '#/{route}')")

    def _back(self, visitor: Visitor, tab: Any) -> None:
        _run(tab, "setTimeout(() => history.back())")

    def _forward(self, visitor: Visitor, tab: Any) -> None:
        _run(tab, "setTimeout(() => history.forward())")

    def _reload(self, visitor: Visitor, tab: Any) -> None:
        tab.reload(wait_until="commit")

    def _close_tab(self, visitor: Visitor, tab: Any) -> None:
        self._close(visitor, tab)

    def _crash_tab(self, visitor: Visitor, tab: Any) -> None:
        with contextlib.suppress(Refusal):
            tab.goto("chrome://crash", timeout=QUICK_MS)

        self._close(visitor, tab)

    def _close(self, visitor: Visitor, tab: playwright.sync_api.Page) -> None:
        """Close it until it is: what meets a navigation, Chromium says yes to only."""
        target = {"targetId": visitor.tabs.pop(tab)}

        with contextlib.suppress(Refusal):
            while not tab.is_closed():
                self._devtools.send("Target.closeTarget", target)
                time.sleep(0.05)

    def _leave(self, visitor: Visitor) -> None:
        for tab in [*visitor.tabs]:
            self._close(visitor, tab)

        if visitor.comes_back:
            self._resting.append(visitor)
            return

        self.ledger.done["never came back"] += 1
        self._forget(visitor)

    def _forget(self, visitor: Visitor) -> None:
        self.ledger.enter(visitor.storage())
        visitor.context.close()

    def _return_all(self) -> None:
        """Each visitor who rests opens one more page, and stays until all is sent."""
        while self._resting:
            group, self._resting = self._resting[:TOGETHER], self._resting[TOGETHER:]
            pages = [visitor.context.new_page() for visitor in group]

            for page in pages:
                page.goto(self._site.url + "/", timeout=60_000)

            for page in pages:
                page.wait_for_function(SENT, timeout=60_000)
                page.close()

            for visitor in group:
                self._forget(visitor)
