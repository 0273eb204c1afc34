"""The file ``unt.js``, as it is served."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from .answers import Answer
from .answers import Headers

FILE = Path(__file__).parent.parent / "static" / "unt.js"
VERSION_LENGTH = 12
YEAR = 31_536_000


@dataclass(frozen=True, slots=True)
class Script:
    """``version`` names the content: it changes when a byte does."""

    body: bytes
    compressed: bytes
    version: str


@lru_cache(maxsize=1)
def load_script() -> Script:
    """Read the file of this installation, once."""
    body = FILE.read_bytes()
    version = hashlib.sha256(body).hexdigest()[:VERSION_LENGTH]
    return Script(body, gzip.compress(body, 9, mtime=0), version)


def serve_script(environ: Mapping[str, Any]) -> Answer:
    """``GET /unt.js``"""
    script = load_script()
    current = environ.get("QUERY_STRING", "") == f"v={script.version}"
    cache = f"public, max-age={YEAR}, immutable" if current else "no-cache"
    headers: Headers = (
        ("ETag", f'W/"{script.version}"'),
        ("Cache-Control", cache),
        ("Vary", "Accept-Encoding"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Resource-Policy", "cross-origin"),
    )

    if _has_it(environ.get("HTTP_IF_NONE_MATCH", ""), script.version):
        return Answer(304, headers)

    headers = (("Content-Type", "text/javascript; charset=utf-8"), *headers)

    if _takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")):
        return Answer(200, (*headers, ("Content-Encoding", "gzip")), script.compressed)

    return Answer(200, headers, script.body)


def _has_it(if_none_match: str, version: str) -> bool:
    known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return not known.isdisjoint({f'"{version}"', "*"})


def _takes_gzip(accept_encoding: str) -> bool:
    for offer in accept_encoding.lower().split(","):
        name, _, quality = offer.partition(";")

        if name.strip() == "gzip":
            return quality.replace(" ", "").rstrip("0") not in ("q=", "q=0.")

    return False
