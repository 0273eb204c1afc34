"""Small HTTP answers of our own: JSON, never cached, never a traceback."""

from __future__ import annotations

import json
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from ..errors import RequestRefused
from .origin import Origin

Headers = tuple[tuple[str, str], ...]
LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
GUARDS = (("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"))
OF_JSON = (("Content-Type", "application/json"), *GUARDS)
ENCODER = json.JSONEncoder(separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the browser."""

    status: int
    headers: Headers
    body: bytes = b""

    def with_headers(self, headers: Headers) -> Answer:
        """The same with further headers."""
        if not headers:
            return self

        return replace(self, headers=(*self.headers, *headers))

    def send(self, start_response: Any, *, with_body: bool = True) -> Iterable[bytes]:
        """Answer a WSGI server."""
        length = () if self.status in (204, 304) else (_length(self.body),)
        start_response(LINES[self.status], [*self.headers, *length])
        return [self.body] if with_body and self.body else []


def json_answer(
    status: int, content: Mapping[str, Any], headers: Headers = ()
) -> Answer:
    """An answer in JSON."""
    return Answer(status, OF_JSON + headers, ENCODER.encode(content).encode())


def empty_answer(headers: Headers = ()) -> Answer:
    """204, for a preflight."""
    return Answer(204, GUARDS + headers)


def refusal(error: RequestRefused, headers: Headers = ()) -> Answer:
    """The answer that says why a request is not taken in."""
    if error.retry_after is not None:
        headers = (*headers, ("Retry-After", str(error.retry_after)))

    return json_answer(error.status, {"error": error.reason}, headers)


def gone_answer(visitors: Iterable[str], headers: Headers = ()) -> Answer:
    """410: the browser is to forget these visitors, too."""
    return json_answer(410, {"gone": sorted(visitors)}, headers)


def cors_headers(origin: Origin, *, varies: bool) -> Headers:
    """What lets a listed site's script read the answer; nothing for others."""
    vary = (("Vary", "Origin"),) if varies else ()

    if origin.cors is None:
        return vary

    return (
        *vary,
        ("Access-Control-Allow-Origin", origin.cors),
        ("Access-Control-Expose-Headers", "Retry-After"),
    )


def preflight_headers(methods: str) -> Headers:
    """What a browser asks before it posts JSON from another origin."""
    return (
        ("Access-Control-Allow-Methods", methods),
        ("Access-Control-Allow-Headers", "Content-Type"),
        ("Access-Control-Max-Age", "86400"),
    )


def _length(body: bytes) -> tuple[str, str]:
    return "Content-Length", str(len(body))
