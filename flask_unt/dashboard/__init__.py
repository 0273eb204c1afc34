"""The dashboard inside the site: users, their navigation logs, where everybody goes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint
from flask import Flask
from flask import current_app
from flask import request
from werkzeug.exceptions import BadRequest
from werkzeug.exceptions import Forbidden
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.exceptions import NotFound
from werkzeug.routing import RequestRedirect

from ..errors import StoreUnavailable
from ..state import State
from ..state import get_state
from . import access
from . import doors
from . import exports
from . import gone
from . import live
from . import me
from . import merging
from . import more
from . import pages
from . import people
from . import person
from . import search
from . import views
from .access import Guard
from .api import api
from .page import ours
from .page import refuse_unreadable
from .routes import CHANGE
from .routes import EVERY_METHOD
from .routes import READ
from .routes import Route
from .session import save_session
from .tries import Tries

ROUTES = (
    Route("", views.overview),
    Route("/", views.home),
    Route("/users", people.users),
    Route("/user/<int:id>", person.user),
    Route("/user/<int:id>/merge", merging.merge, methods=READ + CHANGE, manage=True),
    Route("/user/<int:id>/part", merging.part, methods=CHANGE, manage=True),
    Route("/user/<int:id>/claim", merging.claim, methods=CHANGE, manage=True),
    Route("/user/<int:id>/forget", gone.forget_user, READ + CHANGE, manage=True),
    Route("/user/<int:id>/export.json", gone.export_user, manage=True),
    Route("/visitor/<int:id>", person.visitor),
    Route("/visitor/<int:id>/forget", gone.forget_visitor, READ + CHANGE, manage=True),
    Route("/visitor/<int:id>/export.json", gone.export_visitor, manage=True),
    Route("/pages", pages.pages),
    Route("/page/<int:id>", pages.page_detail),
    Route("/search", search.search),
    Route("/live", live.live),
    Route("/more/<card>", more.more),
    Route("/status", views.status),
    Route("/api/live", live.live_figures),
    Route("/api/<report>", api),
    Route("/export/<report>.<any(csv, json):form>", exports.export),
    Route("/login/<token>", doors.login, entry=access.refuse_without_link),
    Route(
        "/sign-in",
        doors.sign_in,
        methods=READ + CHANGE,
        entry=access.refuse_without_form,
    ),
    Route("/sign-out", doors.sign_out, methods=CHANGE),
    Route("/static/<path:name>", doors.static_file, entry=access.refuse_unseen),
    Route("/<path:rest>", views.elsewhere),
)
# For a site whose own rules each name a host.
ANY_HOST = "<unt_host>"
STATIC = "unt_dashboard.static_file"
PATIENCE = 2.0
OF_2017 = Route("/user/<uuid:uuid>", person.visitor_by_uuid)


def register(app: Flask, state: State) -> None:
    """Mount the dashboard on the app; nobody may look until someone is let in."""
    blueprint = build_blueprint((*ROUTES, OF_2017))
    prefix = state.settings.dashboard_prefix

    host = ANY_HOST if app.url_map.host_matching else None

    for route in ROUTES:
        _add(blueprint, f"{prefix}/dashboard{route.rule}", route, host)

    _add(blueprint, state.settings.prefix + OF_2017.rule, OF_2017, host)
    app.extensions["unt_dashboard"] = Tries()
    app.register_blueprint(blueprint)
    state.exemptions.add(blueprint)
    me.register(app, state, host)

    @app.before_request
    def hide_redirects() -> None:
        """An old Werkzeug leads ``//`` to ``/``, which tells that we are here."""
        astray = isinstance(request.routing_exception, RequestRedirect)

        if astray and request.path.startswith(f"{prefix}/dashboard"):
            raise NotFound


def build_blueprint(routes: Iterable[Route]) -> Blueprint:
    """A blueprint whose every view is behind the guard and under our headers."""
    blueprint = Blueprint("unt_dashboard", __name__)

    def leave_to_us(endpoint: str | None, values: Any) -> None:
        """Tell the host's CSRF protection, which may come later than we do."""
        values.pop("unt_host", None)
        csrf: Any = current_app.extensions.get("csrf")

        if hasattr(csrf, "exempt"):
            csrf.exempt(blueprint)

    # Runs before the app's own before_request hooks.
    blueprint.url_value_preprocessor(leave_to_us)
    blueprint.url_defaults(_name_host)
    blueprint.before_request(Guard(routes))
    blueprint.before_request(refuse_unreadable)
    blueprint.before_request(_write_what_waits)
    blueprint.after_request(save_session)
    blueprint.after_request(ours)
    blueprint.register_error_handler(BadRequest, views.refused)
    blueprint.register_error_handler(Forbidden, views.refused)
    blueprint.register_error_handler(MethodNotAllowed, views.refused)
    blueprint.register_error_handler(StoreUnavailable, views.unavailable)
    return blueprint


def _write_what_waits() -> None:
    """Whoever looks sees what a busy process has only put into the inbox."""
    if request.endpoint != STATIC:
        get_state().store.catch_up(PATIENCE)


def _name_host(endpoint: str, values: dict[str, Any]) -> None:
    if current_app.url_map.host_matching:
        values.setdefault("unt_host", request.host)


def _add(blueprint: Blueprint, rule: str, route: Route, host: str | None) -> None:
    blueprint.add_url_rule(
        rule,
        endpoint=route.endpoint,
        view_func=route.view,
        methods=EVERY_METHOD,
        provide_automatic_options=False,
        strict_slashes=True,
        merge_slashes=False,
        host=host,
    )
