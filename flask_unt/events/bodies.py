"""Request bodies: bytes to a JSON object, or a reason why not."""

from __future__ import annotations

import json
import re
from typing import Any
from typing import NoReturn

from ..errors import RequestRefused

BODY_LIMIT = 64 * 1024
# How deep a decoder can go differs between Pythons; this much every one can.
DEPTH_LIMIT = 100
LONGEST_INTEGER = 18
# It also takes a string that never ends, or many of these would cost n² steps.
STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)


def read_object(body: bytes, otherwise: str = "not-an-object") -> dict[str, Any]:
    """The JSON object in a body.

    Whole numbers too long for a database become floats, infinite ones at the
    worst.

    :raises RequestRefused: 413 ``"too-big"``, 400 ``"not-json"``, ``"too-deep"``, or
        ``otherwise`` for JSON that is no object.
    """
    if len(body) > BODY_LIMIT:
        raise RequestRefused(413, "too-big")

    data = _read_json(body)

    if not isinstance(data, dict):
        raise RequestRefused(400, otherwise)

    return data


def _read_json(body: bytes) -> Any:
    try:
        text = body.decode("utf-8")

        if _is_deep(text):
            raise RequestRefused(400, "too-deep")

        return json.loads(text, parse_int=_parse_int, parse_constant=_refuse_constant)
    except RecursionError:
        raise RequestRefused(400, "too-deep") from None
    except ValueError:
        raise RequestRefused(400, "not-json") from None


def _is_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= DEPTH_LIMIT:
        return False

    depth = 0

    for character in STRING.sub("", text):
        if character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1

        if depth > DEPTH_LIMIT:
            return True

    return False


def _parse_int(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST_INTEGER else float(digits)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON.")
