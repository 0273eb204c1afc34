"""Whether pages carry the tag, and may run it.

The app is asked for a page as a browser without cookies would: one GET of the start
page, or of the pages that the operator names. No other view is called, as what a view
does is the site's own; which of them leave the tag out, the injector has noted from
the pages that visitors were shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException

from .finding import Finding
from .finding import bad
from .finding import ok
from .finding import warn
from .look import Look
from .policy import blocks_connecting
from .policy import blocks_script

UNTAGGED = "untagged:"
DAY_MS = 86_400_000
ENDPOINTS_SHOWN = 10
BY_HAND = "Put {{ unt_script() }} in its template, or what flask unt tag prints in it."


def check_pages(look: Look) -> Iterator[Finding]:
    """The pages that are asked for carry the tag and may run it."""
    for path in look.pages:
        yield from _check_page(look, path)


def check_untagged(look: Look) -> Iterator[Finding]:
    """The pages that visitors were shown carried it."""
    lately = {
        name.removeprefix(UNTAGGED): why
        for name, (at, why) in look.figures.notes.items()
        if name.startswith(UNTAGGED) and look.now - at < DAY_MS
    }

    for endpoint, why in sorted(lately.items())[:ENDPOINTS_SHOWN]:
        yield warn(
            "injection",
            f"The tag is not put into the pages of {endpoint}: {why}.",
            f"{BY_HAND} Or mark the view with @unt.exempt.",
        )


def _check_page(look: Look, path: str) -> Iterator[Finding]:
    client = look.state.app.test_client(use_cookies=False)

    try:
        answer = client.get(path, base_url=_base(look))
    except Exception as error:
        name = type(error).__name__
        yield warn("injection", f"The page {path} failed with {name}.", "See its log.")
        return

    with closing(answer):
        yield from _judge_answer(look, path, answer)


def _judge_answer(look: Look, path: str, answer: Any) -> Iterator[Finding]:
    if answer.status_code != 200 or answer.mimetype != "text/html":
        kind = "" if answer.status_code != 200 else f" ({answer.mimetype})"
        yield ok(
            "injection",
            f"Whether pages carry the tag cannot be told from {path}: it is answered"
            f" {answer.status_code}{kind}. Name a page: flask unt doctor --page /shop.",
        )
        return

    yield from _judge(look, path, answer)


def _judge(look: Look, path: str, answer: Any) -> Iterator[Finding]:
    body = answer.get_data()
    place = body.find(f"{look.settings.prefix}/unt.js".encode())

    if place < 0:
        why = _why_untagged(look, path)
        yield bad("injection", f"The page {path} carries no tag: {why}.", BY_HAND)
        return

    yield ok("injection", f"The page {path} carries the tag.")
    tag = body[body.rfind(b"<script", 0, place) : body.find(b">", place) + 1]
    policies = answer.headers.getlist("Content-Security-Policy")
    yield from _judge_policies(look, path, tag.decode("latin-1"), policies)


def _why_untagged(look: Look, path: str) -> str:
    """The injector has just said of this very page why, if it left the tag out."""
    if not look.settings.inject:
        return "UNT_INJECT is off"

    noticed = look.state.noticed.untagged
    return noticed.get(_endpoint(look, path), "its view is exempt")


def _judge_policies(
    look: Look, path: str, tag: str, policies: list[str]
) -> Iterator[Finding]:
    base = urlsplit(_base(look))

    if any(blocks_script(policy, tag, base) for policy in policies):
        yield bad(
            "csp",
            f"The Content-Security-Policy of {path} blocks the script.",
            "Allow it: script-src 'self', or a nonce given as UNT(app, nonce=…).",
        )

    if any(blocks_connecting(policy, base) for policy in policies):
        yield bad(
            "csp",
            f"The Content-Security-Policy of {path} lets the script send nothing.",
            "Allow it: connect-src 'self'.",
        )


def _endpoint(look: Look, path: str) -> str:
    adapter = look.state.app.url_map.bind(look.settings.server_name or "localhost")

    try:
        return str(adapter.match(path.partition("?")[0])[0])
    except HTTPException:
        return ""


def _base(look: Look) -> str:
    """Over https, as a site that leads there answers nothing else."""
    return f"https://{look.settings.server_name or 'localhost'}/"
