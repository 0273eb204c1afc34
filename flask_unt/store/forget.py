"""Forget a visitor: all its rows go, and nothing of it is stored again."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from .aliases import browsers
from .dialect import chunks
from .dialect import select_in
from .forgotten import remember_visitor
from .links import Seen
from .links import settle
from .merges import leave_merges
from .people import lock_users
from .people import meet_visitors
from .schema import event
from .schema import event_visitor
from .schema import leave
from .schema import link
from .schema import page_view
from .schema import page_visitor
from .schema import set_aside
from .schema import user
from .schema import user_figures
from .schema import visit
from .schema import visitor
from .schema import visitor_day
from .schema import visitor_figures
from .visitor_marks import mark_visitors_of

OF_VISITOR = (
    *(event, leave, page_view, visit, visitor_day, link),
    *(visitor_figures, page_visitor, event_visitor),
)


def forget_visitor(connection: sa.Connection, name: str, now: int) -> set[int]:
    """Erase a visitor, and each user who had no other browser.

    :returns: times whose hours changed.
    """
    lock_users(connection, _users_of(connection, uuid.UUID(name).bytes))
    # Its row, made where there is none, is what a write of its views waits for.
    row = meet_visitors(connection, {name: Seen(now, now)}).get(name)
    remember_visitor(connection, name, now)
    about = set_aside.c.payload.contains(name)
    connection.execute(sa.delete(set_aside).where(about))

    return set() if row is None else _erase(connection, row)


def _erase(connection: sa.Connection, row: sa.Row[Any]) -> set[int]:
    moments = _moments(connection, row.id)
    others = set(browsers(connection, [row.id])) - {row.id}
    user_ids = set(
        connection.scalars(sa.select(link.c.user_id).where(link.c.visitor_id == row.id))
    )

    _detach_events(connection, row.id)

    for table in OF_VISITOR:
        connection.execute(sa.delete(table).where(table.c.visitor_id == row.id))

    newer = sa.update(visitor).where(visitor.c.alias_of == row.uuid)
    connection.execute(newer.values(alias_of=None, alias_at=None))
    connection.execute(sa.delete(visitor).where(visitor.c.id == row.id))
    settle(connection, others)
    mark_visitors_of(connection, user_ids)
    # Nearly always they are locked already.
    lock_users(connection, user_ids)
    _erase_users(connection, user_ids)

    return moments


def _users_of(connection: sa.Connection, key: bytes) -> Sequence[int]:
    linked = sa.select(link.c.user_id).join(visitor, visitor.c.id == link.c.visitor_id)

    return connection.scalars(linked.where(visitor.c.uuid == key)).all()


def _moments(connection: sa.Connection, visitor_id: int) -> set[int]:
    columns = (page_view.c.local_time, visit.c.started_at)

    return {
        moment
        for column in columns
        for moment in connection.scalars(
            sa.select(column).where(column.table.c.visitor_id == visitor_id)
        )
    }


def _detach_events(connection: sa.Connection, visitor_id: int) -> None:
    """A user's event from the server may be in a visit of theirs on this browser."""
    visits = sa.select(visit.c.id).where(visit.c.visitor_id == visitor_id)
    inside = sa.update(event).where(
        event.c.visitor_id.is_(None), event.c.visit_id.in_(visits)
    )
    connection.execute(inside.values(visit_id=None))


def _erase_users(connection: sa.Connection, user_ids: Iterable[int]) -> None:
    ids = sorted(user_ids)
    column = link.c.user_id
    rows = select_in(connection, sa.select(column), column, ids)
    left = {row.user_id for row in rows}
    gone = [id for id in ids if id not in left]
    leave_merges(connection, gone)

    for chunk in chunks(gone):
        connection.execute(sa.delete(event).where(event.c.user_id.in_(chunk)))
        connection.execute(sa.delete(user).where(user.c.id.in_(chunk)))
        gone_too = sa.delete(user_figures).where(user_figures.c.user_id.in_(chunk))
        connection.execute(gone_too)
