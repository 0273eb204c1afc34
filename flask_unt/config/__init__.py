"""The settings of ``app.config`` and where the database and Redis are."""

from __future__ import annotations

from .addresses import beside_host
from .addresses import refuse_unknown_bind
from .addresses import resolve_database_url
from .addresses import resolve_redis_url
from .checks import Rate
from .settings import SETTING_NAMES
from .settings import Settings
from .settings import derive_prefix

__all__ = [
    "SETTING_NAMES",
    "Rate",
    "Settings",
    "beside_host",
    "derive_prefix",
    "refuse_unknown_bind",
    "resolve_database_url",
    "resolve_redis_url",
]
