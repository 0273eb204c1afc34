"""The visitor's id, mirrored in a cookie: Safari empties localStorage after a week.

It lives for as long as ``unt.js`` keeps an id, so it is set once and never renewed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ..cleaning import clean_visitor
from ..config import Settings
from ..errors import RequestRefused
from .answers import Headers
from .origin import Origin

NAME = "unt"
# Thirteen months, after which unt.js makes a new id.
MAX_AGE = 34_128_000
EPOCH = "Thu, 01 Jan 1970 00:00:00 GMT"


class Cookie:
    """The cookie of one request to a tracking address."""

    def __init__(
        self, environ: Mapping[str, Any], origin: Origin, settings: Settings
    ) -> None:
        self._environ = environ
        self._place = settings.cookie
        self._settings = settings
        self._is_ours = origin.own and _is_first_party(environ)

    @property
    def is_used(self) -> bool:
        """Whether the site wants it, and the request comes from its own pages."""
        return self._is_ours and self._place is not None

    @property
    def visitor(self) -> str | None:
        """The visitor that it names, if there is one."""
        if not self._is_ours:
            return None

        return visitor_in(self._environ)

    def set(self, visitor: str) -> Headers:
        """Have the browser keep this id."""
        path = "/" if self._place == "site" else self._path(self._asked_prefix())
        return (self._header(f"{visitor}; Max-Age={MAX_AGE}", path),)

    def delete(self) -> Headers:
        """Have the browser delete it, wherever a setting or an older key has put it."""
        if not self._is_ours or not (self._place or self._values()):
            return ()

        over = f"; Max-Age=0; Expires={EPOCH}"
        paths = ("/", *map(self._path, self._prefixes))
        return tuple(self._header(over, path) for path in paths)

    def _values(self) -> list[str]:
        return _values_in(self._environ)

    @property
    def _prefixes(self) -> tuple[str, ...]:
        return (self._settings.prefix, *self._settings.old_prefixes)

    def _asked_prefix(self) -> str:
        """The prefix that sees it again: a page may still be open under an old one."""
        asked = self._environ.get("PATH_INFO", "")
        return next(p for p in self._prefixes if asked.startswith(f"{p}/"))

    def _path(self, prefix: str) -> str:
        root = self._environ.get("SCRIPT_NAME", "").rstrip("/")
        return quote(root.encode("latin-1", "replace")) + prefix

    def _header(self, value: str, path: str) -> tuple[str, str]:
        secure = "; Secure" if _is_https(self._environ) else ""
        text = f"{NAME}={value}; Path={path}; HttpOnly; SameSite=Lax{secure}"
        return "Set-Cookie", text


def visitor_in(environ: Mapping[str, Any]) -> str | None:
    """The visitor that a request's cookie names, if there is one."""
    return next(filter(None, map(_read, _values_in(environ))), None)


def _values_in(environ: Mapping[str, Any]) -> list[str]:
    sent = environ.get("HTTP_COOKIE", "")

    if NAME not in sent:
        return []

    pairs = (part.strip().partition("=") for part in sent.split(";"))
    return [value.strip('"') for name, _, value in pairs if name == NAME]


def _read(value: str) -> str | None:
    try:
        return clean_visitor(value)
    except RequestRefused:
        return None


def _is_first_party(environ: Mapping[str, Any]) -> bool:
    """Not a page of another host of this site, whose visitors have ids of their own."""
    return environ.get("HTTP_SEC_FETCH_SITE") in (None, "same-origin")


def _is_https(environ: Mapping[str, Any]) -> bool:
    # A proxy that ends TLS may not say so, but the browser does.
    origin = environ.get("HTTP_ORIGIN", "").lower()
    return environ.get("wsgi.url_scheme") == "https" or origin.startswith("https://")
