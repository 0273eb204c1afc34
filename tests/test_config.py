from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
import sqlalchemy

from flask_unt.config import SETTING_NAMES
from flask_unt.config import Rate
from flask_unt.config import Settings
from flask_unt.config import beside_host
from flask_unt.config import derive_prefix
from flask_unt.config import resolve_database_url
from flask_unt.errors import ConfigError


def read(**config: Any) -> Settings:
    return Settings.from_config({"SECRET_KEY": "dev", **config}, {}, "/instance")


def database(config: dict[str, Any], **environ: str) -> str:
    return resolve_database_url(config, environ, "/instance")[0]


def redis(config: dict[str, Any], **environ: str) -> str | None:
    settings = Settings.from_config(
        {"SECRET_KEY": "dev", **config}, environ, "/instance"
    )
    return settings.redis_url


def test_defaults() -> None:
    settings = read()
    assert settings.prefix == settings.dashboard_prefix == derive_prefix("dev")
    assert settings.database_url == "sqlite:////instance/unt.db"
    assert settings.redis_url is None
    assert settings.queue == "unt"
    assert settings.inject is True
    assert settings.hosts == settings.origins == frozenset()
    assert settings.timezone == "UTC"
    assert settings.visit_timeout == 1800
    assert settings.consent == "implied"
    assert settings.respect_gpc is True
    assert settings.bots == "apart"
    assert settings.keep_query == ("utm_*", "ref")
    assert settings.cookie == "prefix"
    assert settings.retention_days == 395
    assert settings.max_backlog == 1_000_000
    assert settings.rate_limit == Rate(600, 60)
    assert settings.new_per_day == 10_000
    assert settings.dashboard_password_hash is None


def test_every_setting_has_a_field() -> None:
    names = {f"UNT_{field.name.upper()}" for field in fields(Settings)}
    assert names >= set(SETTING_NAMES)


def test_prefix_is_derived_from_the_secret_key() -> None:
    prefix = derive_prefix("dev")
    assert len(prefix) == 11
    assert prefix.startswith("/")
    assert prefix == prefix.lower() == derive_prefix(b"dev")
    assert prefix != derive_prefix("other")


def test_prefixes_of_older_keys_are_kept() -> None:
    settings = read(SECRET_KEY_FALLBACKS=["old", b"older", "dev", "old"])
    assert settings.old_prefixes == (derive_prefix("old"), derive_prefix("older"))
    assert read(SECRET_KEY_FALLBACKS=None).old_prefixes == ()


def test_a_prefix_of_ones_own_has_no_older_ones() -> None:
    settings = read(UNT_PREFIX="/k3x9", SECRET_KEY_FALLBACKS=["old"])
    assert settings.prefix == settings.dashboard_prefix == "/k3x9"
    assert settings.old_prefixes == ()


def test_dashboard_elsewhere() -> None:
    settings = read(UNT_DASHBOARD_PREFIX="/office/unt")
    assert settings.dashboard_prefix == "/office/unt"
    assert settings.prefix == derive_prefix("dev")


@pytest.mark.parametrize("key", [None, "", b""])
def test_without_prefix_and_secret_key_the_start_stops(key: Any) -> None:
    with pytest.raises(ConfigError, match=r"Set SECRET_KEY, .* or set UNT_PREFIX"):
        Settings.from_config({"SECRET_KEY": key}, {}, "/instance")

    settings = Settings.from_config({"UNT_PREFIX": "/k3x9"}, {}, "/instance")
    assert settings.secret_key is None


