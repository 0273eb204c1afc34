"""Columns that the site itself has for its users, kept beside ours with their age."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..dialect import update_rows
from ..schema import user
from .opened import Opened

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class DueUser:
    """A signed-in user whose columns are to be asked for, and what they are now."""

    id: int
    email: str | None
    host_id: str | None
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class HostColumns:
    """Single values by name, and when the site was asked, in ms since 1970."""

    values: Mapping[str, Any]
    at: int


class HostColumned(Opened):
    """What a store keeps of the site's own columns."""

    def users_due(self, now: int, limit: int) -> list[DueUser]:
        """Signed-in users who were never asked for, then those of a day ago."""
        asked = user.c.host_columns_at
        is_due = sa.or_(asked.is_(None), asked < now - DAY_MS)
        statement = (
            sa.select(user)
            .where(user.c.verified.is_(sa.true()), is_due)
            .order_by(asked.is_not(None), asked, user.c.id)
            .limit(limit)
        )

        with self._transactions.reading() as connection:
            return [
                DueUser(row.id, row.email, row.host_id, read_columns(row.host_columns))
                for row in connection.execute(statement)
            ]

    def keep_columns(self, found: Mapping[int, Mapping[str, Any]], now: int) -> None:
        """Keep the columns of users.

        :raises StoreUnavailable: the database cannot be written to now.
        """
        changes = [
            (id, {"host_columns": _text(values), "host_columns_at": now})
            for id, values in sorted(found.items())
        ]
        self._write(lambda c: update_rows(c, user, "id", changes))

    def host_columns(self, user_id: int) -> HostColumns | None:
        """A user's columns and their age; None while the site was not asked."""
        statement = sa.select(user.c.host_columns, user.c.host_columns_at)

        with self._transactions.reading() as connection:
            row = connection.execute(statement.where(user.c.id == user_id)).first()

        if row is None or row.host_columns_at is None:
            return None

        return HostColumns(read_columns(row.host_columns), row.host_columns_at)


def read_columns(text: str | None) -> dict[str, Any]:
    """The columns of a user, in the order of the site's own."""
    values: dict[str, Any] = json.loads(text) if text else {}
    return values


def _text(values: Mapping[str, Any]) -> str | None:
    return json.dumps(values, ensure_ascii=False) if values else None
