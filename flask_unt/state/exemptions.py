"""The views whose pages carry no tag and are not recorded."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.routing import MapAdapter
from werkzeug.routing import RequestRedirect

BLUEPRINT = "unt"
DASHBOARD = "unt_dashboard"
# In the environment of a request: the dashboard lets it in, so its page is ours.
SHOWN = "flask_unt.dashboard.shown"


@dataclass(frozen=True, slots=True)
class Exempt:
    """The exempt views of one app, and what all paths to them begin with."""

    version: tuple[int, int]
    endpoints: frozenset[str]
    paths: tuple[str, ...]


class Exemptions:
    """Views and blueprints marked with ``@unt.exempt``; our own pages always are."""

    def __init__(self) -> None:
        self._marked: list[Any] = []
        self._known: WeakKeyDictionary[Flask, Exempt] = WeakKeyDictionary()

    def add(self, view_or_blueprint: Any) -> None:
        """Mark a view function, a view class or a blueprint."""
        self._marked.append(view_or_blueprint)

    def has_endpoint(self, app: Flask, endpoint: str | None) -> bool:
        """Whether the view behind ``endpoint`` is exempt."""
        if endpoint is None:
            return False

        if endpoint.startswith(f"{BLUEPRINT}."):
            return True

        return endpoint in self._exempt(app).endpoints

    def has_page(self, app: Flask, endpoint: str | None, environ: Any) -> bool:
        """Whether the page that answers a request is exempt.

        A closed dashboard answers with the site's own page for "not found".
        """
        if endpoint is not None and endpoint.startswith(f"{DASHBOARD}."):
            return bool(environ.get(SHOWN))

        return self.has_endpoint(app, endpoint)

    def cover(self, app: Flask, host: str, path: str, script_root: str = "") -> bool:
        """Whether the page at ``path`` of this site is shown by an exempt view."""
        path = unquote(path.partition("?")[0].partition("#")[0])

        if script_root and not path.startswith(f"{script_root}/"):
            return False

        path = path[len(script_root) :]

        # Matching costs much more.
        if "//" not in path and not f"{path}/".startswith(self._exempt(app).paths):
            return False

        environ = _environ(host, path, script_root)
        return self.has_endpoint(app, _endpoint_of(app, environ))

    def _exempt(self, app: Flask) -> Exempt:
        version = len(self._marked), len(app.view_functions)
        known = self._known.get(app)

        if known is None or known.version != version:
            endpoints = frozenset(
                endpoint
                for endpoint in app.view_functions
                if any(part in self._marked for part in _parts_of(app, endpoint))
            )
            known = self._known[app] = Exempt(
                version, endpoints, _paths(app, endpoints)
            )

        return known


def _paths(app: Flask, endpoints: Collection[str]) -> tuple[str, ...]:
    rules = (rule for rule in app.url_map.iter_rules() if rule.endpoint in endpoints)
    return tuple({rule.rule.partition("<")[0] for rule in rules})


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
