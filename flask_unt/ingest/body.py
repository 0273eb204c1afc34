"""Reading what a browser posts, and never more than is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import RequestRefused

BODY_LIMIT = 64 * 1024
TYPES = ("text/plain", "application/json")


def read_body(environ: Mapping[str, Any]) -> bytes:
    """The request's body.

    :raises RequestRefused: 400, 413 or 415.
    """
    _check_type(environ)
    length = _length(environ)

    if length is None:
        return _read_to_end(environ)

    if length > BODY_LIMIT:
        raise RequestRefused(413, "too-large")

    body = _read(environ, length)

    if len(body) < length:
        raise RequestRefused(400, "cut-off")

    return body


def _check_type(environ: Mapping[str, Any]) -> None:
    kind = environ.get("CONTENT_TYPE", "").partition(";")[0]

    if kind not in TYPES and kind.strip().lower() not in TYPES:
        raise RequestRefused(415, "content-type")

    encoding = environ.get("HTTP_CONTENT_ENCODING")

    if encoding is not None and encoding.strip().lower() != "identity":
        raise RequestRefused(415, "content-encoding")


def _length(environ: Mapping[str, Any]) -> int | None:
    sent = environ.get("CONTENT_LENGTH") or ""

    if environ.get("HTTP_TRANSFER_ENCODING") or not sent:
        return None

    if not (sent.isascii() and sent.isdigit()):
        raise RequestRefused(400, "content-length")

    return int(sent[:20])


def _read_to_end(environ: Mapping[str, Any]) -> bytes:
    # Without this key nobody can tell where the body ends: reading would hang.
    if not environ.get("wsgi.input_terminated"):
        if environ.get("HTTP_TRANSFER_ENCODING"):
            raise RequestRefused(413, "no-length")

        return b""

    body = _read(environ, BODY_LIMIT + 1)

    if len(body) > BODY_LIMIT:
        raise RequestRefused(413, "too-large")

    return body


def _read(environ: Mapping[str, Any], wanted: int) -> bytes:
    stream = environ["wsgi.input"]
    parts: list[bytes] = []

    try:
        while wanted > 0 and (part := stream.read(wanted)):
            parts.append(part)
            wanted -= len(part)
    except OSError as error:
        raise RequestRefused(400, "cut-off") from error

    return b"".join(parts)
