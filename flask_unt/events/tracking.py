"""Custom events that the site itself makes, on the server."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .fields import NAME_LIMIT
from .fields import PROPS_LIMIT
from .fields import BadField
from .fields import read_name
from .fields import read_props
from .keys import stored_key
from .kinds import Identity
from .kinds import Tracked

SINGLE = (str, int, float, bool, type(None))


def make_tracked(
    name: str,
    props: Mapping[str, Any] | None,
    *,
    id: str,
    now: int,
    visitor: str | None = None,
    user: Identity | None = None,
) -> Tracked:
    """A custom event of now, cleaned.

    :raises TypeError: the name is no text, or a property no single value.
    :raises ValueError: the name is empty, or the properties are too long.
    """
    who = Identity(None, None, None) if user is None else user

    return Tracked(
        key=stored_key(visitor, id, now),
        id=id,
        visitor=visitor,
        time=now,
        tz=0,
        view_key=None,
        name=_name(name),
        props=_props(props),
        skewed=False,
        mark=None,
        email=who.email,
        host_id=who.id,
        user_name=who.name,
    )


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(
            f"The name of an event must be text, not {type(name).__name__}."
        )

    cleaned = read_name({"name": name}) if name.strip() else ""

    if not cleaned or len(name.strip()) > NAME_LIMIT:
        raise ValueError(
            f"The name of an event must have 1 to {NAME_LIMIT} characters: {name!r}."
        )

    return cleaned


def _props(props: object) -> str:
    if props is not None and not isinstance(props, Mapping):
        raise TypeError(
            "The props of an event must be a mapping from names to single values,"
            f" not {type(props).__name__}."
        )

    named = dict(props or {})

    for name, value in named.items():
        _check(name, value)

    try:
        return read_props({"props": named})
    except (BadField, UnicodeError):
        raise ValueError(
            f"The props of an event must be at most {PROPS_LIMIT} bytes as JSON."
        ) from None


def _check(name: object, value: object) -> None:
    if not isinstance(name, str):
        raise TypeError(f"The name of a property must be text, not {name!r}.")

    if not isinstance(value, SINGLE):
        raise TypeError(
            f"The property {name!r} must be text, a number, true, false or None,"
            f" not {type(value).__name__}."
        )

    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"The property {name!r} must be a finite number.")
