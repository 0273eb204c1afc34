"""The arguments of ``UNT()``: what each must be, said before an app is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from ..errors import ConfigError
from ..state import Host
from .places import is_engine

USER_COLUMNS = "user_columns"


def check_arguments(db: Any, redis: Any, host: Host) -> None:
    """See that each is of a kind that we can use.

    :raises ConfigError: one is not, with what is wanted instead.
    """
    _check_places(db, redis)
    _check_columns(host.user_columns)

    for name in (field.name for field in fields(host)):
        check = getattr(host, name)

        if name != USER_COLUMNS and check is not None and not callable(check):
            raise ConfigError(f"UNT({name}=…) takes a callable without arguments.")


def _check_places(db: Any, redis: Any) -> None:
    if db is not None and not (is_engine(db) or hasattr(type(db), "engines")):
        raise ConfigError(
            "UNT(db=…) takes a Flask-SQLAlchemy instance or a SQLAlchemy engine,"
            f" not {type(db).__name__}."
        )

    if redis is not None and not hasattr(redis, "connection_pool"):
        raise ConfigError(
            f"UNT(redis=…) takes a redis-py client, not {type(redis).__name__}."
        )


def _check_columns(columns: Any) -> None:
    if not isinstance(columns, Mapping):
        raise ConfigError(
            "UNT(user_columns=…) takes a mapping from names to callables,"
            f" not {type(columns).__name__}."
        )

    for name, column in columns.items():
        if not isinstance(name, str) or not name.strip() or not callable(column):
            raise ConfigError(
                "UNT(user_columns=…) takes names, each with a callable that is given"
                f" an email and an id; {name!r} is none."
            )
