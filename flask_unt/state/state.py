"""What one app knows of its UNT: the settings, and the parts built from them."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import threading
import time
import traceback
from collections.abc import Callable
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from flask import Flask
from flask import current_app

from ..config import Settings
from ..errors import ConfigError
from ..errors import StreamUnavailable
from ..errors import UNTError
from ..events import forgotten_hash
from ..outage import Outage
from ..outage import describe
from ..store import Forgotten
from ..store import Store
from ..store import StoreSettings
from ..stream import Stream
from .counts import Counts
from .exemptions import Exemptions

Check = Callable[[], Any]
UserColumn = Callable[[str | None, str | None], Any]
Address = tuple[str, Mapping[str, Any] | None]
RedisAddress = tuple[str | None, Mapping[str, Any] | None]

logger = logging.getLogger("flask_unt")

FAILURES_KEPT = 20
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
        *,
        find_database: Callable[[], Address],
        find_redis: Callable[[], RedisAddress | None],
        identify: Check | None = None,
        can_view: Check | None = None,
        can_manage: Check | None = None,
        is_team: Check | None = None,
        impersonator: Check | None = None,
        user_columns: Mapping[str, UserColumn] | None = None,
        nonce: Check | None = None,
        exemptions: Exemptions | None = None,
    ) -> None:
        self.app = app
        self.settings = settings
        self.identify = identify
        self.can_view = can_view
        self.can_manage = can_manage
        self.is_team = is_team
        self.impersonator = impersonator
        self.user_columns = dict(user_columns or {})
        self.failing_columns: set[str] = set()
        self.store_built: Callable[[Store], object] = lambda store: None
        self.nonce = nonce
        self.exemptions = exemptions or Exemptions()
        self.identity_error: str | None = None
        self.identity_fails = False
        self.include_name: Callable[..., bool] | None = None
        self.behind_proxy = False
        self.wrapped_inside: str | None = None
        self.untagged: dict[str, str] = {}
        self.counts = Counts(lambda: self.stream, lambda: self.store)
        self.redis_outage = Outage(
            "Redis takes no events now", "Redis takes events again."
        )
        self.database_outage = Outage(
            "The database takes no events now", "The database takes events again."
        )
        self.inbox_outage = Outage(
            "What is accepted waits in the database and cannot be written",
            "What waited in the database is written again.",
        )
        self._find_database = find_database
        self._find_redis = find_redis
        self._at_first_request: list[Callable[[], object]] = []
        self._lock = threading.RLock()
        self._store: Store | None = None
        self._stream: Stream | None = None
        self._stream_built = False
        self._spare_key = secrets.token_bytes(32)
        self._failures: set[tuple[str, str, int | None]] = set()
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

    def secret(self, purpose: str) -> bytes:
        """A key for one purpose, derived from the app's ``SECRET_KEY``.

        :raises ConfigError: the app has no ``SECRET_KEY``.
        """
        key = self._secret_key()

        if not key:
            raise ConfigError("Set SECRET_KEY: UNT signs with a key derived from it.")

        return _derive(key, purpose)

    def secret_or_random(self, purpose: str) -> bytes:
        """Like :meth:`secret`; without ``SECRET_KEY``, a key of this process only."""
        return _derive(self._secret_key() or self._spare_key, purpose)

    def mark_keys(self) -> tuple[bytes, ...]:
        """What marks of who is signed in are made with; after the first, were.

        None without ``SECRET_KEY``: no other process could read them.
        """
        return self.keys("mark")

    def keys(self, purpose: str) -> tuple[bytes, ...]:
        """Keys for one purpose: the present one, then those of older secrets.

        None without ``SECRET_KEY``.
        """
        old = self.app.config.get("SECRET_KEY_FALLBACKS") or ()
        return tuple(_derive(key, purpose) for key in (self._secret_key(), *old) if key)

    def forget(self, visitor: str, now: int) -> None:
        """Erase a visitor for good, and have the door refuse what still comes.

        :raises StoreUnavailable: nothing was erased.
        """
        self.store.forget_visitor(visitor, now)

        # Without Redis now, the worker tells it, or the database drops what comes.
        if self.stream is not None:
            with suppress(StreamUnavailable):
                self.stream.forget([forgotten_hash(visitor)])

    def forget_email(self, email: str, now: int) -> Forgotten | None:
        """Erase everybody of this address for good; None if nobody is known by it.

        :raises StoreUnavailable: nothing was erased.
        """
        return self._tell(self.store.forget_email(email, now))

    def forget_user(self, id: int, now: int) -> Forgotten | None:
        """The same of one user, and of all who are merged with them.

        :raises StoreUnavailable: nothing was erased.
        """
        return self._tell(self.store.forget_user(id, now))

    def note_failure(self, error: Exception) -> None:
        """Log an error nobody expected: one line, once for each place it comes from."""
        frame = traceback.extract_tb(error.__traceback__)[-1:]
        file, line = (frame[0].filename, frame[0].lineno) if frame else ("", None)
        place = (type(error).__name__, file, line)

        if place in self._failures or len(self._failures) >= FAILURES_KEPT:
            return

        self._failures.add(place)
        logger.error(
            "A request failed in Flask-UNT: %s (%s:%s)", describe(error), file, line
        )

    def _tell(self, forgotten: Forgotten | None) -> Forgotten | None:
        if forgotten is not None and self.stream is not None:
            with suppress(StreamUnavailable):
                self.stream.forget(map(forgotten_hash, forgotten.visitors))

        return forgotten

    def _write_inbox(self, write: Callable[[int], None], now: int) -> None:
        try:
            write(now)
        except UNTError as error:
            self.inbox_outage.begin(error)
        except Exception as error:
            self.note_failure(error)
        else:
            self.inbox_outage.end()

    def _secret_key(self) -> str | bytes | None:
        return self.app.config.get("SECRET_KEY") or self.settings.secret_key

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
            mark_keys=self.mark_keys(),
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


def _derive(key: str | bytes, purpose: str) -> bytes:
    if isinstance(key, str):
        key = key.encode()

    return hmac.digest(key, b"flask-unt " + purpose.encode(), hashlib.sha256)
