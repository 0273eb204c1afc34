"""Fixtures of the browser tests: a tracked site, a browser without past.

tracked(pages={"/path": "<p>…"}, headers={…}, members=False, **config)   a running site
launch(*flags, without=())                       another browser
open_context()                                   a browser without past
context, page                                    one, a tab of it
"""

from __future__ import annotations

import json
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import playwright.sync_api
import processes
import pytest
from tracked_site import TrackedSite

playwright.sync_api.expect.set_options(timeout=30_000)

HERE = Path(__file__).parent
APP = """
import sys
from pathlib import Path
sys.path.insert(0, {here!r})
from front import create_site
app = create_site(Path.cwd())
"""


@pytest.fixture
def tracked(serve: Callable[..., Any], tmp_path: Path) -> Callable[..., TrackedSite]:
    """tracked(pages=None, headers=None, **config) runs a site and returns it."""

    def start(
        pages: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        *,
        members: bool = False,
        **config: Any,
    ) -> TrackedSite:
        wanted = {
            "pages": pages or {},
            "headers": headers or {},
            "members": members,
            "config": config,
        }
        number = len(list(tmp_path.glob("site[0-9]*")))
        described = tmp_path / f"site{number}" / "site.json"
        source = APP.format(here=str(HERE)).replace(
            "app = ",
            f"Path('site.json').write_text({json.dumps(wanted)!r})\napp = ",
        )
        running = serve(source, arguments=("--threads", "8"))
        assert described.exists()

        return TrackedSite(running)

    return start


@pytest.fixture
def launch(
    chromium: playwright.sync_api.Browser,
) -> Iterator[Callable[..., playwright.sync_api.BrowserContext]]:
    """launch(*flags, without=()) starts another Chromium, as a browser without past.

    ``without`` names flags that Playwright would set.
    """
    started: list[playwright.sync_api.Browser] = []

    def start(
        *flags: str, without: Sequence[str] = ()
    ) -> playwright.sync_api.BrowserContext:
        browser = chromium.browser_type.launch(
            executable_path=processes.command_path("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", *flags],
            ignore_default_args=list(without),
        )
        started.append(browser)

        return browser.new_context()

    yield start

    for browser in started:
        browser.close()


@pytest.fixture
def open_context(
    chromium: playwright.sync_api.Browser,
) -> Iterator[Callable[[], playwright.sync_api.BrowserContext]]:
    """open_context() is a browser without past."""
    opened: list[playwright.sync_api.BrowserContext] = []

    def start() -> playwright.sync_api.BrowserContext:
        context = chromium.new_context()
        context.set_default_timeout(45_000)
        opened.append(context)

        return context

    yield start

    for context in opened:
        context.close()


@pytest.fixture
def context(
    open_context: Callable[[], playwright.sync_api.BrowserContext],
) -> playwright.sync_api.BrowserContext:
    """A browser without past."""
    return open_context()


@pytest.fixture
def page(context: playwright.sync_api.BrowserContext) -> playwright.sync_api.Page:
    """A tab of it, which fails the test when a script throws."""
    page = context.new_page()
    page.on("pageerror", _raise)

    return page


def _raise(error: playwright.sync_api.Error) -> None:
    raise AssertionError(f"The page threw: {error}")
