"""Some weeks of invented people on the example site."""

from __future__ import annotations

from .make import make_demo
from .story import tell_story

__all__ = ["make_demo", "tell_story"]
