"""On pages by htmx, Turbo and React Router, what a visitor saw is what is counted."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from framework_site import PAGES
from processes import REPOSITORY
from tracked_site import TrackedSite

pytestmark = pytest.mark.browser

MODULES = REPOSITORY / "node_modules"
LIBRARIES = {
    "htmx2.js": "htmx2/dist/htmx.min.js",
    "htmx4.js": "htmx.org/dist/htmx.min.js",
    "turbo.js": "@hotwired/turbo/dist/turbo.es2017-umd.js",
}
APP = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from framework_site import create_site
app = create_site(Path.cwd())
"""


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The frameworks as pages load them."""
    folder = tmp_path_factory.mktemp("libraries")

    for name, source in LIBRARIES.items():
        shutil.copy(MODULES / source, folder / name)

    subprocess.run(
        [
            *(MODULES / ".bin/esbuild", PAGES / "react.jsx"),
            *("--bundle", "--minify", "--jsx=automatic", "--log-level=error"),
            '--define:process.env.NODE_ENV="production"',
            f"--outfile={folder / 'react.js'}",
        ],
        check=True,
    )

    return folder


@pytest.fixture
def site(libraries: Path, serve: Callable[..., Any]) -> TrackedSite:
    """The running site."""
    running = serve(APP, arguments=("--threads", "8"))
    shutil.copytree(libraries, running.folder / "libraries")

    return TrackedSite(running)


class Visit:
    """Goes from page to page, and knows what should have been counted."""

    def __init__(self, site: TrackedSite, page: Any, framework: str) -> None:
        self._site = site
        self._page = page
        self._root = f"/{framework}/"
        self._seen: list[tuple[str, str]] = []

    def open(self, name: str, title: str) -> None:
        self._page.goto(self._site.url + self._root + name)
        self._arrive(name, title)

    def follow(self, link: str, path: str, title: str) -> None:
        self.press(f"nav >> text={link}", path, title)

    def press(self, selector: str, path: str, title: str) -> None:
        self._page.click(selector)
        self._arrive(path, title)

    def back(self, path: str, title: str) -> None:
        self._page.evaluate("history.back()")
        self._arrive(path, title)

    def read(self) -> None:
        """Stay for so long that leaving is no redirect."""
        self._page.wait_for_timeout(1000)

    def close(self) -> None:
        """Leave, and compare: in the database, and view by view on the wire."""
        self._page.goto("about:blank")
        self._site.wait_for(lambda: self._stored() == self._seen)
        wanted = [title for _, title in self._seen]
        self._site.wait_for(lambda: self._sent_titles() == wanted)
        self._page.wait_for_timeout(300)
        views = self._site.events("view")

        assert self._stored() == self._seen
        assert self._sent_titles() == wanted, self._site.state()
        assert [_page(v["referrer"]) for v in views[1:]] == [
            _page(v["url"]) for v in views[:-1]
        ]

    def _arrive(self, path: str, title: str) -> None:
        """Wait for page and view, and a little longer for one too many."""
        self._seen.append((self._root + path, title))
        self._page.wait_for_function(f"document.title === {title!r}")
        self._site.wait_for(lambda: len(self._site.views()) >= len(self._seen))
        self._page.wait_for_timeout(300)

    def _sent_titles(self) -> list[str]:
        leaves = {leave["view"]: leave for leave in self._site.events("leave")}

        return [
            leaves.get(view["id"], {}).get("title") or view["title"]
            for view in self._site.events("view")
        ]

    def _stored(self) -> list[tuple[str, str]]:
        return [(view.path, view.title) for view in self._site.views()]


def _page(url: str) -> str:
    return url.partition("?")[0]


@pytest.mark.parametrize("version", ["htmx2", "htmx4"])
def test_htmx(site: TrackedSite, page: Any, version: str) -> None:
    visit = Visit(site, page, version)
    visit.open("one", "One")
    visit.follow("two", "two", "Two")
    page.click("#quiet")
    page.wait_for_selector("#target > p")
    visit.press("#part", "part", "Part")
    visit.back("two", "Two")
    visit.press("#submit", "three", "Three")
    visit.close()


@pytest.mark.parametrize("version", ["htmx2", "htmx4"])
def test_htmx_takes_its_time(site: TrackedSite, page: Any, version: str) -> None:
    """A page is there when its answer is, and a redirect leads where it leads."""
    visit = Visit(site, page, version)
    visit.open("one", "One")
    visit.follow("slow", "slow", "Slow")
    visit.follow("moved", "two", "Two")
    visit.close()


@pytest.mark.parametrize("version", ["htmx2", "htmx4"])
def test_htmx_replaces_a_query(site: TrackedSite, page: Any, version: str) -> None:
    visit = Visit(site, page, version)
    visit.open("one", "One")
    page.click("#sort")
    page.wait_for_url("**/one?sort=up")
    visit.close()


def test_turbo(site: TrackedSite, page: Any) -> None:
    visit = Visit(site, page, "turbo")
    visit.open("one", "One")
    page.hover("nav >> text=two")
    site.wait_for(lambda: site.asked("/turbo/two") == 1)
    visit.follow("two", "two", "Two")
    visit.press("#submit", "three", "Three")
    visit.back("two", "Two")
    page.click("#framed")
    visit.read()
    visit.press("#replace", "three", "Three")
    visit.close()


def test_turbo_moves_before_it_knows_the_title(site: TrackedSite, page: Any) -> None:
    """The view is sent under the title before; the right one comes after it."""
    visit = Visit(site, page, "turbo")
    visit.open("one", "One")
    visit.follow("slow", "slow", "Slow")
    visit.follow("moved", "two", "Two")
    visit.close()


def test_react_router(site: TrackedSite, page: Any) -> None:
    visit = Visit(site, page, "react")
    visit.open("one", "One")
    visit.follow("two", "two", "Two")
    page.click("text=part")
    page.evaluate("history.back()")
    page.wait_for_url("**/two")
    visit.back("one", "One")
    visit.read()
    visit.follow("instead", "two", "Two")
    visit.close()


def test_react_router_redirects(site: TrackedSite, page: Any) -> None:
    """One view, wherever it was when it was sent."""
    page.goto(site.url + "/react/")
    page.wait_for_function("document.title === 'Log in'")
    page.wait_for_timeout(1200)
    page.click("nav >> text=one")
    site.wait_for(lambda: len(site.views()) == 2)
    page.wait_for_timeout(600)
    first, second = site.views()

    assert (first.path, first.title) in {
        ("/react/", "Loading"),
        ("/react/login", "Log in"),
    }
    assert (second.path, second.title) == ("/react/one", "One")


def test_react_router_replaces_a_query(site: TrackedSite, page: Any) -> None:
    """One typed into a filter is no view, one navigated to is."""
    visit = Visit(site, page, "react")
    visit.open("search", "Search")
    page.type("#query", "saturn", delay=30)
    page.wait_for_url("**/search?q=saturn")
    visit.follow("other", "search", "Search")
    visit.close()


def test_react_router_sets_titles_late(site: TrackedSite, page: Any) -> None:
    visit = Visit(site, page, "react")
    visit.open("one", "One")
    visit.follow("late", "late", "Late")
    visit.follow("later", "later", "Later")
    visit.follow("two", "two", "Two")
    visit.press("#guarded", "guarded", "Guarded")
    visit.close()


def test_a_guard_that_sets_the_title_first(site: TrackedSite, page: Any) -> None:
    """The new title is not the title of the page that it moves away from."""
    visit = Visit(site, page, "react")
    visit.open("one", "One")
    visit.press("#guarded", "guarded", "Guarded")
    visit.close()