def test_a_secret_key_of_a_wrong_type() -> None:
    with pytest.raises(ConfigError, match="SECRET_KEY must be text or bytes, not int"):
        read(SECRET_KEY=5)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("UNT_PREFX", "/x", "There is no setting 'UNT_PREFX'. Did you mean"),
        ("UNT_ZZZZZZZZZ", 1, "There is no setting 'UNT_ZZZZZZZZZ'. Remove it."),
        ("UNT_PREFIX", "", "UNT_PREFIX must not be ''"),
        ("UNT_PREFIX", "/", "UNT_PREFIX must not be '/'"),
        ("UNT_PREFIX", "x", "UNT_PREFIX must start with '/'"),
        ("UNT_PREFIX", "/x/", "must not end with one"),
        ("UNT_PREFIX", "//x", "between slashes; '//x' does not"),
        ("UNT_PREFIX", "/a/../b", "does not"),
        ("UNT_PREFIX", "/<int:x>", "does not"),
        ("UNT_PREFIX", "/ä", "does not"),
        ("UNT_PREFIX", "/x\n", "does not"),
        ("UNT_PREFIX", 5, "UNT_PREFIX must be a path"),
        ("UNT_DASHBOARD_PREFIX", "/", "UNT_DASHBOARD_PREFIX must not be '/'"),
        ("UNT_DATABASE_URL", "unt.db", "UNT_DATABASE_URL must be a database URL"),
        ("UNT_DATABASE_URL", "oracle://x", "'oracle' database"),
        ("UNT_DATABASE_URL", 5, "UNT_DATABASE_URL must be a database URL"),
        ("UNT_DATABASE_BIND", "", "UNT_DATABASE_BIND must be a text"),
        ("UNT_REDIS_URL", "http://x", "UNT_REDIS_URL must start with 'redis://'"),
        ("UNT_QUEUE", "{unt}", "without braces"),
        ("UNT_QUEUE", "", "UNT_QUEUE must be at most 64"),
        ("UNT_QUEUE", None, "UNT_QUEUE must be at most 64"),
        ("UNT_INJECT", "false", "UNT_INJECT must be True or False, not 'false'"),
        ("UNT_INJECT", 1, "UNT_INJECT must be True or False"),
        ("UNT_HOSTS", "a.example", "must be a list such as ['a.example']"),
        ("UNT_HOSTS", [5], "must be a list"),
        ("UNT_HOSTS", ["https://a.example"], "without scheme, path and '*'"),
        ("UNT_HOSTS", ["a.example/x"], "'a.example/x' is none"),
        ("UNT_HOSTS", ["*.example"], "'*.example' is none"),
        ("UNT_HOSTS", ["u@a.example"], "is none"),
        ("UNT_HOSTS", ["a.example:99999"], "is none"),
        ("UNT_ORIGINS", ["https://a.example/"], "Write 'https://a.example'"),
        ("UNT_ORIGINS", ["a.example"], "must list exact origins"),
        ("UNT_ORIGINS", ["*"], "without path and '*'; '*' is none"),
        ("UNT_ORIGINS", ["null"], "is none"),
        ("UNT_ORIGINS", ["ftp://a.example"], "is none"),
        ("UNT_ORIGINS", ["https://u@a.example"], "is none"),
        ("UNT_ORIGINS", "https://a.example", "must be a list"),
        ("UNT_TIMEZONE", "Europe/Berln", "Did you mean 'Europe/Berlin'?"),
        ("UNT_TIMEZONE", "../etc/passwd", "must be a time zone"),
        ("UNT_TIMEZONE", "Europe", "must be a time zone"),
        ("UNT_TIMEZONE", "", "must be a time zone"),
        ("UNT_TIMEZONE", 2, "must be a time zone"),
        ("UNT_VISIT_TIMEOUT", 0, "UNT_VISIT_TIMEOUT must be a whole number"),
        ("UNT_VISIT_TIMEOUT", True, "not True"),
        ("UNT_VISIT_TIMEOUT", 1800.0, "not 1800.0"),
        ("UNT_CONSENT", "require", "Did you mean 'required'?"),
        ("UNT_CONSENT", None, "'implied' or 'required' or 'anonymous', not None"),
        ("UNT_BOTS", True, "UNT_BOTS must be 'apart' or 'count', not True"),
        ("UNT_KEEP_QUERY", "ref", "UNT_KEEP_QUERY must be a list"),
        ("UNT_KEEP_QUERY", ["a*b"], "only at the end of a name; 'a*b' does not"),
        ("UNT_COOKIE", False, "'prefix' or 'site' or None, not False"),
        ("UNT_COOKIE", "", "UNT_COOKIE must be 'prefix' or 'site' or None, not ''"),
        ("UNT_RETENTION_DAYS", -1, "UNT_RETENTION_DAYS must be a whole number"),
        ("UNT_MAX_BACKLOG", None, "UNT_MAX_BACKLOG must be a whole number"),
        ("UNT_RATE_LIMIT", 600, "must be a rate such as '600/minute'"),
        ("UNT_RATE_LIMIT", "600/fortnight", "must be a rate"),
        ("UNT_RATE_LIMIT", "0/minute", "must be a rate"),
        ("UNT_NEW_PER_DAY", "many", "UNT_NEW_PER_DAY must be a whole number"),
    ],
)
def test_a_bad_setting_stops_the_start(name: str, value: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(**{name: value})

    assert sentence in str(caught.value)
    assert str(caught.value).endswith((".", "?"))


def test_password_is_never_shown() -> None:
    with pytest.raises(ConfigError, match="Werkzeug hash") as caught:
        read(UNT_DASHBOARD_PASSWORD_HASH="hunter2")

    assert "hunter2" not in str(caught.value)


def test_secrets_are_not_in_the_repr() -> None:
    shown = repr(
        read(
            SECRET_KEY="hush",
            UNT_DATABASE_URL="postgresql://ana:pss@db/x",
            UNT_REDIS_URL="redis://:rds@cache",
            UNT_DASHBOARD_PASSWORD_HASH="scrypt:32768:8:1$salt$0a1b",
        )
    )
    assert not any(secret in shown for secret in ("hush", "pss", "rds", "0a1b"))


@pytest.mark.parametrize("method", ["scrypt", "pbkdf2", "pbkdf2:sha256:1000"])
def test_password_hash_of_werkzeug(method: str) -> None:
    from werkzeug.security import generate_password_hash

    value = generate_password_hash("hunter2", method)
    assert read(UNT_DASHBOARD_PASSWORD_HASH=value).dashboard_password_hash == value


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("5/second", Rate(5, 1)),
        ("600/minute", Rate(600, 60)),
        ("9 / hour", Rate(9, 3600)),
        ("100/day", Rate(100, 86400)),
        (None, None),
    ],
)
def test_rate(text: str | None, rate: Rate | None) -> None:
    assert read(UNT_RATE_LIMIT=text).rate_limit == rate


