"""What all parts of a stream share: how it reaches Redis, and its keys' names."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from typing import Any

import redis

from ..errors import StreamUnavailable
from .address import address_of
from .address import new_client
from .link import UNLIMITED
from .link import Attempt
from .link import Link
from .link import as_unavailable


class Reach:
    """A lazy, fork-safe way to the keys of one queue."""

    def __init__(
        self,
        url: str | None,
        *,
        queue: str,
        max_backlog: int,
        connection_kwargs: Mapping[str, Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.queue = queue
        self.max_backlog = max_backlog
        self.key = self._name("stream")
        self._settings = address_of(url, connection_kwargs)
        self._clock = clock
        self._own_link: Link | None = None

    def connection(self) -> redis.Redis:
        """Return a new client for RQ, without the limits of the web process."""
        return new_client(self._settings, UNLIMITED)

    @property
    def trouble(self) -> str | None:
        """Why entries are not taken at the moment, as far as this process knows."""
        return self._link.refusal or self._link.trouble

    @property
    def _link(self) -> Link:
        link = self._own_link

        if link is None or link.pid != os.getpid():
            link = self._own_link = Link(self._settings)

        return link

    def _quick(self) -> Attempt:
        return Attempt(self._link, self._clock)

    @contextmanager
    def _patient(self) -> Iterator[Any]:
        with as_unavailable():
            yield self._link.patient

    def _check(self, link: Link) -> None:
        link.check_memory(self.key, self._clock())

        if link.refusal:
            raise StreamUnavailable(link.refusal)

    def _name(self, part: str) -> str:
        return f"{{{self.queue}}}:{part}"
