"""Marks on visitors whose figures are to be made anew: see ``figures``."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from .dialect import chunks
from .dialect import delete_in
from .schema import event_visitor
from .schema import link
from .schema import page_visitor
from .schema import visitor

# Who saw a page, and who did something.
TRACES = (page_visitor, event_visitor)


def mark_visitors(
    connection: sa.Connection, ids: Iterable[int], since: int | None = None
) -> None:
    """Ask for the figures of visitors, and for what they saw and did from ``since`` on.

    Without it, that stays, and may be somebody else's now.
    """
    mark = visitor.c.marked_from
    is_covered = mark.is_not(None) if since is None else mark <= since
    is_new = sa.or_(mark.is_(None), sa.not_(is_covered))
    value = visitor.c.last_seen if since is None else since

    for chunk in chunks(sorted(set(ids))):
        # A mark that reaches further back stays.
        marked = sa.update(visitor).where(visitor.c.id.in_(chunk), is_new)
        connection.execute(marked.values(marked_from=value))


def mark_anew(connection: sa.Connection, ids: Iterable[int]) -> None:
    """Ask for the figures of visitors, and for all that they saw and did.

    For where views that were noted count no more.
    """
    visitor_ids = sorted(set(ids))

    for table in TRACES:
        delete_in(connection, table.c.visitor_id, visitor_ids)

    mark_visitors(connection, visitor_ids, since=0)


def mark_visitors_of(connection: sa.Connection, user_ids: Iterable[int]) -> None:
    """Ask for the figures of all browsers that are linked with these users."""
    for chunk in chunks(sorted(set(user_ids))):
        linked = sa.select(link.c.visitor_id).where(link.c.user_id.in_(chunk))
        mark_visitors(connection, connection.scalars(linked).all())