def test_hosts_and_origins_are_kept_as_they_are_compared() -> None:
    settings = read(
        UNT_HOSTS=["A.example", "b.example:8080", "c.example:443", "bücher.example"],
        UNT_ORIGINS=("HTTPS://A.example:443", "http://b.example:8080"),
    )
    assert settings.hosts == {
        "a.example",
        "b.example:8080",
        "c.example",
        "xn--bcher-kva.example",
    }
    assert settings.origins == {"https://a.example", "http://b.example:8080"}


def test_none_switches_off() -> None:
    settings = read(
        UNT_COOKIE=None,
        UNT_RETENTION_DAYS=None,
        UNT_RATE_LIMIT=None,
        UNT_NEW_PER_DAY=None,
        UNT_KEEP_QUERY=[],
    )
    assert settings.cookie is settings.retention_days is settings.rate_limit is None
    assert settings.new_per_day is None
    assert settings.keep_query == ()


def test_order_of_the_database_urls() -> None:
    config: dict[str, Any] = {}
    assert database(config) == "sqlite:////instance/unt.db"
    assert database(config, DATABASE_URL="mysql://env/x") == "mysql://env/x"
    config["DATABASE_URL"] = "mysql://config/x"
    assert database(config, DATABASE_URL="mysql://env/x") == "mysql://config/x"
    config["SQLALCHEMY_DATABASE_URI"] = "mysql://sqlalchemy/x"
    assert database(config) == "mysql://sqlalchemy/x"
    assert resolve_database_url(config, {}, "/instance", "mysql://engine/x") == (
        "mysql://engine/x",
        "db",
    )
    config["UNT_DATABASE_URL"] = "mysql://own/x"
    assert resolve_database_url(config, {}, "/instance", "mysql://engine/x") == (
        "mysql://own/x",
        "UNT_DATABASE_URL",
    )


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("sqlite:///site.db", "sqlite:////instance/unt.db"),
        ("sqlite:////srv/site.db", "sqlite:////srv/unt.db"),
        ("sqlite:////srv/site.db?timeout=3", "sqlite:////srv/unt.db"),
        ("sqlite+pysqlite:////srv/site.db", "sqlite+pysqlite:////srv/unt.db"),
        ("sqlite:////srv/unt.db", "sqlite:////srv/flask-unt.db"),
        ("sqlite:///data/site.db", "sqlite:////instance/data/unt.db"),
        ("sqlite:///file:site.db?uri=true", "sqlite:////instance/unt.db"),
        ("sqlite://", "sqlite:////instance/unt.db"),
        ("sqlite:///:memory:", "sqlite:////instance/unt.db"),
        ("sqlite:///file::memory:?uri=true", "sqlite:////instance/unt.db"),
        ("sqlite:///file:x?mode=memory&uri=true", "sqlite:////instance/unt.db"),
        ("sqlite:///file:/srv/site.db?uri=true", "sqlite:////srv/unt.db"),
        ("postgres://ana:p%40ss@db/x", "postgresql://ana:p%40ss@db/x"),
        ("postgresql+psycopg2://db/x", "postgresql+psycopg2://db/x"),
        ("mariadb+pymysql://db/x", "mariadb+pymysql://db/x"),
    ],
)
def test_a_site_on_sqlite_keeps_its_file_to_itself(url: str, ours: str) -> None:
    assert database({"SQLALCHEMY_DATABASE_URI": url}) == ours


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("sqlite:///%3Amemory%3A", "sqlite:////instance/unt.db"),
        ("sqlite:///file%3A/srv/site.db?uri=true", "sqlite:////srv/unt.db"),
        ("sqlite:///file%3A%3Amemory%3A?uri=true", "sqlite:////instance/unt.db"),
        ("sqlite:///file%3Asite.db?uri=true", "sqlite:////instance/unt.db"),
        ("sqlite:////srv/a%25b/site.db", "sqlite:////srv/a%25b/unt.db"),
    ],
)
def test_an_engine_on_sqlite_may_escape_its_address(url: str, ours: str) -> None:
    """SQLAlchemy 2.1 writes the URL of an engine so."""
    assert beside_host(url, "/instance") == ours


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("sqlite:///own.db", "sqlite:////instance/own.db"),
        ("sqlite:////srv/site.db?timeout=3", "sqlite:////srv/site.db?timeout=3"),
        ("sqlite://", "sqlite://"),
        ("postgres://db/x", "postgresql://db/x"),
    ],
)
def test_a_database_of_ones_own_is_taken_as_it_is(url: str, ours: str) -> None:
    assert database({"UNT_DATABASE_URL": url}) == ours


