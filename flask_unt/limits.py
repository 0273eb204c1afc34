"""How much one client may send. Counted in this process, in bounded memory."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import threading
from collections.abc import Hashable
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from .config import Settings

KEYS_KEPT = 50_000
CLIENTS_KEPT = 4096
SEEN_BITS = 1 << 23
DAY = 86_400
PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
        *("100.64.0.0/10", "169.254.0.0/16", "::1/128", "fc00::/7", "fe80::/10"),
    )
)
EMAILS_PER_ADDRESS = (5, 60)
EMAILS_PER_VISITOR = (4, 3600)


class Windows:
    """Counts per key in fixed windows of time; the oldest keys go when it is full."""

    def __init__(self, count: int, seconds: int, keys_kept: int = KEYS_KEPT) -> None:
        self.count = count
        self.seconds = seconds
        self._keys_kept = keys_kept
        self._window = -1
        self._used: dict[bytes, int] = {}
        self._lock = threading.Lock()

    def take(self, key: bytes, now: int) -> int | None:
        """Count one. ``None`` if it was still free, else the seconds to wait."""
        with self._lock:
            self._turn(now)
            used = self._used.get(key, 0)

            if used >= self.count:
                return self._seconds_left(now)

            if not used and len(self._used) >= self._keys_kept:
                del self._used[next(iter(self._used))]

            self._used[key] = used + 1
            return None

    def _turn(self, now: int) -> None:
        window = now // (self.seconds * 1000)

        if window != self._window:
            self._window = window
            self._used = {}

    def _seconds_left(self, now: int) -> int:
        end = (self._window + 1) * self.seconds
        return max(1, end - now // 1000)


class Newcomers:
    """How many different things one client brings in a day.

    What was seen today is remembered in one megabyte of bits, whatever comes: two
    things that fall on the same bit count as one, which errs in favour of the client.
    """

    def __init__(self, per_day: int) -> None:
        self._counts = Windows(per_day, DAY)
        self._day = -1
        self._seen = bytearray()
        self._lock = threading.Lock()

    def take(self, client: bytes, thing: Hashable, now: int) -> int | None:
        """``None`` if ``thing`` is known or may come, else the seconds to wait."""
        position = hash((client, thing)) % SEEN_BITS
        byte, bit = position >> 3, 1 << (position & 7)

        with self._lock:
            self._turn(now // (DAY * 1000))

            if self._seen[byte] & bit:
                return None

            wait = self._counts.take(client, now)

            if wait is None:
                self._seen[byte] |= bit

            return wait

    def _turn(self, day: int) -> None:
        if day != self._day:
            self._day = day
            self._seen = bytearray(SEEN_BITS >> 3)


class Limits:
    """The limits of one app: each answers ``None``, or the seconds to wait.

    A client is a key of :func:`client_key`.
    """

    def __init__(self, settings: Settings) -> None:
        rate = settings.rate_limit
        limited = rate is not None
        self._requests = Windows(rate.count, rate.seconds) if rate else None
        self._client_emails = Windows(*EMAILS_PER_ADDRESS) if limited else None
        self._visitor_emails = Windows(*EMAILS_PER_VISITOR) if limited else None
        per_day = settings.new_per_day
        self._pages = Newcomers(per_day) if per_day else None
        self._visitors = Newcomers(per_day) if per_day else None

    def request(self, client: bytes, now: int) -> int | None:
        """One more request of this client."""
        return self._requests.take(client, now) if self._requests else None

    def client_email(self, client: bytes, now: int) -> int | None:
        """One more email from this client, also one that is then refused."""
        return self._client_emails.take(client, now) if self._client_emails else None

    def visitor_email(self, visitor: str, now: int) -> int | None:
        """One more email for this visitor."""
        emails = self._visitor_emails
        return emails.take(visitor.encode(), now) if emails else None

    def page(self, client: bytes, host: str, path: str, now: int) -> int | None:
        """A page that this client reports."""
        return self._pages.take(client, (host, path), now) if self._pages else None

    def visitor(self, client: bytes, visitor: str, now: int) -> int | None:
        """A visitor that this client brings."""
        return self._visitors.take(client, visitor, now) if self._visitors else None


def client_key(environ: Mapping[str, Any], secret: bytes) -> bytes:
    """A key for the client's address, from which the address cannot be read.

    IPv6 counts by /64. See :func:`is_behind_proxy` for when it is no client's.
    """
    return _client_key(environ.get("REMOTE_ADDR", ""), secret)


def is_behind_proxy(environ: Mapping[str, Any]) -> bool:
    """Whether the peer is a proxy that the site has not told its app about."""
    address = environ.get("REMOTE_ADDR", "")
    is_forwarded = "HTTP_X_FORWARDED_FOR" in environ or not address

    if not is_forwarded or not _is_private(address):
        return False

    # ProxyFix has put the client's address there, which may be a private one too.
    given = environ.get("werkzeug.proxy_fix.orig", {}).get("REMOTE_ADDR", address)
    return bool(given == address)


@lru_cache(CLIENTS_KEPT)
def _client_key(address: str, secret: bytes) -> bytes:
    return hmac.digest(secret, _network(address).encode(), hashlib.sha256)[:12]


@lru_cache(CLIENTS_KEPT)
def _is_private(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return not address

    mapped = getattr(parsed, "ipv4_mapped", None)
    return any((mapped or parsed) in network for network in PRIVATE)


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address

    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)

    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)

    return str(ipaddress.ip_network((parsed, 64), strict=False))
