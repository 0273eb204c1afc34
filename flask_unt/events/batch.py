"""Whole requests: batches, the views of the 2017 script, email addresses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..cleaning import clean_email
from ..cleaning import clean_visitor
from ..errors import RequestRefused
from .bodies import read_object
from .fields import ZONE
from .fields import BadField
from .fields import read_number
from .fields import read_shaped
from .fields import read_text
from .fields import read_whole
from .kinds import Event
from .kinds import View
from .reading import Arrival
from .reading import Rules
from .reading import read_event
from .reading import read_view
from .times import LAST_DATE
from .times import TOLERANCE

BATCH_VERSION = 1
EVENTS_LIMIT = 100
EVENT_LIMIT = 20 * 1024
DROPPED_LIMIT = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Rejected:
    """An event that is not taken, by its place in the batch."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What a browser sent, cleaned; ``dropped`` events it had to give up itself."""

    sent: int
    zone: str | None
    dropped: int
    webdriver: bool
    fresh: bool
    clear: bool
    events: tuple[Event, ...]
    rejected: tuple[Rejected, ...]

    @property
    def accepted(self) -> int:
        """How many events are taken."""
        return len(self.events)


def parse_batch(body: bytes, rules: Rules, now: int) -> Batch:
    """Read a batch: the events that are taken, and why others are not.

    :param now: when it was received, in ms since 1970.
    :raises RequestRefused: it is no batch (400), or too big (413).
    """
    data = read_object(body, otherwise="not-a-batch")

    try:
        return _read_batch(data, rules, now, may_be_big=len(body) > EVENT_LIMIT)
    except BadField as error:
        raise RequestRefused(400, error.reason) from None


def parse_2017_view(visitor: str, body: bytes, rules: Rules, now: int) -> View:
    """Read a view as the 2017 script sends it: title, url and datetime.

    :raises RequestRefused: it cannot be stored (400), or is too big (413).
    """
    visitor = clean_visitor(visitor)
    data = read_object(body)

    try:
        time = read_number(data, "datetime")
        view = {
            "id": _id_of_2017(visitor, read_text(data, "url"), time),
            "visitor": visitor,
            "time": time,
            "url": data["url"],
            "title": data.get("title"),
        }
        return read_view(view, Arrival(rules, _sent_in_2017(time, now), now))
    except BadField as error:
        raise RequestRefused(400, error.reason) from None


def parse_email(body: bytes) -> str:
    """The email address in a body, trimmed and lower-cased.

    :raises RequestRefused: there is none, or no such one (400).
    """
    return clean_email(read_object(body).get("email"))


def parse_visitor_email(body: bytes) -> tuple[str, str]:
    """The visitor and the email address in a body.

    :raises RequestRefused: one of them is missing or wrong (400).
    """
    data = read_object(body)
    return clean_visitor(data.get("visitor")), clean_email(data.get("email"))


def _read_batch(
    data: Mapping[str, Any], rules: Rules, now: int, *, may_be_big: bool
) -> Batch:
    events = data.get("events")

    if _read_flag(data, "clear") and isinstance(events, list):
        return _clearing(len(events), now)

    _check_version(data)
    arrival = Arrival(rules, _read_sent(data), now)
    zone = read_shaped(data, "zone", ZONE)
    dropped = read_whole(data, "dropped", 0, DROPPED_LIMIT)
    webdriver = _read_flag(data, "webdriver")
    fresh = _read_flag(data, "fresh")
    taken, rejected = _sort_out(_check_events(events), arrival, may_be_big)
    return Batch(
        int(arrival.sent), zone, dropped, webdriver, fresh, False, taken, rejected
    )


def _clearing(count: int, now: int) -> Batch:
    """A withdrawal: nothing is stored, and it must work whatever else is wrong."""
    rejected = tuple(Rejected(index, "clear") for index in range(count))
    return Batch(now, None, 0, False, False, True, (), rejected)


def _check_version(data: Mapping[str, Any]) -> None:
    if "v" not in data:
        raise RequestRefused(400, "not-a-batch")

    version = data["v"]

    if isinstance(version, bool) or version != BATCH_VERSION:
        raise RequestRefused(400, "version")


def _read_sent(data: Mapping[str, Any]) -> float:
    sent = read_number(data, "sent")

    if abs(sent) > LAST_DATE:
        raise BadField("bad-sent")

    return sent


def _read_flag(data: Mapping[str, Any], name: str) -> bool:
    value = data.get(name)

    if value is None:
        return False

    if not isinstance(value, bool):
        raise BadField(f"bad-{name}")

    return value


def _check_events(events: object) -> list[object]:
    if not isinstance(events, list):
        raise RequestRefused(400, "not-a-batch")

    if len(events) > EVENTS_LIMIT:
        raise RequestRefused(413, "too-many")

    return events


def _sort_out(
    events: Sequence[object], arrival: Arrival, may_be_big: bool
) -> tuple[tuple[Event, ...], tuple[Rejected, ...]]:
    taken: list[Event] = []
    rejected: list[Rejected] = []

    for index, data in enumerate(events):
        try:
            if may_be_big and _size(data) > EVENT_LIMIT:
                raise BadField("too-big")

            taken.append(read_event(data, arrival))
        except BadField as error:
            rejected.append(Rejected(index, error.reason))

    return tuple(taken), tuple(rejected)


def _size(data: object) -> int:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode("utf-8", "replace"))


def _id_of_2017(visitor: str, url: str, time: float) -> str:
    text = f"{visitor}|{url}|{time}".encode("utf-8", "replace")
    return f"2017-{hashlib.sha256(text).hexdigest()[:32]}"


def _sent_in_2017(time: float, now: int) -> float:
    """The 2017 script sends at once, so a clock that is about right is believed."""
    return time if abs(time - now) <= TOLERANCE else now
