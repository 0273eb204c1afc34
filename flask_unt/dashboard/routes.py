"""What a dashboard address is, and what it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Response

from ..state import State

# Every rule takes every method, so that the guard is asked before "not allowed" is
# answered: a closed dashboard says 404 to all of them.
EVERY_METHOD = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
READ = ("GET", "HEAD")
CHANGE = ("POST",)


@dataclass(frozen=True, slots=True)
class Route:
    """An address below the dashboard's, its view, and who may use it how.

    ``entry`` answers those who may not come in, in place of the usual check;
    ``manage``: only for those who may change what is stored.
    """

    rule: str
    view: Callable[..., Any]
    methods: tuple[str, ...] = READ
    entry: Callable[[State], Response | None] | None = None
    manage: bool = False

    @property
    def endpoint(self) -> str:
        return self.view.__name__
