"""Where the database and Redis are, from the app's config and the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from ..errors import ConfigError
from .checks import did_you_mean

DATABASES = ("sqlite", "postgresql", "mysql", "mariadb")
REDIS_SCHEMES = ("redis://", "rediss://", "unix://")
OWN_FILE = "unt.db"
OTHER_OWN_FILE = "flask-unt.db"
MEMORY = re.compile(r"(?:file:)?(?::memory:)?(?:\?.*)?|file:.*[?&]mode=memory.*")
# SQLAlchemy 2.1 writes these so; both it and 2.0 read them as they are.
ESCAPED = {"%3A": ":", "%5C": "\\"}
HAS_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+_.-]*://")


def resolve_database_url(
    config: Mapping[str, Any],
    environ: Mapping[str, str],
    instance_path: str,
    host_url: object = None,
) -> tuple[str, str]:
    """The database's URL, and the name of what it was taken from.

    ``UNT_DATABASE_URL`` is taken as it is. Else the site's own is followed:
    ``host_url`` (of an engine that the app has), ``SQLALCHEMY_DATABASE_URI`` or the
    bind that ``UNT_DATABASE_BIND`` names, ``DATABASE_URL``; a site on SQLite gets a
    file of ours beside its own. Else ``unt.db`` in the instance folder.

    :raises ConfigError: the URL is none, or of a database that is not supported.
    """
    own = config.get("UNT_DATABASE_URL")

    if own:
        url = _database_url("UNT_DATABASE_URL", own)
        return _in_instance(url, instance_path), "UNT_DATABASE_URL"

    for source, value in _host_databases(config, environ, host_url):
        if not value:
            continue

        url = _database_url(source, value)

        # An engine has its path from where the process runs, not from the instance.
        if value is not host_url:
            url = _in_instance(url, instance_path)

        return beside_host(url, instance_path), source

    return f"sqlite:///{os.path.join(instance_path, OWN_FILE)}", "default"


def beside_host(url: str, instance_path: str) -> str:
    """Our URL for a site on this one: on SQLite never the site's own file."""
    scheme, file = _sqlite_file(url)

    if file is None:
        return url

    folder, name = os.path.split(file.partition("?")[0].removeprefix("file:"))

    if MEMORY.fullmatch(file):
        folder, name = instance_path, ""

    # Such a path moves with the process from folder to folder; our file must not.
    if file.startswith("file:"):
        folder = os.path.join(instance_path, folder)

    own = OTHER_OWN_FILE if name == OWN_FILE else OWN_FILE
    return f"{scheme}:///{os.path.join(folder, own)}"


def refuse_unknown_bind(
    config: Mapping[str, Any], names: Iterable[str] | None = None
) -> None:
    """Check that there is a bind of the name that ``UNT_DATABASE_BIND`` gives.

    ``names`` are the binds that there are; without them those of the config are
    looked at, where it has any: Flask-SQLAlchemy may be set up later.

    :raises ConfigError: there is none.
    """
    bind = config.get("UNT_DATABASE_BIND")
    binds = config.get("SQLALCHEMY_BINDS") if names is None else names

    if bind is None or binds is None or bind in binds:
        return

    known = [name for name in binds if isinstance(name, str)]
    hint = did_you_mean(bind, known) or " Add it there, or remove the setting."
    raise ConfigError(
        f"UNT_DATABASE_BIND is {bind!r}, which SQLALCHEMY_BINDS does not name.{hint}"
    )


def resolve_redis_url(
    config: Mapping[str, Any], environ: Mapping[str, str]
) -> tuple[str | None, str | None]:
    """Redis's URL, and the name of what it was taken from.

    ``UNT_REDIS_URL`` set to ``None`` or ``""`` means: no Redis, whatever else is
    there.

    :raises ConfigError: the URL is not one of Redis.
    """
    if "UNT_REDIS_URL" in config:
        own = config["UNT_REDIS_URL"]
        return _redis_url("UNT_REDIS_URL", own) if own else None, "UNT_REDIS_URL"

    for name in ("REDIS_URL", "RQ_REDIS_URL"):
        if config.get(name):
            return _redis_url(name, config[name]), name

    if environ.get("REDIS_URL"):
        return _redis_url("REDIS_URL", environ["REDIS_URL"]), "REDIS_URL"

    return None, None


def _host_databases(
    config: Mapping[str, Any], environ: Mapping[str, str], host_url: object
) -> list[tuple[str, object]]:
    bind = config.get("UNT_DATABASE_BIND")
    binds = config.get("SQLALCHEMY_BINDS") or {}

    if bind is not None and bind in binds:
        of_bind = binds[bind]
        url = of_bind.get("url") if isinstance(of_bind, Mapping) else of_bind
        return [("SQLALCHEMY_BINDS", host_url or url)]

    return [
        ("db", host_url),
        ("SQLALCHEMY_DATABASE_URI", config.get("SQLALCHEMY_DATABASE_URI")),
        ("DATABASE_URL", config.get("DATABASE_URL") or environ.get("DATABASE_URL")),
    ]


def _database_url(source: str, value: object) -> str:
    # A SQLAlchemy URL hides its password from str().
    render = getattr(value, "render_as_string", None)
    url = render(hide_password=False) if render else value

    if not isinstance(url, str) or not HAS_SCHEME.match(url):
        raise ConfigError(
            f"{source} must be a database URL such as"
            " 'postgresql://user:password@host/name'."
        )

    scheme, _, rest = url.partition("://")
    dialect, plus, driver = scheme.partition("+")
    dialect = {"postgres": "postgresql"}.get(dialect, dialect)

    if dialect not in DATABASES:
        raise ConfigError(
            f"{source} is a {dialect!r} database, but page views are kept in SQLite,"
            " PostgreSQL, MySQL or MariaDB. Set UNT_DATABASE_URL to one of these."
        )

    return f"{dialect}{plus}{driver}://{rest}"


def _in_instance(url: str, instance_path: str) -> str:
    """A relative SQLite file is one in the instance folder, as in Flask-SQLAlchemy."""
    scheme, file = _sqlite_file(url)

    if file is None or MEMORY.fullmatch(file):
        return url

    marker = "file:" if file.startswith("file:") else ""
    path = os.path.join(instance_path, file.removeprefix("file:"))
    return f"{scheme}:///{marker}{path}"


def _sqlite_file(url: str) -> tuple[str, str | None]:
    """The scheme, and for SQLite the file with its options."""
    scheme, _, rest = url.partition("://")

    if scheme.partition("+")[0] != "sqlite":
        return scheme, None

    for escaped, character in ESCAPED.items():
        rest = rest.replace(escaped, character)

    return scheme, rest[1:]


def _redis_url(source: str, value: object) -> str:
    if not isinstance(value, str) or not value.startswith(REDIS_SCHEMES):
        raise ConfigError(
            f"{source} must start with 'redis://', 'rediss://' or 'unix://'."
            " Set UNT_REDIS_URL to Redis's address, or to None to go without."
        )

    return value
