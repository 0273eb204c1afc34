"""Whose page sent a request: this site's own, a listed site's, or a stranger's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..config import Settings
from ..urls import host_key
from ..urls import origin_host
from ..urls import origin_key

ORIGINS_KEPT = 128


@dataclass(frozen=True, slots=True)
class Origin:
    """What a request may do.

    ``own``: it comes from this site itself, so its session counts. ``allowed``: its
    events are taken. ``cors``: the origin to name in the answer. ``hosts``: those
    whose pages it may report. ``reason``: why it is refused, ``sender``: whose page
    sent what is refused.
    """

    own: bool
    allowed: bool
    cors: str | None
    hosts: frozenset[str]
    reason: str | None = None
    sender: str | None = None


class Judge:
    """Judges requests by the headers that only a browser itself can set.

    A site's own pages send few different ones, so what they gave is kept.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._listed = frozenset(filter(None, map(origin_host, settings.origins)))
        self._known = lru_cache(ORIGINS_KEPT)(self._judge)

    def judge(self, environ: Mapping[str, Any]) -> Origin:
        """What the request may do."""
        return self._known(
            request_host(environ),
            environ.get("wsgi.url_scheme", "http"),
            environ.get("HTTP_ORIGIN"),
            environ.get("HTTP_SEC_FETCH_SITE"),
        )

    def _judge(
        self, host: str, scheme: str, sent: str | None, site: str | None
    ) -> Origin:
        key = origin_key(sent) if sent else None
        page_host = origin_host(sent) if sent else None
        cors = sent if key is not None and key in self._settings.origins else None
        hosts = self._hosts(host, scheme) | self._listed

        if site == "same-origin":
            return Origin(True, True, cors, hosts | {page_host} if page_host else hosts)

        if not sent:
            return Origin(False, True, None, hosts)

        if page_host is None:
            reason = "null-origin" if sent == "null" else "bad-origin"
            return Origin(False, False, None, hosts, reason)

        # Behind a proxy that ends TLS, Host may carry the port of the browser's scheme.
        if page_host in self._hosts(host, sent.partition("://")[0].lower()):
            return Origin(True, True, cors, hosts | {page_host})

        if cors is not None:
            return Origin(False, True, cors, hosts)

        return Origin(False, False, None, hosts, "foreign-origin", page_host)

    def _hosts(self, host: str, scheme: str) -> frozenset[str]:
        """The site's own: those it is asked by, and those in its settings."""
        asked = {host_key(host, scheme)}
        named = {host_key(self._settings.server_name or "", scheme)}
        return (self._settings.hosts | asked | named) - {""}


def request_host(environ: Mapping[str, Any]) -> str:
    """The host that the request names, with its port."""
    if environ.get("HTTP_HOST"):
        return str(environ["HTTP_HOST"])

    return f"{environ.get('SERVER_NAME', '')}:{environ.get('SERVER_PORT', '')}"
