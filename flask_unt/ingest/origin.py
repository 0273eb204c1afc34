"""Whose page sent a request: this site's own, a listed site's, or a stranger's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..config import Settings
from ..urls import host_key
from ..urls import origin_host
from ..urls import origin_key


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


def judge_origin(environ: Mapping[str, Any], settings: Settings) -> Origin:
    """Judge a request by the headers that only a browser itself can set."""
    sent = environ.get("HTTP_ORIGIN")
    key = origin_key(sent) if sent else None
    page_host = origin_host(sent) if sent else None
    cors = sent if key is not None and key in settings.origins else None
    hosts = _hosts(environ, settings)

    if environ.get("HTTP_SEC_FETCH_SITE") == "same-origin":
        return Origin(True, True, cors, hosts | {page_host} if page_host else hosts)

    if not sent:
        return Origin(False, True, None, hosts)

    if page_host is None:
        reason = "null-origin" if sent == "null" else "bad-origin"
        return Origin(False, False, None, hosts, reason)

    if page_host in _own_hosts(environ, settings, sent):
        return Origin(True, True, cors, hosts | {page_host})

    if cors is not None:
        return Origin(False, True, cors, hosts)

    return Origin(False, False, None, hosts, "foreign-origin", page_host)


def _hosts(environ: Mapping[str, Any], settings: Settings) -> frozenset[str]:
    scheme = environ.get("wsgi.url_scheme", "http")
    listed = (origin_host(origin) for origin in settings.origins)
    return (
        settings.hosts
        | {host_key(request_host(environ), scheme)}
        | {host_key(settings.server_name or "", scheme)}
        | {host for host in listed if host}
    ) - {""}


def _own_hosts(
    environ: Mapping[str, Any], settings: Settings, origin: str
) -> frozenset[str]:
    # Behind a proxy that ends TLS, Host may carry the port of the browser's scheme.
    scheme = origin.partition("://")[0].lower()
    own = {request_host(environ), settings.server_name or ""}
    return settings.hosts | {host_key(host, scheme) for host in own if host}


def request_host(environ: Mapping[str, Any]) -> str:
    """The host that the request names, with its port."""
    if environ.get("HTTP_HOST"):
        return str(environ["HTTP_HOST"])

    return f"{environ.get('SERVER_NAME', '')}:{environ.get('SERVER_PORT', '')}"
