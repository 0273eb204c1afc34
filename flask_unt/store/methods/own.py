"""What a store answers the people themselves."""

from __future__ import annotations

from typing import Any

from flask_unt.events import Identity

from .. import reports
from .opened import Opened


class Own(Opened):
    """The part of a store that answers the people themselves."""

    def own_data(
        self,
        identity: Identity | None,
        visitor: str | None,
        *,
        before: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> reports.OwnData | None:
        """What is known of this account and browser: see :func:`reports.own_data`.

        :raises ValueError: ``before`` or ``after`` is not a place in the log.
        :raises StoreUnavailable: the database cannot be asked now.
        """
        with self._reading() as connection:
            return reports.own_data(
                connection, identity, visitor, before=before, after=after, limit=limit
            )

    def export_own(
        self, identity: Identity | None, visitor: str | None
    ) -> dict[str, Any] | None:
        """The same as rows: see :func:`reports.export_own`.

        :raises StoreUnavailable: the database cannot be asked now.
        """
        with self._reading() as connection:
            return reports.export_own(connection, identity, visitor)
