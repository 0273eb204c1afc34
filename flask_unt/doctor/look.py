"""What checks look at, each thing asked for once and only if a check wants it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

from ..errors import SchemaOutdated
from ..errors import UNTError
from ..state import Figures
from ..state import State
from ..store import DatabaseFacts
from ..store import StoreStatus
from ..store import Waiting
from ..stream import RedisServer
from ..stream import StreamStatus

T = TypeVar("T")


class Look:
    """One look at an app's UNT. What cannot be asked is None; nothing raises.

    :param pages: the pages that :mod:`.pages` asks the app for.
    """

    def __init__(self, state: State, now: int, pages: tuple[str, ...] = ("/",)) -> None:
        self.state = state
        self.settings = state.settings
        self.now = now
        self.pages = pages

    @cached_property
    def database_error(self) -> UNTError | None:
        """Why the database cannot be used, if it cannot."""
        try:
            self.state.store.prepare()
        except UNTError as error:
            return error

        return None

    @cached_property
    def stored(self) -> StoreStatus | None:
        """What is set up and stored, of an older release, too."""
        return self._try(self.state.store.status)

    @cached_property
    def revision(self) -> str | None:
        """That of the tables; None where there are none, or it cannot be asked."""
        return self._try(self.state.store.revision)

    @property
    def is_newer_release(self) -> bool:
        """Whether the tables are those of a release after this one."""
        if self.revision is None or isinstance(self.database_error, SchemaOutdated):
            return False

        return self.revision != self.state.store.head

    @cached_property
    def takes_writes(self) -> bool:
        """Whether the database does."""
        return self.database_error is None and self.state.store.canary()

    @cached_property
    def database(self) -> DatabaseFacts | None:
        """What the database says of itself."""
        return self._try(self.state.store.facts)

    @cached_property
    def set_aside(self) -> dict[str, int]:
        """How many events are set aside for each reason."""
        return self._try(self.state.store.set_aside_reasons) or {}

    @cached_property
    def inbox(self) -> Waiting | None:
        """What waits in the database although it was just to be written."""
        self.state.store.catch_up()
        return self._try(self.state.store.inbox.waiting)

    @cached_property
    def stream(self) -> StreamStatus | None:
        """What waits; None without Redis."""
        stream = self.state.stream
        return None if stream is None else stream.status(self.now)

    @cached_property
    def is_foreign_queue(self) -> bool:
        """Whether the queue in Redis is another site's."""
        stream, site = self.state.stream, self.state.site_id()

        if stream is None or site is None:
            return False

        return self._try(lambda: stream.claim_site(site)) is False

    @cached_property
    def redis(self) -> RedisServer | None:
        """What Redis says of itself; None without it."""
        stream = self.state.stream
        return None if stream is None else self._try(stream.server)

    @cached_property
    def figures(self) -> Figures:
        """What all processes counted."""
        return self.state.counts.read()

    def _try(self, ask: Callable[[], T]) -> T | None:
        try:
            return ask()
        except UNTError:
            return None
