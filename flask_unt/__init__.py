"""Flask-UNT: see where the users of your Flask site go."""

from __future__ import annotations

from . import early as early
from .errors import ConfigError
from .errors import UNTError
from .extension import UNT
from .state import identified
from .state import visit_started
from .store.migrate import include_name

__all__ = [
    "UNT",
    "ConfigError",
    "UNTError",
    "identified",
    "include_name",
    "visit_started",
]
