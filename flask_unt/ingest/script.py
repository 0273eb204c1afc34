"""The file ``unt.js``, as it is served, and what explains it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from .answers import Answer
from .answers import Headers

STATIC = Path(__file__).parent.parent / "static"
VERSION_LENGTH = 12
YEAR = 31_536_000
JAVASCRIPT = "text/javascript; charset=utf-8"
# The best first, each with the end of its file's name.
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
FILES = {
    "/unt.js": JAVASCRIPT,
    "/unt.js.map": "application/json",
    "/unt.src.js": JAVASCRIPT,
}


@dataclass(frozen=True, slots=True)
class Script:
    """``version`` names the content: it changes when a byte does."""

    body: bytes
    variants: Mapping[str, bytes]
    version: str


@lru_cache(maxsize=1)
def load_script() -> Script:
    """Read the file of this installation, once."""
    return _load("/unt.js")


def serve_script(environ: Mapping[str, Any], name: str = "/unt.js") -> Answer:
    """``GET /unt.js``, and its source map and readable source beside it."""
    if name != "/unt.js":
        return _serve(environ, _load(name), FILES[name], "no-cache")

    script = load_script()
    current = environ.get("QUERY_STRING", "") == f"v={script.version}"
    cache = f"public, max-age={YEAR}, immutable" if current else "no-cache"
    answer = _serve(environ, script, JAVASCRIPT, cache)
    return answer.with_headers((("SourceMap", "unt.js.map"),))


@lru_cache(maxsize=len(FILES))
def _load(name: str) -> Script:
    file = STATIC / name.removeprefix("/")
    body = file.read_bytes()
    packed = {
        encoding: Path(f"{file}{end}")
        for encoding, end in ENCODINGS
        if Path(f"{file}{end}").exists()
    }
    version = hashlib.sha256(body).hexdigest()[:VERSION_LENGTH]
    variants = {encoding: path.read_bytes() for encoding, path in packed.items()}
    return Script(body, variants, version)


def _serve(environ: Mapping[str, Any], script: Script, kind: str, cache: str) -> Answer:
    encoding = _choose(environ.get("HTTP_ACCEPT_ENCODING", ""), script.variants)
    tag = f'"{script.version}-{encoding}"' if encoding else f'"{script.version}"'
    headers: Headers = (
        ("ETag", tag),
        ("Cache-Control", cache),
        ("Vary", "Accept-Encoding"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Resource-Policy", "cross-origin"),
    )

    if _has_it(environ.get("HTTP_IF_NONE_MATCH", ""), tag):
        return Answer(304, headers)

    headers = (("Content-Type", kind), *headers)

    if encoding is None:
        return Answer(200, headers, script.body)

    headers = (*headers, ("Content-Encoding", encoding))
    return Answer(200, headers, script.variants[encoding])


def _has_it(if_none_match: str, tag: str) -> bool:
    # A proxy on the way may have weakened it.
    known = {sent.strip().removeprefix("W/") for sent in if_none_match.split(",")}
    return not known.isdisjoint({tag, "*"})


def _choose(accept_encoding: str, variants: Mapping[str, bytes]) -> str | None:
    """The encoding that the browser likes best; of equals, the smallest."""
    wanted = _qualities(accept_encoding)
    rest = wanted.get("*", 0.0)
    named = ((wanted.get(encoding, rest), encoding) for encoding in variants)
    offered = [(quality, encoding) for quality, encoding in named if quality > 0]
    return max(offered, key=lambda offer: offer[0])[1] if offered else None


def _qualities(accept_encoding: str) -> dict[str, float]:
    qualities = {}

    for offer in accept_encoding.lower().split(","):
        name, _, quality = offer.partition(";")
        qualities[name.strip()] = _number(quality.replace(" ", ""))

    return qualities


def _number(quality: str) -> float:
    try:
        return float(quality.removeprefix("q=")) if quality else 1.0
    except ValueError:
        return 0.0
