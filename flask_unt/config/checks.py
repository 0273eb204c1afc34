"""Checks of single settings: the value as it is used, or a ``ConfigError``."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from typing import TypeAlias

from ..errors import ConfigError
from ..urls import host_key
from ..urls import origin_key

PREFIX = re.compile(r"(?:/[A-Za-z0-9_.~-]+)+")
QUEUE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
RATE = re.compile(r"([0-9]{1,9})\s*/\s*(second|minute|hour|day)")
PASSWORD_HASH = re.compile(r"(?:scrypt|pbkdf2)(?::[A-Za-z0-9_]+)*\$[^$\s]+\$[0-9a-f]+")
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}

Check: TypeAlias = Callable[[str, Any], Any]


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``count`` requests in ``seconds``."""

    count: int
    seconds: int


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``" Did you mean 'x'?"`` for the known word that is most alike, or ``""``."""
    matches = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean {matches[0]!r}?" if matches else ""


def anything(name: str, value: Any) -> Any:
    """No check: the value is looked at together with others."""
    return value


def flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(f"{name} must be True or False, not {value!r}.")

    return value


def text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{name} must be a text, not {value!r}.")

    return value


def count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigError(
            f"{name} must be a whole number that is at least 1, not {value!r}."
        )

    return value


def optional(check: Check) -> Check:
    """The same check for a setting that may also be ``None``."""

    def check_optional(name: str, value: Any) -> Any:
        return None if value is None else check(name, value)

    return check_optional


def choice(*options: str | None) -> Check:
    texts = [option for option in options if option is not None]

    def check_choice(name: str, value: Any) -> str | None:
        if not isinstance(value, (str, type(None))) or value not in options:
            known = " or ".join(repr(option) for option in options)
            hint = did_you_mean(value, texts) if isinstance(value, str) else ""
            raise ConfigError(f"{name} must be {known}, not {value!r}.{hint}")

        return value

    return check_choice


def prefix(name: str, value: Any) -> str:
    if value in ("", "/"):
        raise ConfigError(
            f"{name} must not be {value!r}: nothing is ever mapped on the root of a"
            " site. Choose a path such as '/q7w3e9zk'."
        )

    if not isinstance(value, str):
        raise ConfigError(f"{name} must be a path such as '/q7w3e9zk', not {value!r}.")

    if not PREFIX.fullmatch(value) or {".", ".."} & set(value.split("/")):
        raise ConfigError(
            f"{name} must start with '/', must not end with one, and may hold letters,"
            f" digits and '_', '-', '.', '~' between slashes; {value!r} does not."
        )

    return value


def queue(name: str, value: Any) -> str:
    if not isinstance(value, str) or not QUEUE.fullmatch(value):
        raise ConfigError(
            f"{name} must be at most 64 letters, digits and '_', '-', '.', ':' without"
            f" braces (they are added), not {value!r}."
        )

    return value


def hosts(name: str, value: Any) -> frozenset[str]:
    return frozenset(_host(name, host) for host in _texts(name, value, "'a.example'"))


def origins(name: str, value: Any) -> frozenset[str]:
    values = _texts(name, value, "'https://a.example'")
    return frozenset(_origin(name, origin) for origin in values)


def keep_query(name: str, value: Any) -> tuple[str, ...]:
    patterns = _texts(name, value, "'utm_*'")

    for pattern in patterns:
        if not pattern or "*" in pattern[:-1]:
            raise ConfigError(
                f"{name} names query parameters, with '*' only at the end of a name;"
                f" {pattern!r} does not."
            )

    return patterns


def timezone(name: str, value: Any) -> str:
    if value == "UTC":
        return "UTC"

    try:
        return zoneinfo.ZoneInfo(value).key
    except (TypeError, ValueError, AttributeError, LookupError, OSError):
        pass

    known = zoneinfo.available_timezones()

    if not known:
        raise ConfigError(
            f"{name} is {value!r}, but this machine has no time zones."
            " Run: pip install tzdata."
        )

    hint = did_you_mean(value, known) if isinstance(value, str) else ""
    raise ConfigError(
        f"{name} must be a time zone such as 'Europe/Berlin', not {value!r}.{hint}"
    )


def rate(name: str, value: Any) -> Rate:
    match = RATE.fullmatch(value) if isinstance(value, str) else None

    if match is None or int(match[1]) < 1:
        raise ConfigError(
            f"{name} must be a rate such as '600/minute' (second, minute, hour or day)"
            f" or None, not {value!r}."
        )

    return Rate(int(match[1]), SECONDS[match[2]])


def password_hash(name: str, value: Any) -> str:
    if not isinstance(value, str) or not PASSWORD_HASH.fullmatch(value):
        # The value is not shown: it may be the password itself.
        raise ConfigError(
            f"{name} must be a Werkzeug hash, never the password itself. Make one"
            " with werkzeug.security.generate_password_hash."
        )

    return value


def _texts(name: str, value: Any, example: str) -> tuple[str, ...]:
    listed = isinstance(value, (list, tuple, set, frozenset))

    if not listed or not all(isinstance(item, str) for item in value):
        raise ConfigError(f"{name} must be a list such as [{example}], not {value!r}.")

    return tuple(value)


def _host(name: str, value: str) -> str:
    key = host_key(value, "https")

    if not key or "@" in value or value != value.strip():
        raise ConfigError(
            f"{name} must list host names such as 'a.example' or 'a.example:8080',"
            f" without scheme, path and '*'; {value!r} is none."
        )

    return key.removesuffix(":80")


def _origin(name: str, value: str) -> str:
    key = origin_key(value)

    if key is not None:
        return key

    scheme, separator, rest = value.partition("://")
    cut = origin_key(f"{scheme}://{rest.partition('/')[0]}") if separator else None
    hint = f" Write {cut!r}." if cut else ""
    raise ConfigError(
        f"{name} must list exact origins such as 'https://a.example' or"
        f" 'http://a.example:8080', without path and '*'; {value!r} is none.{hint}"
    )
