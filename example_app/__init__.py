"""The example site: a small observatory that wants to know where its visitors go.

Run it with ``flask --app example_app run`` or ``python -m example_app``. DATABASE_URL,
REDIS_URL, SECRET_KEY and PORT are read from the environment; none is needed.
"""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask
from flask import render_template

from flask_unt import UNT

from . import accounts
from . import pages
from .secret import kept_secret


def create_app() -> Flask:
    app = Flask(__name__)
    app.config["SECRET_KEY"] = os.environ.get("SECRET_KEY") or kept_secret(
        Path(app.instance_path)
    )
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"

    accounts.init_app(app)
    app.register_blueprint(accounts.blueprint)
    app.register_blueprint(pages.blueprint)
    app.register_error_handler(404, not_found)

    UNT(app)

    return app


def not_found(error: Exception) -> tuple[str, int]:
    return render_template("not_found.html"), 404
