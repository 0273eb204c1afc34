"""The key that an event is stored under."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence

from .kinds import Identity

# Fixed bounds, 2015 and 2100: relative to now, a late retry would get another key.
EARLIEST = 1_420_070_400_000
LATEST = 4_102_444_800_000
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
UUID7 = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE
)


def is_plausible(time: float) -> bool:
    """Whether a time in ms since 1970 lies between 2015 and 2100."""
    return EARLIEST <= time < LATEST


def id_time(id: str) -> int | None:
    """The time in ms that a uuid7 carries, or None where it has no plausible one."""
    if not UUID7.fullmatch(id):
        return None

    time = int(id[:8] + id[9:13], 16)
    return time if is_plausible(time) else None


def is_key_known(id: str, time: float) -> bool:
    """Whether another event, with a time of its own, has the same key for this id."""
    return id_time(id) is not None or not is_plausible(time)


def stored_key(visitor: str | None, id: str, time: float) -> bytes:
    """The 16 bytes that an event is stored under, the same for every retry.

    48 bits of time, those of the id, else of ``time`` as it was sent, else 0;
    then 80 bits of a hash of visitor and id, so that nobody can take the key of
    another visitor's event. A uuid is the same one in upper and in lower case.
    """
    moment = id_time(id)

    if moment is not None or UUID.fullmatch(id):
        id = id.lower()

    if moment is None:
        moment = int(time) if is_plausible(time) else 0

    digest = hashlib.sha256(f"{visitor or ''}|{id}".encode()).digest()
    return moment.to_bytes(6, "big") + digest[:10]


def forgotten_hash(visitor: str) -> bytes:
    """The 16 bytes that a forgotten visitor is known by, which name nobody."""
    id = bytes.fromhex(visitor.replace("-", ""))
    return hashlib.sha256(b"forgotten" + id).digest()[:16]


def forgotten_name_hashes(who: Identity, keys: Sequence[bytes]) -> list[bytes]:
    """What a forgotten person is known by: a hash of the address, one of the id.

    One of each for each of these keys, without which nobody can tell whose they are.
    """
    names = [("email", who.email), ("id", who.id)]
    texts = [f"forgotten|{kind}|{name}" for kind, name in names if name is not None]

    return [
        hmac.digest(key, text.encode("utf-8", "replace"), hashlib.sha256)[:16]
        for key in keys or (b"",)
        for text in texts
    ]
