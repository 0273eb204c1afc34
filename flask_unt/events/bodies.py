"""Request bodies: bytes to a JSON object, or a reason why not."""

from __future__ import annotations

import json
from typing import Any
from typing import NoReturn

from ..errors import RequestRefused
from .depth import TOO_DEEP
from .depth import without_deep_events

BODY_LIMIT = 64 * 1024
LONGEST_INTEGER = 18


def read_object(body: bytes, otherwise: str = "not-an-object") -> dict[str, Any]:
    """The JSON object in a body.

    Whole numbers too long for a database become floats, infinite ones at the
    worst. An event of a batch that goes too deep becomes the text ``"too-deep"``.

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
        text = without_deep_events(body.decode("utf-8"))
        return DECODER.decode(text)
    except RecursionError:
        raise RequestRefused(400, TOO_DEEP) from None
    except ValueError:
        raise RequestRefused(400, "not-json") from None


def _parse_int(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST_INTEGER else float(digits)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON.")


DECODER = json.JSONDecoder(parse_int=_parse_int, parse_constant=_refuse_constant)
