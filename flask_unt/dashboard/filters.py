"""What a dashboard URL asks for: always something that can be answered.

A parameter that is missing, unknown or out of range is read as the nearest one that
makes sense, so that an old or mistyped address still shows a page.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

LARGEST_ID = 2**63 - 1
CURSOR_LIMIT = 200


def parse_text(value: str, limit: int) -> str:
    """Printable text; a database takes neither NUL nor half a surrogate pair."""
    return "".join(letter for letter in value[:limit] if letter.isprintable()).strip()


def parse_number(value: str) -> int:
    """A whole number; 0 where it is none, or longer than any of ours."""
    if not value.isascii() or not value.isdigit() or len(value) > 30:
        return 0

    return int(value)


def is_id(number: int) -> bool:
    """Whether a database could hold this as the number of a row."""
    return 0 < number <= LARGEST_ID


def parse_cursor(args: Mapping[str, str], name: str = "before") -> str | None:
    """``?before=…``, the key a page of a log goes on from, or ``?after=…``."""
    value = args.get(name, "")
    return value if value.isascii() and 0 < len(value) <= CURSOR_LIMIT else None


def parse_next(value: str | None, below: str) -> str:
    """The page to go on to after signing in: one of ours, else ``below`` itself.

    Rebuilt from the path, so that it cannot lead to another host.
    """
    parts = urlsplit(value or "")

    if parts.path != below and not parts.path.startswith(f"{below}/"):
        return below

    return f"{parts.path}?{parts.query}" if parts.query else parts.path
