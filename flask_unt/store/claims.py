"""Typed addresses that somebody says are not this browser's, until it is taken back."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from .aliases import browsers
from .links import settle
from .schema import link

DECLARED = "declared"


def undo_claim(
    connection: sa.Connection, visitor_id: int, user_id: int, now: int, by: str
) -> bool:
    """Close the link of a browser with the user that was declared in it.

    The same address opens it again when it is typed there again.

    :returns: whether there was an open one.
    """
    return _change(
        connection,
        visitor_id,
        user_id,
        link.c.undone_at.is_(None),
        {"undone_at": now, "undone_by": by},
    )


def restore_claim(connection: sa.Connection, visitor_id: int, user_id: int) -> bool:
    """Open a link that was closed.

    :returns: whether there was a closed one.
    """
    return _change(
        connection,
        visitor_id,
        user_id,
        link.c.undone_at.is_not(None),
        {"undone_at": None, "undone_by": None},
    )


def _change(
    connection: sa.Connection,
    visitor_id: int,
    user_id: int,
    state: sa.ColumnElement[bool],
    values: dict[str, Any],
) -> bool:
    # Another id of the same browser would lend it the user again.
    ids = browsers(connection, [visitor_id]).get(visitor_id, [])
    changed = connection.execute(
        sa.update(link)
        .where(
            link.c.visitor_id.in_(ids),
            link.c.user_id == user_id,
            link.c.reason == DECLARED,
            state,
        )
        .values(values)
    )

    if not changed.rowcount:
        return False

    settle(connection, ids)

    return True
