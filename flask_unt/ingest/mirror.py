"""What a batch and the cookie that came with it say of each other."""

from __future__ import annotations

from ..events import Batch
from ..events import last_made
from ..events import sole_visitor
from .accept import fresh_at
from .answers import Headers
from .requests import Request


class Mirror:
    """The cookie's and the batch's visitor, where the two may be compared."""

    def __init__(self, request: Request, batch: Batch) -> None:
        self._cookie = request.cookie
        self._fresh = batch.fresh
        self._visitor = sole_visitor(batch.events)
        self._known = self._cookie.visitor
        self._may = self._may_compare(request, batch)

    @property
    def older(self) -> str | None:
        """The visitor that this browser was, if its id was lost meanwhile."""
        is_older = self._may and self._visitor is not None and not self._fresh
        return self._known if is_older else None

    def headers(self) -> Headers:
        """What makes the cookie name the batch's visitor, if it does not."""
        if not self._may or self._visitor is None:
            return ()

        return self._cookie.set(self._visitor)

    def _may_compare(self, request: Request, batch: Batch) -> bool:
        """Whether they name two visitors, and none that came later is overruled."""
        if not self._cookie.is_used or self._visitor == self._known:
            return False

        made = last_made(batch.events)

        if made is None or self._visitor is None or self._known is None:
            return made is not None

        since = None if batch.fresh else fresh_at(request.state, self._known)
        return since is None or made >= since
