"""The settings, read and checked once when the app is set up."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from ..errors import ConfigError
from . import checks
from .addresses import refuse_unknown_bind
from .addresses import resolve_database_url
from .addresses import resolve_redis_url
from .checks import Check
from .checks import Rate
from .checks import did_you_mean

DERIVED_LENGTH = 10


# A setting without its "UNT_", in lower case, is a field of Settings.
SETTINGS: Mapping[str, tuple[Check, Any]] = {
    "UNT_PREFIX": (checks.optional(checks.prefix), None),
    "UNT_DASHBOARD_PREFIX": (checks.optional(checks.prefix), None),
    "UNT_DATABASE_URL": (checks.anything, None),
    "UNT_DATABASE_BIND": (checks.optional(checks.text), None),
    "UNT_REDIS_URL": (checks.anything, None),
    "UNT_QUEUE": (checks.queue, "unt"),
    "UNT_INJECT": (checks.flag, True),
    "UNT_HOSTS": (checks.hosts, ()),
    "UNT_ORIGINS": (checks.origins, ()),
    "UNT_TIMEZONE": (checks.timezone, "UTC"),
    "UNT_VISIT_TIMEOUT": (checks.count, 1800),
    "UNT_CONSENT": (checks.choice("implied", "required", "anonymous"), "implied"),
    "UNT_RESPECT_GPC": (checks.flag, True),
    "UNT_BOTS": (checks.choice("apart", "count"), "apart"),
    "UNT_KEEP_QUERY": (checks.keep_query, ("utm_*", "ref")),
    "UNT_COOKIE": (checks.choice("prefix", "site", None), "prefix"),
    "UNT_RETENTION_DAYS": (checks.optional(checks.count), 395),
    "UNT_MAX_BACKLOG": (checks.count, 1_000_000),
    "UNT_RATE_LIMIT": (checks.optional(checks.rate), "600/minute"),
    "UNT_NEW_PER_DAY": (checks.optional(checks.count), 10_000),
    "UNT_GEOIP": (checks.optional(checks.text), None),
    "UNT_DASHBOARD_PASSWORD_HASH": (checks.optional(checks.password_hash), None),
}
SETTING_NAMES: tuple[str, ...] = tuple(SETTINGS)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that ``app.config`` and the environment say, checked.

    ``database_url`` and ``redis_url`` follow what is visible there;
    ``database_source`` and ``redis_source`` name the setting they were taken from
    (``"default"`` for the SQLite file in the instance folder).
    """

    prefix: str
    old_prefixes: tuple[str, ...]
    dashboard_prefix: str
    database_url: str = field(repr=False)
    database_source: str
    database_bind: str | None
    redis_url: str | None = field(repr=False)
    redis_source: str | None
    queue: str
    inject: bool
    hosts: frozenset[str]
    origins: frozenset[str]
    timezone: str
    visit_timeout: int
    consent: str
    respect_gpc: bool
    bots: str
    keep_query: tuple[str, ...]
    cookie: str | None
    retention_days: int | None
    max_backlog: int
    rate_limit: Rate | None
    new_per_day: int | None
    geoip: str | None
    dashboard_password_hash: str | None = field(repr=False)
    secret_key: str | bytes | None = field(repr=False)
    server_name: str | None

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], environ: Mapping[str, str], instance_path: str
    ) -> Settings:
        """Read and check all settings.

        :param instance_path: the folder for a SQLite file of ours.
        :raises ConfigError: a setting is wrong, or none that there is.
        """
        _refuse_unknown(config)
        _refuse_two_databases(config)
        values = _checked_values(config)
        refuse_unknown_bind(config)
        values.update(_prefixes(config, values))
        database = resolve_database_url(config, environ, instance_path)
        redis = resolve_redis_url(config, environ)
        values["database_url"], values["database_source"] = database
        values["redis_url"], values["redis_source"] = redis
        values["server_name"] = config.get("SERVER_NAME")
        values["secret_key"] = config.get("SECRET_KEY") or None
        return cls(**values)


def derive_prefix(secret_key: str | bytes) -> str:
    """The prefix of a site that sets none: ``/`` and 10 characters."""
    key = secret_key.encode() if isinstance(secret_key, str) else secret_key
    digest = hmac.new(key, b"flask-unt prefix", hashlib.sha256).digest()
    return "/" + base64.b32encode(digest).decode().lower()[:DERIVED_LENGTH]


def _refuse_unknown(config: Mapping[str, Any]) -> None:
    for name in config:
        if name.startswith("UNT_") and name not in SETTING_NAMES:
            hint = did_you_mean(name, SETTING_NAMES)
            raise ConfigError(f"There is no setting {name!r}.{hint or ' Remove it.'}")


def _refuse_two_databases(config: Mapping[str, Any]) -> None:
    bind = config.get("UNT_DATABASE_BIND")

    if bind is not None and config.get("UNT_DATABASE_URL"):
        raise ConfigError("Set UNT_DATABASE_URL or UNT_DATABASE_BIND, not both.")


def _checked_values(config: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name.removeprefix("UNT_").lower(): check(name, config.get(name, default))
        for name, (check, default) in SETTINGS.items()
    }


def _prefixes(config: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    prefix = values["prefix"]
    key = _secret_key("SECRET_KEY", config.get("SECRET_KEY"))
    old: tuple[str, ...] = ()

    if prefix is None and not key:
        raise ConfigError(
            "Set SECRET_KEY, from which the prefix of Flask-UNT's addresses is"
            " derived, or set UNT_PREFIX to a path such as '/q7w3e9zk'."
        )

    if prefix is None and key:
        prefix = derive_prefix(key)
        old = _old_prefixes(config.get("SECRET_KEY_FALLBACKS") or (), prefix)

    return {
        "prefix": prefix,
        "old_prefixes": old,
        "dashboard_prefix": values["dashboard_prefix"] or prefix,
    }


def _old_prefixes(keys: Sequence[Any], prefix: str) -> tuple[str, ...]:
    checked = (_secret_key("SECRET_KEY_FALLBACKS", key) for key in keys)
    derived = dict.fromkeys(derive_prefix(key) for key in checked if key)
    return tuple(old for old in derived if old != prefix)


def _secret_key(name: str, value: Any) -> str | bytes | None:
    if value is not None and not isinstance(value, (str, bytes)):
        raise ConfigError(f"{name} must be text or bytes, not {type(value).__name__}.")

    return value or None
