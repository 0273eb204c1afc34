"""In Firefox, without the Navigation API: single-page moves through patched history."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import processes
import pytest

pytestmark = pytest.mark.browser

# The page acts by itself: nothing has to drive the browser.
ACTS = """<script>
  delete window.navigation;
  addEventListener("load", async () => {
    const read = () => new Promise((resolve) => setTimeout(resolve, 1200));
    await read();
    history.replaceState(0, "", "?filter=1");
    history.pushState(0, "", "/second");
    document.title = "Second";
    await read();
    history.back();
    await read();
    UNT.track("done", { patched: !("navigation" in window) });
  });
</script>"""


def test_firefox_counts_moves_once(
    tracked: Callable[..., Any], spawn: Callable[..., Any], tmp_path: Path
) -> None:
    site = tracked({"/first": ACTS})
    profile = tmp_path / "profile"
    profile.mkdir()
    spawn(
        [
            *(processes.command_path("firefox-esr", "/usr/bin"), "--headless"),
            *("--no-remote", "--profile", str(profile), site.url + "/first"),
        ],
        environment={"HOME": str(tmp_path)},
    )
    site.wait_for(lambda: site.rows("unt_event"), patience=120)
    views = site.wait_for_paths("/first", "/second", "/first")

    assert [view.kind for view in views] == ["load", "push", "traverse"]
    assert views[1].title == "Second"
    assert site.events()[0]["props"] == {"patched": True}
