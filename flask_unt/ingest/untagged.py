"""Why a page gets no tag, noted for the site's owner."""

from __future__ import annotations

import re
from typing import Any

from ..state import State

ENDPOINTS_KEPT = 50
DOCUMENT = re.compile(
    rb"\s*(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype|html)\b", re.I | re.S
)
HEAD = 1024


def note_untagged(state: State, endpoint: str | None, response: Any, now: int) -> None:
    """Note the first page of each view that is one and gets no tag."""
    if endpoint is None or response.mimetype != "text/html":
        return

    noticed = state.noticed.untagged

    if endpoint in noticed or len(noticed) >= ENDPOINTS_KEPT:
        return

    why = _why(response, f"{state.settings.prefix}/unt.js".encode())

    if why is not None:
        noticed[endpoint] = why
        state.counts.note(f"untagged:{endpoint}", why, now)


def _why(response: Any, marker: bytes) -> str | None:
    """None where nothing is amiss: a download, a part of a page, a tag by hand."""
    if response.headers.get("Content-Disposition", "").startswith("attachment"):
        return None

    if response.direct_passthrough:
        return "it is sent as a file (send_file)"

    if not response.is_sequence:
        return "it is streamed"

    if "Content-Encoding" in response.headers:
        return "it is compressed before the tag could be put in"

    body = response.get_data()

    if marker in body or DOCUMENT.match(body[:HEAD]) is None:
        return None

    return "it does not end with </body>, or is larger than 2 MB"