def test_a_url_object_keeps_its_password() -> None:
    url = sqlalchemy.make_url("postgresql://ana:secret@db/x")
    assert database({"SQLALCHEMY_DATABASE_URI": url}) == "postgresql://ana:secret@db/x"


def test_an_unsupported_database_of_the_site_says_what_to_set() -> None:
    with pytest.raises(ConfigError, match="Set UNT_DATABASE_URL"):
        database({"SQLALCHEMY_DATABASE_URI": "oracle://ana:secret@db"})


@pytest.mark.parametrize("bind", ["mysql://stats/x", {"url": "mysql://stats/x"}])
def test_bind(bind: Any) -> None:
    config = {
        "UNT_DATABASE_BIND": "stats",
        "SQLALCHEMY_BINDS": {"stats": bind},
        "SQLALCHEMY_DATABASE_URI": "mysql://site/x",
    }
    assert database(config) == "mysql://stats/x"


def test_a_bind_that_is_not_there() -> None:
    binds = {"stats": "mysql://stats/x"}

    with pytest.raises(ConfigError, match=r"does not name\. Did you mean 'stats'"):
        read(UNT_DATABASE_BIND="stat", SQLALCHEMY_BINDS=binds)


def test_bind_and_url_exclude_each_other() -> None:
    with pytest.raises(ConfigError, match="not both"):
        read(UNT_DATABASE_BIND="stats", UNT_DATABASE_URL="mysql://own/x")


def test_the_file_of_an_engine_is_where_the_process_runs() -> None:
    url = sqlalchemy.create_engine("sqlite:///data/site.db").url
    ours = ("sqlite:///data/unt.db", "db")
    assert resolve_database_url({}, {}, "/instance", url) == ours
    assert beside_host("sqlite:///data/site.db", "/instance") == ours[0]


def test_order_of_the_redis_urls() -> None:
    config: dict[str, Any] = {}
    assert redis(config) is None
    assert redis(config, REDIS_URL="redis://env") == "redis://env"
    config["RQ_REDIS_URL"] = "rediss://rq"
    assert redis(config, REDIS_URL="redis://env") == "rediss://rq"
    config["REDIS_URL"] = "redis://config"
    assert redis(config) == "redis://config"
    config["UNT_REDIS_URL"] = "unix:///own"
    assert redis(config) == "unix:///own"


@pytest.mark.parametrize("off", [None, ""])
def test_redis_is_switched_off_by_name(off: str | None) -> None:
    config = {"UNT_REDIS_URL": off, "REDIS_URL": "redis://config"}
    assert redis(config, REDIS_URL="redis://env") is None
