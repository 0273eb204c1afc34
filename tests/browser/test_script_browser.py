"""The script as Chromium loads it: compressed, and readable for who debugs it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urljoin

import pytest

pytestmark = pytest.mark.browser


def test_it_is_compressed_and_kept(tracked: Any, page: Any) -> None:
    """In the smaller way where the browser takes both; once for all pages."""
    site = tracked()
    page.goto(site.url + "/first")

    with page.expect_response("**/unt.js*") as loaded:
        page.reload()

    site.wait_for_paths("/first", "/first")
    script = loaded.value

    assert script.headers["content-encoding"] == "br"
    assert "immutable" in script.headers["cache-control"]
    assert len(script.body()) > int(script.headers["content-length"])

    page.goto(site.url + "/second")
    site.wait_for_paths("/first", "/first", "/second")

    assert site.asked("/unt.js") == 1


def test_it_is_compressed_for_plain_http(tracked: Any, launch: Any) -> None:
    """Where browsers take nothing but gzip."""
    site = tracked()
    page = launch("--host-resolver-rules=MAP plain.example 127.0.0.1").new_page()

    with page.expect_response("**/unt.js*") as loaded:
        page.goto(site.url.replace("127.0.0.1", "plain.example") + "/first")

    site.wait_for_paths("/first")

    assert loaded.value.headers["content-encoding"] == "gzip"


def test_whoever_debugs_it_reads_its_source(tracked: Any, page: Any) -> None:
    site = tracked()
    debugger = page.context.new_cdp_session(page)
    parsed: list[dict[str, Any]] = []
    debugger.on("Debugger.scriptParsed", lambda about: parsed.append(about))
    debugger.send("Debugger.enable")
    page.goto(site.url + "/first")

    def ours() -> list[dict[str, Any]]:
        page.wait_for_timeout(20)
        return [one for one in parsed if "/unt.js" in one["url"]]

    [script] = site.wait_for(ours)
    answer = page.request.get(urljoin(script["url"], script["sourceMapURL"]))
    sources = json.loads(answer.body())["sources"]

    assert answer.headers["content-type"] == "application/json"
    assert any(source.endswith("js/queue.js") for source in sources)
