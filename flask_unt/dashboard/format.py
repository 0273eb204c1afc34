"""Numbers, spans and links as the dashboard says them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from ..countries import country_name

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
COLOURS = 8
MINUS = "\N{MINUS SIGN}"
UNKNOWN = "\N{EN DASH}"
HOST = re.compile(r"([a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])(:\d{1,5})?")


@dataclass(frozen=True, slots=True)
class Change:
    """How a figure moved: "+18%", and whether that is worth a colour."""

    text: str
    tone: str


def country(code: str | None) -> str | None:
    """The name of a country, as a visit's code is."""
    return country_name(code)


def number(value: int) -> str:
    return f"{value:,}"


def counted(value: int, one: str, many: str | None = None) -> str:
    """``counted(1, "visit")`` is "1 visit", of two "2 visits"."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def percent(share: float) -> str:
    if 0 < share < 0.01:
        return "<1%"

    return f"{share * 100:.0f}%"


def duration(ms: int | None) -> str:
    """A span in at most two units, or a dash where it is not known."""
    if ms is None:
        return UNKNOWN

    if 0 < ms < SECOND:
        return "<1 s"

    if ms < MINUTE:
        return f"{ms // SECOND} s"

    if ms < HOUR:
        return _two(ms // MINUTE, "min", ms % MINUTE // SECOND, "s")

    if ms < DAY:
        return _two(ms // HOUR, "h", ms % HOUR // MINUTE, "min")

    return _two(ms // DAY, "d", ms % DAY // HOUR, "h")


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    if not small:
        return f"{large} {large_unit}"

    return f"{large} {large_unit} {small} {small_unit}"


def change(value: int, before: int) -> Change:
    """Up or down only beyond a tenth; there is no percentage of nothing."""
    if value == before:
        return Change("no change", "even")

    if not before:
        return Change("none before", "even")

    moved = (value - before) / before
    tone = "even" if abs(moved) <= 0.1 else "up" if moved > 0 else "down"
    return Change(f"{'+' if moved > 0 else MINUS}{abs(moved) * 100:.0f}%", tone)


def compared(value: int, before: int, than: str) -> str:
    """How this period compares, as the end of a sentence; empty where it cannot."""
    if not before:
        return ""

    moved = round((value - before) / before * 100)

    if not moved:
        return f"as many as {than}"

    return f"{abs(moved)}% {'more' if moved > 0 else 'fewer'} than {than}"


def sentence(words: str) -> str:
    """Words as the beginning of a line; names of months stay as they are."""
    return words[:1].upper() + words[1:]


def outside(value: object) -> str | None:
    """The address that a column of the site's own is, if it is one."""
    text = value if isinstance(value, str) else ""
    return referrer_link(text) if text.startswith("https://") else None


def initial(name: str) -> str:
    return next((letter.upper() for letter in name if letter.isalnum()), "?")


def colour(id: int) -> int:
    """Which of the fixed circle colours a user has."""
    return id % COLOURS


def page_link(scheme: str, host: str, path: str) -> str | None:
    """The address of a recorded page, rebuilt; None if it cannot be one."""
    if scheme not in ("http", "https") or not path.startswith("/"):
        return None

    if not HOST.fullmatch(host):
        return None

    quoted = quote(path, safe="/%?&=#!$'()*+,;:@~-._")

    return f"{scheme}://{host}{quoted}"


def referrer_link(referrer: str | None) -> str | None:
    """A referrer's address, if it is one that a browser may be sent to."""
    scheme, _, rest = (referrer or "").partition("://")
    host, slash, path = rest.partition("/")
    return page_link(scheme, host, slash + path or "/")


def bare(url: str) -> str:
    """An address without its scheme and last slash, as people say it."""
    return url.partition("://")[2].removesuffix("/") or url
