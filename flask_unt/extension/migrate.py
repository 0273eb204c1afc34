"""Flask-Migrate, which must never see our tables: it would drop them."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask import appcontext_pushed

from ..state import State
from ..state import get_state
from ..store.migrate import compose


def watch_migrate(app: Flask, state: State) -> None:
    """Keep our tables out of Flask-Migrate's sight, whichever is set up first."""
    _guard(app)
    appcontext_pushed.connect(_guard, app)
    state.at_first_request(lambda: appcontext_pushed.disconnect(_guard, app))


def _guard(app: Flask, **_: Any) -> None:
    state = get_state(app)
    arguments = getattr(app.extensions.get("migrate"), "configure_args", None)

    if arguments is None:
        return

    if (
        state.include_name is None
        or arguments.get("include_name") != state.include_name
    ):
        state.include_name = compose(arguments.get("include_name"))
        arguments["include_name"] = state.include_name
