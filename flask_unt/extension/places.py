"""Where the site keeps its data: its database and its Redis, which we use too."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

from flask import Flask

from ..config import Settings
from ..config import refuse_unknown_bind
from ..config import resolve_database_url
from ..state import Address
from ..state import RedisAddress
from ..store.database_url import DRIVERS
from ..stream import connection_settings

OURS = frozenset(driver for drivers in DRIVERS.values() for driver in drivers)


def find_database(app: Flask, db: Any) -> Address:
    """The database's URL and engine options: ours, or what the site has.

    :raises ConfigError: the site's database is none that we can use.
    """
    bind = app.config.get("UNT_DATABASE_BIND")
    db = db if db is not None else app.extensions.get("sqlalchemy")
    engine = _engine_of(app, db, bind)
    url, source = resolve_database_url(
        app.config, os.environ, app.instance_path, engine and engine.url
    )

    if app.instance_path in url:
        with suppress(OSError):
            os.makedirs(app.instance_path, exist_ok=True)

    if engine is None or source == "UNT_DATABASE_URL":
        return url, None

    return url, _connection_options(app, db, engine, bind)


def find_redis(app: Flask, settings: Settings, client: Any) -> RedisAddress | None:
    """Redis's URL, or the settings of the site's client; ``None`` without Redis."""
    if client is not None and settings.redis_source != "UNT_REDIS_URL":
        return None, connection_settings(client)

    return (settings.redis_url, None) if settings.redis_url is not None else None


def _engine_of(app: Flask, db: Any, bind: str | None) -> Any:
    if db is None:
        refuse_unknown_bind(app.config, app.config.get("SQLALCHEMY_BINDS") or ())

    if db is None or is_engine(db):
        return db

    with app.app_context():
        engines = db.engines

    refuse_unknown_bind(app.config, engines)
    return engines.get(bind) or engines.get("default")


def is_engine(db: Any) -> bool:
    return hasattr(type(db), "begin") and hasattr(db, "dialect")


def _connection_options(app: Flask, db: Any, engine: Any, bind: str | None) -> Any:
    """How the site connects, where its URL does not say so.

    An engine keeps that to itself, but for the function that opens a connection.
    Another driver's settings are of no use to us.
    """
    dialect = engine.dialect

    if dialect.name == "sqlite" or dialect.is_async or dialect.driver not in OURS:
        return None

    if db is engine:
        return {"creator": engine.pool._creator}

    options = {
        **getattr(db, "_engine_options", {}),
        **app.config.get("SQLALCHEMY_ENGINE_OPTIONS", {}),
    }

    if bind is not None:
        of_bind = app.config["SQLALCHEMY_BINDS"][bind]
        options = of_bind if isinstance(of_bind, dict) else {}

    return {n: options[n] for n in ("connect_args", "creator") if n in options}
