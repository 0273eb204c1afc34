"""The country a visit is from, as its browser's time zone tells."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from .country_tables import NAMES
from .country_tables import ZONES


def country_of(zone: str | None) -> str | None:
    """The two-letter code (ISO 3166) of a time zone's country.

    None where the zone is unknown or of no country: ``UTC``, ``Etc/GMT+3``, ``CET``.
    """
    return _countries().get(zone or "")


def country_name(code: str | None) -> str | None:
    """The English name of a country; of an unknown one the code."""
    return None if code is None else _names().get(code, code)


@lru_cache(maxsize=1)
def _countries() -> Mapping[str, str]:
    rows = (line.split() for line in ZONES.strip().replace("\n ", " ").splitlines())

    return {zone: code for code, *zones in rows for zone in zones}


@lru_cache(maxsize=1)
def _names() -> Mapping[str, str]:
    return dict(line.split(" ", 1) for line in NAMES.strip().splitlines())
