"""The example site for benchmarks: with UNT, without it, and counting requests."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flask import Flask
from flask import Response

import example_app

LEAST = """<script>
  localStorage.least = sessionStorage.least = 1;
  setTimeout(() => fetch("/least", { method: "POST", body: "{}", keepalive: true }));
</script></body>"""


def with_tracker() -> Flask:
    """The example site. Each tracking request is a line in the file COUNTED names."""
    app = example_app.create_app()
    app.wsgi_app = Counter(app.wsgi_app)  # type: ignore[method-assign]

    return app


def without_tracker() -> Flask:
    example_app.UNT = lambda app: None  # type: ignore[assignment, misc]

    return example_app.create_app()


def with_least() -> Flask:
    """A page on which a script does only what any tracker that keeps views has to."""
    app = without_tracker()
    app.after_request(_add_least)

    return app


def _add_least(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.set_data(response.get_data(as_text=True).replace("</body>", LEAST))

    return response


class Counter:
    """WSGI: writes down whether a POST was a beacon, which cannot ask for CORS."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._counted = Path(os.environ["COUNTED"])

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            mode = environ.get("HTTP_SEC_FETCH_MODE")

            with self._counted.open("a") as counted:
                counted.write("beacon\n" if mode == "no-cors" else "post\n")

        return self._app(environ, start_response)
