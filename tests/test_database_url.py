from __future__ import annotations

import pytest

from flask_unt.errors import ConfigError
from flask_unt.store import database_url
from flask_unt.store.database_url import normalize_url


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("postgres://u@h/d", "postgresql+psycopg"),
        ("postgresql://u@h/d", "postgresql+psycopg"),
        ("postgresql+psycopg2://u@h/d", "postgresql+psycopg2"),
        ("postgresql+asyncpg://u@h/d", "postgresql+psycopg"),
        ("mysql://u@h/d", "mysql+pymysql"),
        ("mariadb://u@h/d", "mysql+pymysql"),
        ("mysql+aiomysql://u@h/d", "mysql+pymysql"),
        ("sqlite:///unt.db", "sqlite+pysqlite"),
        ("sqlite+aiosqlite:///unt.db", "sqlite+pysqlite"),
    ],
)
def test_a_url_gets_an_installed_driver(url: str, driver: str) -> None:
    assert normalize_url(url).drivername == driver


def test_a_url_keeps_the_rest() -> None:
    url = normalize_url("postgres://u:p%40ss@h:5433/d?sslmode=require")

    assert (url.password, url.port, url.query["sslmode"]) == ("p@ss", 5433, "require")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("no url", "cannot be read"),
        ("postgresql://u:secret@h:port/d", "cannot be read"),
        ("oracle://u@h/d", "cannot use a 'oracle' database"),
    ],
)
def test_another_url_is_told_what_to_do(url: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence) as raised:
        normalize_url(url)

    assert "secret" not in str(raised.value)


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_url, "find_spec", lambda name: None)

    with pytest.raises(ConfigError, match=r"pip install \"flask-unt\[postgresql\]\""):
        normalize_url("postgres://u@h/d")
