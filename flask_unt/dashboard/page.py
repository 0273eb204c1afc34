"""Answers of the dashboard: pages, figures and files under headers of our own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from functools import cache
from typing import Any
from typing import cast

from flask import Response
from flask import request
from flask import url_for
from jinja2 import Environment
from jinja2 import PackageLoader
from jinja2 import StrictUndefined
from werkzeug.datastructures import Headers
from werkzeug.exceptions import BadRequest

from ..state import SHOWN
from . import assets
from . import charts
from . import clock
from . import format
from .session import csrf_token
from .session import current_session

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
UNWANTED = (
    "Content-Security-Policy-Report-Only",
    "X-Content-Security-Policy",
    "X-Webkit-CSP",
    "Report-To",
    "Reporting-Endpoints",
)


class DashboardResponse(Response):
    """Its headers are set when it is sent, after whatever the host's hooks set."""

    def get_wsgi_headers(self, environ: Any) -> Headers:
        headers = super().get_wsgi_headers(environ)
        lasting = headers.get("Cache-Control") == assets.LASTING
        headers.update(HEADERS)
        headers["Cache-Control"] = assets.LASTING if lasting else "no-store"

        for name in UNWANTED:
            headers.remove(name)

        return headers


def refuse_unreadable() -> None:
    """Werkzeug would fail at a query that is no text."""
    try:
        request.query_string.decode()
    except UnicodeDecodeError:
        raise BadRequest("This address cannot be read.") from None


def ours(response: Response) -> Response:
    """Put an answer under our headers, unless the guard had refused it."""
    if request.environ.get(SHOWN):
        return cast(Response, DashboardResponse.force_type(response))

    return response


def page(name: str, status: int = 200, **values: Any) -> Response:
    """Render a template of ours: not with the host's Jinja, whose settings vary."""
    template = _environment().get_template(f"unt/{name}")
    html = template.render(viewer=current_session(), **values)
    return Response(html, status, mimetype="text/html")


def part(name: str, **values: Any) -> str:
    """A partial template as text, for a page that changes while it is looked at."""
    return _environment().get_template(f"unt/{name}").render(**values)


def figures(report: Any, status: int = 200) -> Response:
    """A report as JSON: days as ISO dates, moments as ms since 1970."""
    data = report if isinstance(report, Mapping) else asdict(report)
    text = json.dumps(data, default=_jsonable, ensure_ascii=False)
    return Response(text, status, mimetype="application/json")


def _jsonable(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()

    raise TypeError(f"{type(value).__name__} is not JSON.")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("flask_unt"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["country_name"] = format.country
    environment.globals.update(
        asset=assets.url_of,
        charts=charts,
        csrf_token=csrf_token,
        request=request,
        offset_label=clock.offset_label,
        show=format,
        url_for=url_for,
    )
    return environment
