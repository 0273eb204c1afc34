"""``UNT``: what a site makes of us, and may ask of us later."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any
from typing import TypeVar

from flask import Flask
from flask import has_request_context
from flask import request
from markupsafe import Markup

from .. import cli
from .. import dashboard
from ..config import Settings
from ..errors import ConfigError
from ..identity import named_identity
from ..ingest import middleware
from ..ingest.inject import Injector
from ..ingest.inject import place_script_tag
from ..ingest.track import current_visitor
from ..ingest.track import track
from ..state import Check
from ..state import Exemptions
from ..state import Host
from ..state import Reports
from ..state import State
from ..state import UserColumn
from ..state import connect_signals
from ..state import forget_email
from ..state import forget_visitor
from ..state import get_state
from ..state import make_token
from ..state import parse_who
from .arguments import check_arguments
from .migrate import watch_migrate
from .places import find_database
from .places import find_redis

T = TypeVar("T")


class UNT:
    """See where the users of a Flask site go.

    ``unt = UNT(app)``, or ``unt = UNT()`` and ``unt.init_app(app)`` in a factory;
    one ``UNT`` may serve several apps.

    :param db: a Flask-SQLAlchemy instance or a SQLAlchemy engine. Only its address
        and connection settings are taken.
    :param redis: a redis-py client. Only its address and settings are taken.
    :param identify: returns the signed-in user's email, or a mapping with ``email``
        and/or ``id`` and optional ``name``, or ``None``.
    :param can_view: whether the current request may see the dashboard.
    :param can_manage: whether the current request may change what is stored.
    :param is_team: whether the signed-in user is of the site's own team, which is kept
        out of all figures. Without it, a Flask-Login user with a true ``is_admin`` is.
    :param impersonator: returns who acts as the signed-in user, like ``identify``, or
        ``None``.
    :param user_columns: columns of your own for users: a name to a callable that is
        given a user's email and id, and returns one value.
    :param nonce: returns the nonce of the current page's content security policy.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        db: Any = None,
        redis: Any = None,
        identify: Check | None = None,
        can_view: Check | None = None,
        can_manage: Check | None = None,
        is_team: Check | None = None,
        impersonator: Check | None = None,
        user_columns: Mapping[str, UserColumn] | None = None,
        nonce: Check | None = None,
    ) -> None:
        self._db = db
        self._redis = redis
        self._host = Host(
            identify=identify,
            can_view=can_view,
            can_manage=can_manage,
            is_team=is_team,
            impersonator=impersonator,
            user_columns={} if user_columns is None else user_columns,
            nonce=nonce,
        )
        check_arguments(db, redis, self._host)
        self._exemptions = Exemptions()
        self.reports = Reports()

        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Set up ``app``.

        :raises ConfigError: a setting is wrong, or ``app`` already has a UNT.
        """
        if "unt" in app.extensions:
            raise ConfigError(
                "UNT is already set up on this app: call UNT(app) or unt.init_app(app)"
                " once."
            )

        settings = Settings.from_config(app.config, os.environ, app.instance_path)
        state = State(
            app,
            settings,
            self._host,
            self._exemptions,
            find_database=lambda: find_database(app, self._db),
            find_redis=lambda: find_redis(app, settings, self._redis),
        )
        state.store_built = lambda store: connect_signals(state, store)
        app.extensions["unt"] = state
        injector = Injector(state) if settings.inject else None
        middleware.install(state, injector.restore_host_etag if injector else None)
        dashboard.register(app, state)
        cli.register(app)
        watch_migrate(app, state)
        app.jinja_env.globals["unt_script"] = unt_script

    def exempt(self, view: T) -> T:
        """Leave a view or a blueprint alone: no tag, and its pages are not recorded."""
        self._exemptions.add(view)
        return view

    def track(
        self,
        name: str,
        props: Mapping[str, Any] | None = None,
        user: str | Mapping[str, Any] | None = None,
    ) -> None:
        """Store a custom event from the server; see docs/people.md for whose it is.

        In a request it is kept until the view has ended and your database session is
        released, then accepted like any event. Elsewhere, in an app context, it is
        accepted at once. What neither Redis nor the database takes is lost and logged.

        :param props: names to single values: text, numbers, true, false, None.
        :param user: an email, or a mapping with ``email`` and/or ``id``; without it,
            who is signed in.
        :raises TypeError, ValueError: the event cannot be stored like this.
        """
        environ = request.environ if has_request_context() else None
        who = None if user is None else named_identity(user)
        track(get_state(), environ, name, props, who)

    def current_visitor(self) -> str | None:
        """The visitor whose cookie came with this request; None where there is none.

        With ``UNT_COOKIE="site"`` only: else your views do not see the cookie.
        """
        if not has_request_context():
            return None

        return current_visitor(get_state(), request.environ)

    def identity_token(
        self, email: str | None, id: Any = None, *, expires: float = 3600
    ) -> str:
        """A signed token for ``UNT.identify(token)``, for pages without your session.

        Whoever has it is this user for so many seconds: give it to them alone.

        :raises TypeError, ValueError: neither an email nor an id is given.
        :raises UNTError: the app has no ``SECRET_KEY``.
        """
        user = named_identity({"email": email, "id": id})
        until = time.time_ns() // 1_000_000 + int(expires * 1000)
        return make_token(get_state(), user, until)

    def forget(self, who: str) -> bool:
        """Erase a person, by email or a visitor's uuid; False if nobody is known so.

        In an app context. See docs/privacy.md for what goes on shared browsers, and of
        what waits to be written.

        :raises UNTError: ``who`` is neither, or the database takes no writes now.
        """
        state, now = get_state(), time.time_ns() // 1_000_000
        visitor, email = parse_who(who)

        if visitor is None:
            return forget_email(state, email, now) is not None

        forget_visitor(state, visitor, now)
        return True

    def export(self, who: str) -> dict[str, Any] | None:
        """All and only a person's rows, by table; None if nobody is known so.

        In an app context. Times are texts in UTC, keys are hexadecimal.

        :raises UNTError: ``who`` is neither, or the database cannot be asked now.
        """
        store = get_state().store
        visitor, email = parse_who(who)
        return store.export_visitor(visitor) if visitor else store.export_email(email)


def unt_script() -> Markup:
    """The script tag, for ``{{ unt_script() }}`` in a template."""
    return place_script_tag(get_state())
