"""What a Content-Security-Policy allows, of the little that we need."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

SCRIPT = ("script-src-elem", "script-src", "default-src")
CONNECT = ("connect-src", "default-src")
NONCE = re.compile(r"nonce=[\"']?([A-Za-z0-9+/_=-]+)")


def blocks_script(policies: str, tag: str, base: SplitResult) -> bool:
    """Whether a header of policies blocks the file that ``tag`` loads from ``base``."""
    nonce = NONCE.search(tag)

    for policy in policies.split(","):
        sources = _sources(policy, SCRIPT)

        if sources is None or (nonce and f"'nonce-{nonce[1]}'" in sources):
            continue

        if "'strict-dynamic'" in sources or not _matches(sources, base):
            return True

    return False


def blocks_connecting(policies: str, base: SplitResult) -> bool:
    """Whether a header of policies blocks requests from a page to its own site."""
    found = (_sources(policy, CONNECT) for policy in policies.split(","))

    return any(sources is not None and not _matches(sources, base) for sources in found)


def _sources(policy: str, names: tuple[str, ...]) -> list[str] | None:
    directives: dict[str, list[str]] = {}

    for directive in policy.split(";"):
        name, *sources = directive.split() or [""]
        directives.setdefault(name.lower(), sources)

    return next((directives[name] for name in names if name in directives), None)


def _matches(sources: list[str], base: SplitResult) -> bool:
    return any(_is_site(source.lower(), base) for source in sources)


def _is_site(source: str, base: SplitResult) -> bool:
    if source in ("'self'", "*", f"{base.scheme}:"):
        return True

    scheme, separator, rest = source.rpartition("://")

    if separator and scheme != base.scheme:
        return False

    host = rest.partition("/")[0].partition(":")[0]
    name = base.hostname or ""

    return host == name or (host[:2] == "*." and name.endswith(host[1:]))
