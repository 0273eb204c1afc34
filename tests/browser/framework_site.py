"""A site whose pages htmx, Turbo and React Router drive, with UNT on it.

``/htmx2/one``, ``/htmx4/one``, ``/turbo/one`` and below, each page titled after its
name; ``slow`` takes a second, ``moved`` redirects to ``two``, a POST to ``three``.
All of ``/react`` is one page, whose script does the rest.
"""

from __future__ import annotations

import time
from pathlib import Path

from flask import Flask
from flask import redirect
from flask import render_template
from flask import request
from flask.typing import ResponseReturnValue
from front import PREFIX
from front import Front

from flask_unt import UNT

PAGES = Path(__file__).parent / "framework_pages"


def create_site(folder: Path) -> Flask:
    """The app, with the libraries in ``folder / "libraries"``."""
    app = Flask(
        "site",
        instance_path=str(folder),
        static_folder=folder / "libraries",
        static_url_path="/static",
        template_folder=PAGES,
    )
    app.config.update(SECRET_KEY="frameworks", UNT_PREFIX=PREFIX)
    UNT(app)
    app.add_url_rule("/react/", view_func=react)
    app.add_url_rule("/react/<path:path>", view_func=react)
    app.add_url_rule("/<framework>/<name>", view_func=page, methods=["GET", "POST"])
    app.wsgi_app = Front(app.wsgi_app, folder)  # type: ignore[method-assign]

    return app


def page(framework: str, name: str) -> ResponseReturnValue:
    if request.method == "POST":
        return redirect("three", code=303)

    if name == "moved":
        return redirect("two")

    if name == "slow":
        time.sleep(1)

    template = f"{framework.rstrip('0123456789')}.html"

    return render_template(template, framework=framework, name=name)


def react(path: str = "") -> str:
    return render_template("react.html")
