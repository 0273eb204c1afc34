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
        self._visitor = sole_visitor(batch.events)
        self._known = self._cookie.visitor
        made = last_made(batch.events)
        self._may = self._cookie.is_used and made is not None
        self._fresh = batch.fresh

        if self._differs and not batch.fresh and made is not None:
            since = fresh_at(request.state, str(self._known))
            self._may = since is None or made >= since

    @property
    def older(self) -> str | None:
        """The visitor that this browser was, if its id was lost meanwhile."""
        return self._known if self._differs and not self._fresh else None

    def headers(self) -> Headers:
        """What makes the cookie name the batch's visitor, if it does not."""
        if not self._may or self._visitor in (None, self._known):
            return ()

        return self._cookie.set(str(self._visitor))

    @property
    def _differs(self) -> bool:
        both = self._may and self._visitor is not None and self._known is not None
        return both and self._visitor != self._known
