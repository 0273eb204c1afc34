"""The country of a client's address, by a file that the site has (``UNT_GEOIP``)."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Any

from .errors import ConfigError

CODE = re.compile("[A-Z]{2}")
NO_PACKAGE = (
    "UNT_GEOIP needs the package maxminddb, which is not installed."
    ' Run: pip install "flask-unt[geoip]"'
)

FindCountry = Callable[[str], "str | None"]


def open_countries(path: str | None) -> FindCountry:
    """What finds the two-letter code of an address's country, None if unknown.

    :param path: a MaxMind DB file. Without one nothing is ever found.
    :raises ConfigError: there is no such file, or no package that reads it.
    """
    if path is None:
        return lambda address: None

    if find_spec("maxminddb") is None:
        raise ConfigError(NO_PACKAGE)

    maxminddb = import_module("maxminddb")

    try:
        reader = maxminddb.open_database(path)
    except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
        raise ConfigError(
            f"UNT_GEOIP is {path!r}, which cannot be read as a MaxMind DB file:"
            f" {error}. Name a .mmdb file of countries, or leave the setting out."
        ) from None

    def find(address: str) -> str | None:
        try:
            found = reader.get(ip_address(address.partition("%")[0]))
        except (ValueError, maxminddb.InvalidDatabaseError):
            return None

        return _code(found)

    return find


def _code(found: Any) -> str | None:
    """The code in any of the shapes in which such files have it."""
    if not isinstance(found, Mapping):
        return None

    country = found.get("country") or found.get("country_code")
    code = country.get("iso_code") if isinstance(country, Mapping) else country

    return code if isinstance(code, str) and CODE.fullmatch(code) else None
