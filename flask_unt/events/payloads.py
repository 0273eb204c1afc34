"""What is set aside, as text: events with names, and data that is no entry."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from .entries import EVENT_TYPES
from .entries import TYPE_NAMES
from .entries import integer
from .entries import pack_event
from .entries import to_json
from .entries import unpack_event
from .entries import unpack_user
from .kinds import Entry
from .kinds import Event
from .kinds import Identity

USER_FIELDS = ("email", "id", "name")
# What MySQL's TEXT holds.
PAYLOAD_LIMIT = 65_535
ATOM = r'(?:"(?:[^"\\]|\\.)*"|[^,"\[{]*)'
# The user agent is the third item of an entry; the data may end within it.
AGENT = re.compile(rf'(\s*\[{ATOM},{ATOM},\s*)"(?:[^"\\]|\\.)*(?:"|\\?\Z)', re.DOTALL)


def event_payload(event: Event, entry: Entry | None = None) -> str:
    """An event as JSON with names, to be set aside and read by people.

    Of the ``entry`` that it came in there is what ``payload_entry`` needs: when it
    was received and who was signed in, never the user agent.
    """
    kind = type(event)
    pairs = zip(fields(kind), pack_event(event)[1:], strict=True)
    named = {field.name: value for field, value in pairs}
    arrival = {} if entry is None else _arrival(entry)
    text = to_json({"type": TYPE_NAMES[kind], **named, **arrival})
    return text.encode("utf-8", "replace").decode()


def payload_event(payload: str) -> Event:
    """The event that was set aside.

    :raises ValueError: the payload is none.
    """
    return _read(payload)[0]


def payload_entry(payload: str, agent: str) -> Entry:
    """The event that was set aside as an entry, which can be written again.

    :param agent: the user agent to give it, as its own is not kept.
    :raises ValueError: the payload is none.
    """
    event, named = _read(payload)

    try:
        return Entry(
            integer(named.get("received", event.time)),
            agent,
            None,
            False,
            _user(named.get("user")),
            (event,),
            impersonator=_user(named.get("impersonator")),
        )
    except (TypeError, AttributeError) as error:
        raise ValueError(f"This is not a set-aside event: {error!r}.") from error


def data_payload(data: bytes) -> str:
    """Data that is no entry as text that every database takes.

    Bytes that are no text are escaped; the user agent is left out where one is found.
    """
    text = data.decode("utf-8", "backslashreplace").replace("\0", "\\x00")
    agent = AGENT.match(text)

    if agent is not None:
        text = f'{agent[1]}""{text[agent.end() :]}'

    return text.encode()[:PAYLOAD_LIMIT].decode("utf-8", "ignore")


def _arrival(entry: Entry) -> dict[str, Any]:
    arrival = {"received": entry.received, "user": _named(entry.user)}

    if entry.impersonator is not None:
        arrival["impersonator"] = _named(entry.impersonator)

    return arrival


def _named(user: Identity | None) -> dict[str, str | None] | None:
    return None if user is None else {name: getattr(user, name) for name in USER_FIELDS}


def _user(named: Any) -> Identity | None:
    return unpack_user(named and [named.get(name) for name in USER_FIELDS])


def _read(payload: str) -> tuple[Event, Mapping[str, Any]]:
    try:
        named = json.loads(payload)
        kind = EVENT_TYPES[named["type"]]
        values = [named[field.name] for field in fields(kind)]
        return unpack_event([named["type"], *values]), named
    except (TypeError, KeyError, RecursionError) as error:
        raise ValueError(f"This is not a set-aside event: {error!r}.") from error
