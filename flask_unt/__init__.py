"""Flask-UNT: see where the users of your Flask site go."""

from __future__ import annotations

from . import early as early
from .errors import ConfigError
from .errors import UNTError
from .extension import UNT
from .store.migrate import include_name

__all__ = ["UNT", "ConfigError", "UNTError", "include_name"]
