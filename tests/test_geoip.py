"""The country of an address goes into the entry, the address does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mmdb import write_mmdb
from tracked import HERE
from tracked import PREFIX
from tracked import batch
from tracked import close
from tracked import rows
from tracked import site
from tracked import view

from flask_unt import geoip
from flask_unt.errors import ConfigError
from flask_unt.geoip import open_countries

COUNTRY = "SELECT country FROM unt_visit"
NETWORKS: dict[str, Any] = {
    "9.0.0.0/8": {"country": {"iso_code": "PT"}},
    "11.2.0.0/16": {"country": "BR"},
    "11.3.0.0/16": {"country_code": "JP"},
    "11.4.0.0/16": {"country": {"iso_code": "nonsense"}},
    "11.5.0.0/16": "text",
}


@pytest.fixture
def file(tmp_path: Path) -> str:
    write_mmdb(tmp_path / "countries.mmdb", NETWORKS)
    return str(tmp_path / "countries.mmdb")


def send_from(app: Any, address: str, **headers: str) -> None:
    client = app.test_client(use_cookies=False)
    answer = client.post(
        f"{PREFIX}/e",
        json={**batch(view()), "zone": "Europe/Lisbon"},
        headers={**HERE, **headers},
        environ_base={"REMOTE_ADDR": address},
    )
    assert answer.status_code == 202
    answer.close()


@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("9.1.2.3", "PT"),
        ("11.2.3.4", "BR"),
        ("11.3.3.4", "JP"),
        ("11.4.3.4", None),
        ("11.5.3.4", None),
        ("8.8.8.8", None),
        ("::1", None),
        ("", None),
        ("unix:", None),
        ("\0", None),
    ],
)
def test_the_country_of_an_address(
    file: str, address: str, country: str | None
) -> None:
    assert open_countries(file)(address) == country
    assert open_countries(None)(address) is None


def test_a_visit_is_from_the_country_of_its_address(file: str, sqlite_url: str) -> None:
    app = site(sqlite_url, UNT_GEOIP=file)
    send_from(app, "11.2.3.4")
    found = rows(app, COUNTRY)
    close(app)

    assert found == [("BR",)]


@pytest.mark.parametrize(
    ("address", "headers"),
    [("8.8.8.8", {}), ("127.0.0.1", {"X-Forwarded-For": "11.2.3.4"})],
)
def test_of_an_unknown_address_the_zone_tells(
    file: str, sqlite_url: str, address: str, headers: dict[str, str]
) -> None:
    """A proxy that the app was not told of is nobody's address."""
    app = site(sqlite_url, UNT_GEOIP=file)
    send_from(app, address, **headers)
    found = rows(app, COUNTRY)
    close(app)

    assert found == [("PT",)]


def test_a_file_that_is_none_is_said_at_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="leave the setting out"):
        site(UNT_GEOIP=str(tmp_path / "missing.mmdb"))

    (tmp_path / "text.mmdb").write_text("no such thing")

    with pytest.raises(ConfigError, match="cannot be read as a MaxMind DB file"):
        site(UNT_GEOIP=str(tmp_path / "text.mmdb"))


def test_without_the_package_it_says_what_to_install(
    file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geoip, "find_spec", lambda name: None)

    with pytest.raises(ConfigError, match=r"flask-unt\[geoip\]"):
        site(UNT_GEOIP=file)
