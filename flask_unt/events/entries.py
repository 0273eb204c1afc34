"""What waits in the stream: events as they are stored, and their JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache
from operator import attrgetter
from operator import contains
from typing import Any

from ..cleaning import VISITOR
from .kinds import Custom
from .kinds import Entry
from .kinds import Event
from .kinds import Identify
from .kinds import Identity
from .kinds import Leave
from .kinds import Pairs
from .kinds import Proof
from .kinds import Tracked
from .kinds import View

ENTRY_VERSION = 2
READABLE_VERSIONS = (1, 2)
COUNTRY = re.compile("[A-Z]{2}")

EVENT_TYPES: Mapping[str, type[Any]] = {
    "view": View,
    "leave": Leave,
    "event": Custom,
    "tracked": Tracked,
    "identify": Identify,
    "proof": Proof,
}
TYPE_NAMES: Mapping[type[Any], str] = {kind: name for name, kind in EVENT_TYPES.items()}
VALUES: Mapping[type[Any], Callable[[Any], tuple[Any, ...]]] = {
    kind: attrgetter(*(field.name for field in fields(kind))) for kind in TYPE_NAMES
}
# Of what an event holds, JSON knows all but bytes.
ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=bytes.hex
)


def encode_entry(entry: Entry) -> bytes:
    """An entry as compact JSON, for the stream."""
    data = [
        ENTRY_VERSION,
        entry.received,
        entry.agent,
        entry.zone,
        entry.webdriver,
        _pack_user(entry.user),
        entry.fresh,
        entry.asked,
        entry.cookie,
        entry.team,
        _pack_user(entry.impersonator),
        entry.country,
        [pack_event(event) for event in entry.events],
    ]
    return to_json(data).encode("utf-8", "replace")


def decode_entry(data: bytes) -> Entry:
    """The entry that ``encode_entry`` wrote, in this release or the one before.

    :raises ValueError: it is none, or another release's.
    """
    try:
        version, *rest = _list(json.loads(data.decode("utf-8")))

        if integer(version) not in READABLE_VERSIONS:
            raise ValueError(f"This release cannot read an entry of version {version}.")

        if version == 1:
            rest[8:8] = [None, None, None]

        received, agent, zone, webdriver, user, *told, events = rest
        fresh, asked, cookie, team, impersonator, country = told
        return Entry(
            integer(received),
            _text(agent),
            _maybe_text(zone),
            _flag(webdriver),
            unpack_user(user),
            tuple(unpack_event(event) for event in _list(events)),
            _flag(fresh),
            _flag(asked),
            _maybe_visitor(cookie),
            None if team is None else _flag(team),
            unpack_user(impersonator),
            _maybe_country(country),
        )
    except (TypeError, KeyError, RecursionError) as error:
        raise ValueError(f"This is not an entry: {error!r}.") from error


def pack_event(event: Event) -> list[Any]:
    """An event as a list that :func:`to_json` takes: its type's name, its fields."""
    kind = type(event)
    return [TYPE_NAMES[kind], *VALUES[kind](event)]


def unpack_event(packed: object) -> Event:
    """The event that was packed.

    :raises ValueError, TypeError, KeyError: it is none.
    """
    name, *values = _list(packed)
    kind = EVENT_TYPES[name]

    if not _fit(name, tuple(map(type, values))):
        raise TypeError(f"The fields of an event of type {name!r} were expected.")

    for at, read in CONVERTED[kind]:
        values[at] = read(values[at])

    event: Event = kind(*values)
    return event


@lru_cache(maxsize=4096)
def _fit(name: str, types: tuple[type[Any], ...]) -> bool:
    """Whether values of these types make an event; nearly always asked before."""
    wanted = FIELD_TYPES[EVENT_TYPES[name]]

    return len(types) == len(wanted) and all(map(contains, wanted, types))


def unpack_user(packed: object) -> Identity | None:
    """The signed-in user in a list of email, id and name.

    :raises ValueError, TypeError: it is none.
    """
    if packed is None:
        return None

    email, id, name = _list(packed)
    return Identity(_maybe_text(email), _maybe_text(id), _maybe_text(name))


def _pack_user(user: Identity | None) -> list[str | None] | None:
    return None if user is None else [user.email, user.id, user.name]


def to_json(data: object) -> str:
    """Compact JSON; bytes in hexadecimal digits."""
    return ENCODER.encode(data)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("text was expected")

    return value


def _maybe_text(value: object) -> str | None:
    return None if value is None else _text(value)


def _maybe_visitor(value: object) -> str | None:
    visitor = _maybe_text(value)

    if visitor is not None and not VISITOR.fullmatch(visitor):
        raise ValueError("A visitor's id was expected.")

    return visitor


def _maybe_country(value: object) -> str | None:
    code = _maybe_text(value)

    if code is not None and not COUNTRY.fullmatch(code):
        raise ValueError("A country's code was expected.")

    return code


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("a list was expected")

    return value


def integer(value: object) -> int:
    """The value, if it is a whole number.

    :raises TypeError: it is none.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("a whole number was expected")

    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("true or false was expected")

    return value


def _key(value: object) -> bytes:
    key = bytes.fromhex(_text(value))

    if len(key) != 16:
        raise ValueError("A key has 16 bytes.")

    return key


def _maybe_key(value: object) -> bytes | None:
    return None if value is None else _key(value)


def _pairs(value: object) -> Pairs:
    if not value:
        return ()

    pairs = (_list(pair) for pair in _list(value))
    return tuple((_text(name), _text(text)) for name, text in pairs)


# Annotations are text here: what JSON has for each, and how some of it is read.
NOTHING = type(None)
JSON_TYPES: Mapping[str, tuple[type[Any], ...]] = {
    "str": (str,),
    "str | None": (str, NOTHING),
    "int": (int,),
    "int | None": (int, NOTHING),
    "bool": (bool,),
    "bytes": (str,),
    "bytes | None": (str, NOTHING),
    "Pairs": (list,),
}
READERS: Mapping[str, Callable[[Any], Any]] = {
    "bytes": _key,
    "bytes | None": _maybe_key,
    "Pairs": _pairs,
}
FIELD_TYPES: Mapping[type[Any], tuple[tuple[type[Any], ...], ...]] = {
    kind: tuple(JSON_TYPES[str(field.type)] for field in fields(kind))
    for kind in EVENT_TYPES.values()
}
CONVERTED: Mapping[type[Any], tuple[tuple[int, Callable[[Any], Any]], ...]] = {
    kind: tuple(
        (at, READERS[str(field.type)])
        for at, field in enumerate(fields(kind))
        if str(field.type) in READERS
    )
    for kind in EVENT_TYPES.values()
}
