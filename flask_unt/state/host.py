"""What the site told ``UNT()`` of itself: whom to ask, and what else to know."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

Check = Callable[[], Any]
UserColumn = Callable[[str | None, str | None], Any]


@dataclass(frozen=True, slots=True)
class Host:
    """The callables of one ``UNT()``; they mean what its arguments mean."""

    identify: Check | None = None
    can_view: Check | None = None
    can_manage: Check | None = None
    is_team: Check | None = None
    impersonator: Check | None = None
    user_columns: Mapping[str, UserColumn] = field(default_factory=dict)
    nonce: Check | None = None
