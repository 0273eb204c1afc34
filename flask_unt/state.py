"""What one app knows of its UNT: the settings, and the parts built from them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from flask import Flask
from flask import current_app
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.routing import MapAdapter
from werkzeug.routing import RequestRedirect

from .config import Settings
from .errors import ConfigError
from .errors import UNTError
from .store import Store
from .store import StoreSettings
from .stream import Stream

Check = Callable[[], Any]
Address = tuple[str, Mapping[str, Any] | None]
RedisAddress = tuple[str | None, Mapping[str, Any] | None]

BLUEPRINT = "unt"


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
        nonce: Check | None = None,
        exemptions: Exemptions | None = None,
    ) -> None:
        self.app = app
        self.settings = settings
        self.identify = identify
        self.can_view = can_view
        self.can_manage = can_manage
        self.nonce = nonce
        self.exemptions = exemptions or Exemptions()
        self.identity_error: str | None = None
        self.refused: Counter[str] = Counter()
        self._find_database = find_database
        self._find_redis = find_redis
        self._at_first_request: list[Callable[[], object]] = []
        self._lock = threading.RLock()
        self._store: Store | None = None
        self._stream: Stream | None = None
        self._stream_built = False
        self._spare_key = secrets.token_bytes(32)

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

    def _secret_key(self) -> str | bytes | None:
        return self.app.config.get("SECRET_KEY") or self.settings.secret_key

    def _build_store(self) -> Store:
        url, engine_options = self._find_database()
        settings = self.settings
        return Store(
            url,
            StoreSettings(
                timezone=settings.timezone,
                visit_timeout=settings.visit_timeout,
                bots=settings.bots,
            ),
            engine_options=engine_options,
        )

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


class Exemptions:
    """Views and blueprints marked with ``@unt.exempt``; our own pages always are."""

    def __init__(self) -> None:
        self._marked: list[Any] = []

    def add(self, view_or_blueprint: Any) -> None:
        """Mark a view function, a view class or a blueprint."""
        self._marked.append(view_or_blueprint)

    def has_endpoint(self, app: Flask, endpoint: str | None) -> bool:
        """Whether the view behind ``endpoint`` is exempt."""
        if endpoint is None:
            return False

        if endpoint.startswith(f"{BLUEPRINT}."):
            return True

        return bool(self._marked) and any(
            part in self._marked for part in _parts_of(app, endpoint)
        )

    def cover(self, app: Flask, host: str, path: str, script_root: str = "") -> bool:
        """Whether the page at ``path`` of this site is shown by an exempt view."""
        path = unquote(path.partition("?")[0].partition("#")[0])

        if script_root and not path.startswith(f"{script_root}/"):
            return False

        environ = _environ(host, path[len(script_root) :], script_root)
        return self.has_endpoint(app, _endpoint_of(app, environ))


def _parts_of(app: Flask, endpoint: str) -> Iterator[Any]:
    """The view function, what it wraps, its class, and the blueprints it is in."""
    view: Any = app.view_functions.get(endpoint)

    while view is not None:
        yield view
        yield getattr(view, "view_class", None)
        view = getattr(view, "__wrapped__", None)

    while "." in endpoint:
        endpoint = endpoint.rpartition(".")[0]
        yield app.blueprints.get(endpoint)


def _environ(host: str, path: str, script_root: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": script_root.encode().decode("latin-1"),
        "PATH_INFO": path.encode(errors="replace").decode("latin-1"),
        "QUERY_STRING": "",
        "HTTP_HOST": host,
        "SERVER_NAME": host,
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
    }


def _endpoint_of(app: Flask, environ: dict[str, Any]) -> str | None:
    try:
        adapter = app.create_url_adapter(app.request_class(environ))
    except (HTTPException, ValueError):
        return None

    return _match(adapter) if adapter is not None else None


def _match(adapter: MapAdapter, path: str | None = None) -> str | None:
    try:
        return str(adapter.match(path, method="GET")[0])
    except RequestRedirect:
        return None if path else _match(adapter, adapter.path_info.rstrip("/") + "/")
    except MethodNotAllowed as error:
        method = next(iter(error.valid_methods or ["POST"]))
    except HTTPException:
        return None

    try:
        return str(adapter.match(path, method=method)[0])
    except HTTPException:
        return None


def _derive(key: str | bytes, purpose: str) -> bytes:
    if isinstance(key, str):
        key = key.encode()

    return hmac.digest(key, b"flask-unt " + purpose.encode(), hashlib.sha256)
