"""What one app knows of its UNT: the settings, and the parts built from them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask import current_app

from ..config import Settings
from ..errors import UNTError
from ..store import Store
from ..store import StoreSettings
from ..stream import Stream
from .counts import Counts
from .exemptions import Exemptions
from .host import Host
from .keys import Keys
from .noticed import Failures
from .noticed import Noticed
from .noticed import Outages

Address = tuple[str, Mapping[str, Any] | None]
RedisAddress = tuple[str | None, Mapping[str, Any] | None]

logger = logging.getLogger("flask_unt")

SITE_ID_PAUSE = 30
LOOK_EVERY_MS = 30_000


class State:
    """The parts of one app's UNT, kept in ``app.extensions["unt"]``.

    ``store`` and ``stream`` are built when they are first asked for, so that
    whatever the site sets up after ``UNT(app)`` is found, and nothing is open
    when a server forks.
    """

    def __init__(
        self,
        app: Flask,
        settings: Settings,
        host: Host,
        exemptions: Exemptions,
        *,
        find_database: Callable[[], Address],
        find_redis: Callable[[], RedisAddress | None],
    ) -> None:
        self.app = app
        self.settings = settings
        self.host = host
        self.exemptions = exemptions
        self.keys = Keys(app, settings)
        self.counts = Counts(lambda: self.stream, lambda: self.store)
        self.noticed = Noticed()
        self.outages = Outages()
        self.failures = Failures()
        self.store_built: Callable[[Store], object] = lambda store: None
        self.include_name: Callable[..., bool] | None = None
        self._find_database = find_database
        self._find_redis = find_redis
        self._at_first_request: list[Callable[[], object]] = []
        self._lock = threading.RLock()
        self._store: Store | None = None
        self._stream: Stream | None = None
        self._stream_built = False
        self._site_id: str | None = None
        self._ask_site_id_at = 0.0
        self._look_at = 0
        self._says_late = False

    @property
    def store(self) -> Store:
        """The database of this app's views."""
        if self._store is None:
            with self._lock:
                self._store = self._store or self._build_store()

        return self._store

    @property
    def stream(self) -> Stream | None:
        """The Redis stream, or ``None`` for a site without Redis."""
        if not self._stream_built:
            with self._lock:
                self._stream = self._stream or self._build_stream()
                self._stream_built = True

        return self._stream

    def site_id(self) -> str | None:
        """The database's site id; ``None`` while the database cannot be asked."""
        if self._site_id is None and time.monotonic() >= self._ask_site_id_at:
            try:
                self._site_id = self.store.site_id()
            except UNTError:
                self._ask_site_id_at = time.monotonic() + SITE_ID_PAUSE

        return self._site_id

    def look_after_stream(self, now: int) -> None:
        """Say once in the log when what waits in the stream is not drained."""
        if self.stream is None or now < self._look_at:
            return

        self._look_at = now + LOOK_EVERY_MS
        troubles = self.stream.status(now).troubles()

        if troubles and not self._says_late:
            logger.warning("%s", troubles[0])

        self._says_late = bool(troubles)

    def settle(self, now: int) -> None:
        """Write what was put into the database's inbox, unless that must wait."""
        self._write_inbox(self.store.inbox.settle, now)

    @property
    def inbox_is_due(self) -> bool:
        """Whether :meth:`work_off_inbox` has something to do."""
        return self._store is not None and self._store.inbox.is_due

    def work_off_inbox(self, now: int) -> None:
        """Write some of what a busy process left in the inbox."""
        self._write_inbox(self.store.inbox.work_off, now)

    def at_first_request(self, call: Callable[[], object]) -> None:
        """Have ``call`` run once, when the app is set up and serves."""
        self._at_first_request.append(call)

    def begin_serving(self) -> None:
        """Run what waits for the first request; later calls do nothing."""
        with self._lock:
            while self._at_first_request:
                self._at_first_request.pop(0)()

    def is_exempt(self, host: str, path: str, script_root: str = "") -> bool:
        """Whether views of this page are not to be recorded."""
        return self.exemptions.cover(self.app, host, path, script_root)

    def _write_inbox(self, write: Callable[[int], None], now: int) -> None:
        try:
            write(now)
        except UNTError as error:
            self.outages.inbox.begin(error)
        except Exception as error:
            self.failures.note(error)
        else:
            self.outages.inbox.end()

    def _build_store(self) -> Store:
        url, engine_options = self._find_database()
        settings = self.settings
        store = Store(
            url,
            StoreSettings(
                timezone=settings.timezone,
                visit_timeout=settings.visit_timeout,
                bots=settings.bots,
                retention_days=settings.retention_days,
            ),
            engine_options=engine_options,
            mark_keys=self.keys.marks(),
        )
        self.store_built(store)

        return store

    def _build_stream(self) -> Stream | None:
        found = self._find_redis()

        if found is None:
            return None

        url, connection_kwargs = found
        return Stream(
            url,
            queue=self.settings.queue,
            max_backlog=self.settings.max_backlog,
            connection_kwargs=connection_kwargs,
        )


def get_state(app: Flask | None = None) -> State:
    """The :class:`State` of ``app``, or of the current app.

    :raises UNTError: UNT was not set up on that app.
    """
    extensions: Mapping[str, Any] = (app or current_app).extensions

    if "unt" not in extensions:
        raise UNTError("UNT is not set up on this app: call UNT(app) first.")

    state: State = extensions["unt"]
    return state
