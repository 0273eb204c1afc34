"""How UNT is set up on this site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..errors import UNTError
from .finding import Finding
from .finding import bad
from .finding import ok
from .finding import warn
from .look import Look

DAY_MS = 86_400_000
SHORTEST_PREFIX = 6
SHORTEST_KEY = 16
GUESSABLE = re.compile(
    r"unt|track|analytic|stat|metric|collect|event|beacon|pixel|admin|insight",
    re.IGNORECASE,
)


def check_migrate(look: Look) -> Iterator[Finding]:
    """Flask-Migrate does not see our tables."""
    migrate = look.state.app.extensions.get("migrate")
    arguments = getattr(migrate, "configure_args", None)

    if arguments is None:
        return

    include = arguments.get("include_name")

    if include is not None and include is look.state.include_name:
        yield ok("migrate", "Flask-Migrate leaves the unt_ tables alone.")
    else:
        yield bad(
            "migrate",
            "Flask-Migrate sees the unt_ tables: its next migration would drop them.",
            "Give it include_name=flask_unt.include_name.",
        )


def check_proxy(look: Look) -> Iterator[Finding]:
    """The client's address is the client's."""
    at, _ = look.figures.notes.get("proxy", (0, ""))

    if look.now - at > DAY_MS or has_proxy_fix(look.state.app):
        return

    yield warn(
        "proxy",
        "Requests come through a proxy that the app was not told of, so limits count"
        " visitors and not addresses.",
        "Wrap app.wsgi_app in werkzeug's ProxyFix(app.wsgi_app, x_for=1, x_proto=1,"
        " x_host=1).",
    )


def has_proxy_fix(app: Any) -> bool:
    """Whether the app is wrapped in ProxyFix, as far as can be stepped through."""
    layer = app.wsgi_app

    for _ in range(50):
        if type(layer).__name__ == "ProxyFix":
            return True

        layer = getattr(layer, "app", None) or getattr(layer, "wsgi_app", None)

        if layer is None or layer is app:
            return False

    return False


def check_middleware(look: Look) -> Iterator[Finding]:
    """Nothing stands between the server and our door."""
    name = look.state.noticed.wrapped_inside

    if name is not None:
        yield warn(
            "middleware",
            f"The door stands outside of {name}, which was put around the app first.",
            "Call UNT(app) first, so that ProxyFix and the like work for it, too.",
        )


def check_prefix(look: Look) -> Iterator[Finding]:
    """Nobody guesses where everything is mounted."""
    prefix, app = look.settings.prefix, look.state.app

    if app.config.get("UNT_PREFIX") is None:
        yield ok("prefix", f"The prefix {prefix} is derived from SECRET_KEY.")
    elif len(prefix) < SHORTEST_PREFIX or GUESSABLE.search(prefix):
        yield warn(
            "prefix",
            f"The prefix {prefix} is easily guessed: blocking lists look for such"
            " paths.",
            "Leave UNT_PREFIX out, and it is derived from SECRET_KEY.",
        )
    else:
        yield ok("prefix", f"The prefix is {prefix}.")


def check_secret_key(look: Look) -> Iterator[Finding]:
    """The key is one, and old keys are known."""
    config = look.state.app.config
    key = config.get("SECRET_KEY") or look.settings.secret_key

    if not key:
        yield warn(
            "secret-key",
            "There is no SECRET_KEY, so nobody can be let into the dashboard.",
            'Set one: python -c "import secrets; print(secrets.token_hex())".',
        )
    elif len(key) < SHORTEST_KEY:
        yield warn(
            "secret-key",
            f"SECRET_KEY has only {len(key)} characters: who guesses it can sign in.",
            'Take another: python -c "import secrets; print(secrets.token_hex())".',
        )

    old = look.settings.old_prefixes

    if old:
        them = "prefix" if len(old) == 1 else "prefixes"
        yield ok(
            "secret-key-fallbacks",
            f"The {them} of {len(old)} older SECRET_KEY keep accepting events.",
        )


def check_server_name(look: Look) -> Iterator[Finding]:
    """The site is called what its visitors call it."""
    name = look.settings.server_name
    sender = look.figures.notes.get("refused-sender", (0, None))[1]

    if name and sender and name.split(":")[0] not in (sender, sender.split(":")[0]):
        yield warn(
            "server-name",
            f"SERVER_NAME is {name}, but pages of {sender} were refused.",
            "If both are this site, add the other one to UNT_HOSTS.",
        )


def check_identity(look: Look) -> Iterator[Finding]:
    """Who is signed in could be asked."""
    note = look.figures.notes.get("identity")

    if note is not None:
        yield warn(
            "identity",
            f"Who is signed in could not be asked {_ago(look.now - note[0])}, and the"
            f" view was kept without: {note[1].rstrip('.')}.",
            "Mend identify= or the site's user loader.",
        )


def check_timezone(look: Look) -> Iterator[Finding]:
    """The figures are those of the present time zone."""
    try:
        zone = look.state.store.zone_of_rollups()
    except UNTError:
        return

    if zone is not None and zone != look.settings.timezone:
        yield warn(
            "timezone",
            f"UNT_TIMEZONE is {look.settings.timezone}, but days and hours were added"
            f" up in {zone}.",
            "Run flask unt rebuild.",
        )


def check_columns(look: Look) -> Iterator[Finding]:
    """The site's own columns of users could be had."""
    note = look.figures.notes.get("user-columns")

    if note is not None and look.state.host.user_columns:
        yield warn(
            "user-columns",
            f"A column of a user could not be had {_ago(look.now - note[0])}:"
            f" {note[1].rstrip('.')}.",
            "Mend user_columns=; what was known before stays.",
        )


def check_dashboard(look: Look) -> Iterator[Finding]:
    """Who may look."""
    if look.state.host.can_view is not None:
        yield ok("dashboard", "can_view decides who may look.")
    elif look.settings.dashboard_password_hash:
        yield ok("dashboard", "A password opens the dashboard.")
    else:
        yield ok(
            "dashboard",
            "The dashboard is closed: flask unt login-link opens it for a browser.",
        )


def check_consent(look: Look) -> Iterator[Finding]:
    """What is kept in a browser, and when."""
    settings = look.settings
    asked = {
        "implied": "without asking (UNT_CONSENT is implied)",
        "required": "once consent is given",
        "anonymous": "once consent is given; views before that have no visitor",
    }[settings.consent]
    cookie = "localStorage and a cookie" if settings.cookie else "localStorage"
    yield ok("consent", f"An id is kept in {cookie}, {asked}.")

    if settings.cookie == "site":
        yield warn(
            "cookie",
            "The visitor's cookie goes with every request, so some caches pass over"
            " the site's pages.",
            'Set UNT_COOKIE to "prefix" unless the site asks for the current visitor.',
        )


def _ago(ms: int) -> str:
    minutes = ms // 60_000

    if minutes < 1:
        return "a moment ago"

    return f"{minutes} min ago" if minutes < 120 else f"{minutes // 60} h ago"
