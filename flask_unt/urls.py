"""Addresses of pages: what may be stored of them, and how they are compared."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl
from urllib.parse import quote

from .cleaning import clean_masked
from .cleaning import clean_text
from .cleaning import mask_emails
from .cleaning import strip_unprintable

URL_LIMIT = 2048
CAMPAIGN_PREFIX = "utm_"
CAMPAIGN_LIMIT = 16
NAME_LIMIT = 64
VALUE_LIMIT = 255
# A site has few addresses that are asked for often; longer ones are not kept.
HOSTS_KEPT = 256
URLS_KEPT = 1024
KEPT_LENGTH = 512
DEFAULT_PORTS = {"http": 80, "https": 443}

# What a browser leaves as it is in a path; the rest it percent-encodes.
PATH_SAFE = "/!$&'()*+,;=:@%-._~[]|^"
UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
CUT_ESCAPE = re.compile(r"%[0-9A-F]?\Z")
HOST_NAME = re.compile(r"(?!\.)[a-z0-9_.-]{1,253}")
PORT = re.compile(r"[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class PageUrl:
    """Where a page is, without anything that was not allowed to stay.

    ``path`` starts with a slash and holds the kept parameters, sorted, and the
    route of a single-page app (``#/`` or ``#!/``). ``campaign`` holds the
    ``utm_*`` pairs, sorted by name.
    """

    host: str
    path: str
    campaign: tuple[tuple[str, str], ...]


@lru_cache(HOSTS_KEPT)
def host_key(host: str, scheme: str) -> str:
    """The host as it is compared: lower-case, in ASCII, without a default port.

    Takes ``name``, ``name:port`` or a netloc with user info, which is cut off.
    What cannot be a host gives ``""``, which equals no page's host.
    """
    name, port = _split_port(host.rpartition("@")[2].lower())
    name = _ascii_host(name)

    if not name or port is None:
        return ""

    if not port or int(port) == DEFAULT_PORTS.get(scheme):
        return name

    return f"{name}:{int(port)}"


def parse_page_url(url: str, keep_query: tuple[str, ...]) -> PageUrl:
    """Split a page's URL into host, path and campaign.

    :param keep_query: names of parameters that may be kept; a trailing ``*``
        stands for any ending.
    :raises ValueError: ``"bad-url"`` for what is no page of a web site.
    """
    parse = _known_page_url if len(url) <= KEPT_LENGTH else _parse_page_url
    return parse(url, keep_query)


def _parse_page_url(url: str, keep_query: tuple[str, ...]) -> PageUrl:
    scheme, netloc, rest = _split_url(url)
    host = host_key(netloc, scheme)

    if not host:
        raise ValueError("bad-url")

    address, _, fragment = rest.partition("#")
    path, _, query = address.partition("?")
    kept, tags = _sift_query(query, keep_query)
    route, route_tags = _clean_route(fragment, keep_query)
    path = mask_emails(_clean_path(path) + kept + route)
    return PageUrl(host, _cut(path), _campaign((*tags, *route_tags)))


_known_page_url = lru_cache(URLS_KEPT)(_parse_page_url)


def page_hash(host: str, path: str) -> bytes:
    """The 16 bytes a page is found by."""
    return hashlib.sha256(f"{host}\n{path}".encode()).digest()[:16]


def parse_referrer(url: str) -> str | None:
    """Scheme, host and path of the page before, or None where it is no web page."""
    parse = _known_referrer if len(url) <= KEPT_LENGTH else _parse_referrer
    return parse(url)


def _parse_referrer(url: str) -> str | None:
    try:
        scheme, netloc, rest = _split_url(url)
    except ValueError:
        return None

    host = host_key(netloc, scheme)

    if not host:
        return None

    path = _clean_path(re.split(r"[?#]", rest, maxsplit=1)[0])
    return _cut(f"{scheme}://{host}{mask_emails(path)}")


_known_referrer = lru_cache(URLS_KEPT)(_parse_referrer)


@lru_cache(HOSTS_KEPT)
def origin_key(origin: str) -> str | None:
    """An origin as it is compared, ``https://a.example``, or None if it is none."""
    scheme, separator, netloc = origin.strip().lower().partition("://")

    if not separator or scheme not in DEFAULT_PORTS or "@" in netloc:
        return None

    host = host_key(netloc, scheme)
    return f"{scheme}://{host}" if host else None


def origin_host(origin: str) -> str | None:
    """The host of an origin: ``https://A.example:443`` gives ``a.example``."""
    key = origin_key(origin)
    return key.partition("://")[2] if key else None


def _split_url(url: str) -> tuple[str, str, str]:
    """Scheme, netloc and the rest, read as a browser reads an address."""
    address = strip_unprintable(url).strip()
    scheme, separator, rest = address.partition(":")
    scheme = scheme.lower()
    head = re.split(r"[?#]", rest, maxsplit=1)[0]
    rest = head.replace("\\", "/") + rest[len(head) :]

    if not separator or scheme not in DEFAULT_PORTS or not rest.startswith("//"):
        raise ValueError("bad-url")

    netloc = re.split(r"[/?#]", rest[2:], maxsplit=1)[0]
    return scheme, netloc, rest[2 + len(netloc) :]


def _split_port(host: str) -> tuple[str, str | None]:
    """The name and the port, ``""`` without one, None when it cannot be one."""
    if host.startswith("["):
        name, bracket, port = host.partition("]")
        name = name + bracket if bracket else ""
    else:
        name, colon, port = host.partition(":")
        port = colon + port

    if port in ("", ":"):
        return name, ""

    number = port[1:]

    if port[0] != ":" or not PORT.fullmatch(number) or int(number) > 65535:
        return name, None

    return name, number


def _ascii_host(name: str) -> str:
    if name.startswith("["):
        return _ipv6_host(name)

    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            return ""

    name = name.removesuffix(".")
    return name if HOST_NAME.fullmatch(name) and ".." not in name else ""


def _ipv6_host(name: str) -> str:
    try:
        return f"[{ipaddress.IPv6Address(name[1:-1]).compressed}]"
    except ValueError:
        return ""


def _clean_path(path: str) -> str:
    # One leading slash only: a path that starts with two is another host's
    # address wherever somebody writes it into a link.
    return "/" + _normal_escapes(path.lstrip("/"))


def _normal_escapes(text: str) -> str:
    """Percent-encoding in one spelling; reserved characters keep theirs."""
    text = ESCAPE.sub(_normal_escape, text)
    return quote(text, safe=PATH_SAFE)


def _normal_escape(match: re.Match[str]) -> str:
    if match[1] is None:
        return "%25"

    character = chr(int(match[1], 16))
    return character if UNRESERVED.fullmatch(character) else match[0].upper()


def _clean_route(
    fragment: str, keep_query: Sequence[str]
) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The route of a single-page app; any other fragment is dropped."""
    if not fragment.startswith(("/", "!/")):
        return "", ()

    route, _, query = fragment.partition("?")
    kept, tags = _sift_query(query, keep_query)
    return f"#{_normal_escapes(route)}{kept}", tags


def _sift_query(
    query: str, keep_query: Sequence[str]
) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The kept parameters as a query string, and the campaign's pairs."""
    if not query or not keep_query:
        return "", ()

    pairs = [
        (name, clean_masked(value, VALUE_LIMIT))
        for name, value in parse_qsl(query, keep_blank_values=True)
        if len(name) <= NAME_LIMIT and _is_kept(name, keep_query)
    ]
    tags = tuple(pair for pair in pairs if pair[0].startswith(CAMPAIGN_PREFIX))
    others = sorted(pair for pair in pairs if not pair[0].startswith(CAMPAIGN_PREFIX))

    if not others:
        return "", tags

    text = "&".join(f"{_quote(name)}={_quote(value)}" for name, value in others)
    return f"?{text}", tags


def _is_kept(name: str, keep_query: Sequence[str]) -> bool:
    return any(
        name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
        for pattern in keep_query
    )


def _quote(text: str) -> str:
    return quote(text, safe="[]")


def _campaign(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    first: dict[str, str] = {}

    for name, value in pairs:
        if value and len(first) < CAMPAIGN_LIMIT:
            first.setdefault(clean_text(name, NAME_LIMIT), value)

    return tuple(sorted(first.items()))


def _cut(text: str) -> str:
    if len(text) <= URL_LIMIT:
        return text

    return CUT_ESCAPE.sub("", text[:URL_LIMIT])
