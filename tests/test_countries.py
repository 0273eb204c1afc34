"""Which country a time zone is of."""

from __future__ import annotations

import subprocess
import sys
import zoneinfo
from pathlib import Path

import pytest
import tzdata

from flask_unt import country_tables
from flask_unt.countries import country_name
from flask_unt.countries import country_of

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "make-countries"


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("Europe/Lisbon", "PT"),
        ("America/Sao_Paulo", "BR"),
        # Zones that agree with a neighbour's keep their own country.
        ("Europe/Amsterdam", "NL"),
        ("Atlantic/Reykjavik", "IS"),
        ("Arctic/Longyearbyen", "SJ"),
        # Old names, which browsers still use.
        ("Asia/Calcutta", "IN"),
        ("Europe/Kiev", "UA"),
        ("America/Buenos_Aires", "AR"),
        ("Africa/Asmera", "ER"),
        ("Pacific/Truk", "FM"),
        ("GB", "GB"),
        ("NZ", "NZ"),
        # Of no country.
        ("UTC", None),
        ("Etc/GMT+3", None),
        ("CET", None),
        ("EST", None),
        ("Nowhere/City", None),
        ("", None),
        (None, None),
    ],
)
def test_the_country_of_a_zone(zone: str | None, country: str | None) -> None:
    assert country_of(zone) == country


def test_every_zone_of_a_place_has_a_country_that_has_a_name() -> None:
    """All that were known then: newer ones may have come since."""
    places = {
        zone
        for zone in zoneinfo.available_timezones()
        if "/" in zone and not zone.startswith(("Etc/", "SystemV/"))
    }
    missing = {zone for zone in places if country_of(zone) is None}

    known = places - missing
    assert all(len(country_name(country_of(zone)) or "") > 2 for zone in known)

    if f" {tzdata.IANA_VERSION}." in str(country_tables.__doc__):
        assert missing == set()


def test_names_of_countries() -> None:
    assert country_name("CI") == "Côte d\N{RIGHT SINGLE QUOTATION MARK}Ivoire"
    assert country_name("XX") == "XX"
    assert country_name(None) is None


def test_the_tables_are_what_the_script_makes_of_their_version(tmp_path: Path) -> None:
    """Of another version of tzdata it would make others."""
    made = tmp_path / "country_tables.py"
    subprocess.run([sys.executable, SCRIPT, "--to", made], check=True)
    source = Path(country_tables.__file__).read_text("utf-8")

    if made.read_text("utf-8").splitlines()[0] == source.splitlines()[0]:
        assert made.read_text("utf-8") == source
