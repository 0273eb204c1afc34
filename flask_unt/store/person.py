"""Everything of one person: the users of an address, and their browsers."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from flask_unt.events import Identity

from .dialect import select_in
from .links import MERGED
from .merges import members_of
from .schema import event
from .schema import link
from .schema import page_view
from .schema import user
from .schema import visitor


@dataclass(frozen=True, slots=True)
class Person:
    """Ids of somebody's users, and of their browsers; all names they are known by.

    ``alone`` are browsers of nobody else; on ``shared`` ones somebody else has signed
    in, too, so that only this person's views there are theirs.
    """

    user_ids: tuple[int, ...]
    alone: tuple[int, ...]
    shared: tuple[int, ...]
    emails: tuple[str, ...] = ()
    host_ids: tuple[str, ...] = ()

    @property
    def identities(self) -> list[Identity]:
        """Each of their addresses, and each id of an account of theirs."""
        return [
            *(Identity(email, None, None) for email in self.emails),
            *(Identity(None, id, None) for id in self.host_ids),
        ]


def quoted(email: str) -> tuple[str, str]:
    """An address as JSON has it, whole, with odd characters escaped and as they are."""
    return json.dumps(email), json.dumps(email, ensure_ascii=False)


def find_person(connection: sa.Connection, email: str) -> Person | None:
    """Everybody of an address, and who is merged with them; None if nobody has it."""
    users = sa.select(user.c.id).where(user.c.email == email)

    return person_of(connection, connection.scalars(users).all())


def person_of(connection: sa.Connection, ids: Sequence[int]) -> Person | None:
    """The person that these users are, with all who are merged; None if none is."""
    user_ids = tuple(sorted(members_of(connection, ids)))

    return _person(connection, user_ids) if user_ids else None


def without_merges(connection: sa.Connection, id: int) -> Person:
    """One user, and nobody whom somebody merged with them."""
    return _person(connection, (id,), link.c.reason != MERGED)


def _person(
    connection: sa.Connection, user_ids: tuple[int, ...], *links: Any
) -> Person:
    linked = sa.select(link.c.visitor_id).where(
        link.c.user_id.in_(user_ids), link.c.undone_at.is_(None), *links
    )
    visitor_ids = sorted(set(connection.scalars(linked)))
    shared = _shared(connection, visitor_ids, user_ids)
    shared |= _acted_on(connection, user_ids) - set(visitor_ids)
    alone = tuple(id for id in visitor_ids if id not in shared)

    return Person(
        user_ids,
        alone,
        tuple(sorted(shared)),
        _known_by(connection, user.c.email, user_ids),
        _known_by(connection, user.c.host_id, user_ids),
    )


def visitor_id_of(connection: sa.Connection, key: bytes) -> int | None:
    """The row of a visitor, by the bytes of its uuid."""
    return connection.scalar(sa.select(visitor.c.id).where(visitor.c.uuid == key))


def uuid_of(connection: sa.Connection, id: int) -> str | None:
    """The uuid of a visitor, by its row."""
    key = connection.scalar(sa.select(visitor.c.uuid).where(visitor.c.id == id))

    return None if key is None else str(uuid.UUID(bytes=key))


def is_of(
    table: sa.Table, user_ids: Collection[int], owner: sa.ColumnElement[int | None]
) -> sa.ColumnElement[bool]:
    """Whether a view or an event is of these users, given its visitor's owner."""
    whose = sa.func.coalesce(table.c.user_id, owner)

    return whose.in_(user_ids)


def _known_by(
    connection: sa.Connection, name: sa.Column[Any], user_ids: Collection[int]
) -> tuple[str, ...]:
    statement = sa.select(name).where(user.c.id.in_(user_ids), name.is_not(None))

    return tuple(sorted(set(connection.scalars(statement))))


def _acted_on(connection: sa.Connection, user_ids: Collection[int]) -> set[int]:
    """Browsers on which they acted as somebody else, which links nobody."""
    found: set[int] = set()

    for table in (page_view, event):
        acted = sa.select(table.c.visitor_id).distinct()
        acted = acted.where(
            table.c.user_id.in_(user_ids),
            table.c.impersonator_id.is_not(None),
            table.c.visitor_id.is_not(None),
        )
        found.update(connection.scalars(acted))

    return found


def _shared(
    connection: sa.Connection, visitor_ids: Sequence[int], user_ids: Collection[int]
) -> set[int]:
    """Those of these browsers where another verified user was, too."""
    others = (
        sa.select(link.c.visitor_id)
        .join(user, user.c.id == link.c.user_id)
        .where(user.c.verified.is_(True), user.c.id.not_in(user_ids))
        .where(link.c.reason != MERGED)
    )
    rows = select_in(connection, others, link.c.visitor_id, visitor_ids)

    return {row.visitor_id for row in rows}
