"""What is set aside of somebody whom only the site's own id names."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from flask_unt.events import Entry
from flask_unt.events import Proof
from flask_unt.events import Tracked

from .aside import entry_of
from .person import quoted
from .schema import set_aside


def aside_of_accounts(connection: sa.Connection, ids: Collection[str]) -> list[Any]:
    """The rows of events that the database refused, of accounts with these ids.

    An id may be as short as a number, so a text that has it is read.
    """
    found: dict[int, Any] = {}

    for id in ids:
        for word in set(quoted(id)):
            about = set_aside.c.payload.contains(word, autoescape=True)
            rows = connection.execute(sa.select(set_aside).where(about))
            found |= {row.id: row for row in rows if _names(row.payload, id, word)}

    return [found[id] for id in sorted(found)]


def _names(payload: str, id: str, word: str) -> bool:
    try:
        entry = entry_of(payload)
    except ValueError:
        # It cannot be read: an account's id has a comma, or an end, on both sides.
        return f",{word}," in payload or f",{word}]" in payload

    return id in _ids_in(entry)


def _ids_in(entry: Entry) -> set[str | None]:
    named = {e.user for e in entry.events if isinstance(e, Proof | Tracked)}

    return {who.id for who in (entry.user, entry.impersonator, *named) if who}
