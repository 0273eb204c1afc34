"""Reading one field of an event: the value as it is stored, or why not."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from ..cleaning import VISITOR
from ..cleaning import clean_masked
from ..cleaning import clean_text
from .keys import ID

NAME_LIMIT = 64
PROPS_LIMIT = 4096
MARK_LIMIT = 128
TOKEN_LIMIT = 2048
LANGUAGE = re.compile(r"[A-Za-z0-9-]{1,35}")
ZONE = re.compile(r"[A-Za-z0-9_+/-]{1,64}")
TOKEN = re.compile(rf"[A-Za-z0-9_.~+/=-]{{1,{TOKEN_LIMIT}}}")


class BadField(ValueError):
    """A field that an event cannot be stored with."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def is_number(value: object) -> bool:
    """Whether a JSON value is a number; true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def read_number(data: Mapping[str, Any], name: str) -> float:
    """A number that must be there; a huge one may be infinite."""
    value: float = data.get(name)  # type: ignore[assignment]

    if type(value) is not int and not is_number(value):
        raise BadField(f"bad-{name}")

    return value


def read_whole(
    data: Mapping[str, Any], name: str, lowest: int, highest: int, default: int = 0
) -> int:
    """A whole number, brought into its bounds; ``default`` where it is missing."""
    sent = data.get(name)

    if sent is None:
        return default

    if type(sent) is int and lowest <= sent <= highest:
        return sent

    value = max(lowest, min(highest, read_number(data, name)))
    return default if math.isnan(value) else round(value)


def read_optional_whole(
    data: Mapping[str, Any], name: str, lowest: int, highest: int
) -> int | None:
    """A whole number within its bounds, else None."""
    if data.get(name) is None:
        return None

    value = read_number(data, name)
    return round(value) if lowest <= value <= highest else None


def read_text(data: Mapping[str, Any], name: str) -> str:
    """Text that must be there."""
    value = data.get(name)

    if not isinstance(value, str):
        raise BadField(f"bad-{name}")

    return value


def read_optional_text(data: Mapping[str, Any], name: str) -> str | None:
    value = data.get(name)

    if value is not None and not isinstance(value, str):
        raise BadField(f"bad-{name}")

    return value


def read_shaped(
    data: Mapping[str, Any], name: str, shape: re.Pattern[str]
) -> str | None:
    """Text of a certain shape; None where it is missing or has another."""
    value = read_optional_text(data, name)
    return value if value is not None and shape.fullmatch(value) else None


def read_id(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)

    if not isinstance(value, str) or not ID.fullmatch(value):
        raise BadField(f"bad-{name}")

    return value


def read_visitor(data: Mapping[str, Any]) -> str | None:
    """A visitor's id in its canonical form; null is a view without a visitor."""
    value = data.get("visitor", "")

    if value is None:
        return None

    if not isinstance(value, str):
        raise BadField("bad-visitor")

    if not VISITOR.fullmatch(value):
        value = value.lower()

        if not VISITOR.fullmatch(value):
            raise BadField("bad-visitor")

    return value


def read_mark(data: Mapping[str, Any]) -> str | None:
    value = read_optional_text(data, "as")
    return None if value is None else clean_text(value, MARK_LIMIT)


def read_name(data: Mapping[str, Any]) -> str:
    name = clean_text(read_text(data, "name"), NAME_LIMIT)

    if not name:
        raise BadField("bad-name")

    return name


def read_props(data: Mapping[str, Any]) -> str:
    """The properties of a custom event as JSON: names to single values."""
    props = data.get("props")

    if props is None:
        return "{}"

    if not isinstance(props, dict):
        raise BadField("bad-props")

    cleaned = {
        clean_text(name, NAME_LIMIT): _clean_property(name, value)
        for name, value in props.items()
    }
    text = json.dumps(cleaned, ensure_ascii=False, separators=(",", ":"))

    if len(text.encode()) > PROPS_LIMIT:
        raise BadField("bad-props")

    return text


def read_token(data: Mapping[str, Any]) -> str:
    token = read_text(data, "token")

    if not TOKEN.fullmatch(token):
        raise BadField("bad-token")

    return token


def _clean_property(name: str, value: object) -> object:
    # Where a click led to: unt.js tells of it by itself.
    if name == "url" and isinstance(value, str):
        return clean_masked(value, PROPS_LIMIT)

    if isinstance(value, str):
        return clean_text(value, PROPS_LIMIT)

    if isinstance(value, float) and not math.isfinite(value):
        raise BadField("bad-props")

    if value is None or isinstance(value, (bool, int, float)):
        return value

    raise BadField("bad-props")
