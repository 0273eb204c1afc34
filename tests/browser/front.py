"""A site of any pages with UNT on it, and a front door that can be told to fail.

Where the site has members, ``/as/NAME`` signs NAME in, as NAME@site.example, and
``/as/`` signs out.

The front stands before the whole real app. It writes down each request, and answers
a tracking request as the file ``fault.json`` in the site's folder says, if there is
one; otherwise, and for all pages, the real app answers.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flask import Flask
from flask import Response
from flask import redirect
from flask import request
from flask import session

from flask_unt import UNT

PREFIX = "/k3x9"


def create_site(folder: Path) -> Flask:
    """The app that ``site.json`` in the folder describes."""
    wanted = json.loads((folder / "site.json").read_text())
    app = Flask("site", instance_path=str(folder))
    app.config.update(SECRET_KEY="browser", UNT_PREFIX=PREFIX, **wanted["config"])
    UNT(app, identify=_member if wanted["members"] else None)
    app.add_url_rule("/", "page", _page(wanted["pages"], wanted["headers"]))
    app.add_url_rule("/<path:path>", "page")
    app.wsgi_app = Front(app.wsgi_app, folder)  # type: ignore[method-assign]

    return app


def _page(pages: dict[str, str], headers: dict[str, str]) -> Callable[..., Any]:
    def page(path: str = "") -> Any:
        if path == "library.js":
            return Response("/* nothing */", mimetype="text/javascript")

        if path.startswith("redirect/"):
            return redirect("/" + path.removeprefix("redirect/"))

        if path.startswith("as/"):
            session["member"] = path.removeprefix("as/")

        body = pages.get("/" + path, pages.get("*", "<p>A page.</p>"))
        title = path.strip("/").capitalize() or "Home"
        nonce = request.args.get("nonce", "")
        html = body if "<html" in body else _document(title, body)

        return Response(
            html.replace("{nonce}", nonce),
            headers={n: v.replace("{nonce}", nonce) for n, v in headers.items()},
            mimetype="text/html",
        )

    return page


def _member() -> str | None:
    name = session.get("member")

    return f"{name}@site.example" if name else None


def _document(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><title>{title}</title>'
        '<link rel="icon" href="data:,"></head>'
        f"<body>{body}</body></html>"
    )


class Front:
    """WSGI: writes requests down, and fails as it is told to."""

    def __init__(self, app: Any, folder: Path) -> None:
        self._app = app
        self._log = folder / "requests.jsonl"
        self._fault = folder / "fault.json"

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "GET":
            self._write_down(environ, b"", None)

            return self._app(environ, start_response)

        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        environ["wsgi.input"] = io.BytesIO(body)
        fault = self._find_fault(body)
        self._write_down(environ, body, fault)

        if fault is None:
            return self._app(environ, start_response)

        if fault.get("passes"):
            return self._pass(fault, environ, start_response)

        self._wait(fault)
        headers = list(fault.get("headers", {}).items())
        start_response(f"{fault['status']} Fault", headers)

        return [fault.get("body", "").encode()]

    def _pass(
        self, fault: dict[str, Any], environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        """Let the app take the request in; its answer comes late, or not at all."""
        lost = fault["status"] >= 500
        begin = (lambda status, headers: None) if lost else start_response
        answer = list(self._app(environ, begin))
        self._wait(fault)

        if lost:
            start_response("502 Lost", [])

        return [] if lost else answer

    def _wait(self, fault: dict[str, Any]) -> None:
        time.sleep(fault.get("wait", 0))

        while fault.get("hold") and self._read_fault() == fault:
            time.sleep(0.02)

    def _find_fault(self, body: bytes) -> dict[str, Any] | None:
        fault = self._read_fault()

        return fault if fault and fault.get("only", "").encode() in body else None

    def _read_fault(self) -> dict[str, Any] | None:
        # Read at once: it may be taken away at any moment.
        try:
            fault: dict[str, Any] = json.loads(self._fault.read_text())
        except FileNotFoundError:
            return None

        return fault

    def _write_down(
        self, environ: dict[str, Any], body: bytes, fault: dict[str, Any] | None
    ) -> None:
        line = {
            "at": time.time(),
            "method": environ["REQUEST_METHOD"],
            "path": environ["PATH_INFO"].removeprefix(PREFIX),
            "type": environ.get("CONTENT_TYPE", ""),
            "cookie": environ.get("HTTP_COOKIE", ""),
            "body": body.decode(),
            "fault": fault and fault["status"],
        }

        with self._log.open("a") as log:
            log.write(json.dumps(line) + "\n")
