"""Make the figures of marked visitors anew."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ..bulk import add_rows
from ..dialect import chunks
from ..dialect import delete_in
from ..dialect import select_in
from ..schema import link
from ..schema import site
from ..schema import visitor
from ..schema import visitor_figures
from .sums import FIGURES
from .sums import NOBODY
from .sums import Sum
from .traces import note_traces
from .users import ends_of
from .users import rewrite_users
from .visits import settled
from .visits import sums_of


def is_behind(connection: sa.Connection) -> bool:
    """Whether some visitor is marked."""
    marked = sa.select(visitor.c.id).where(visitor.c.marked_from.is_not(None))
    return connection.execute(marked.limit(1)).first() is not None


def recompute_figures(connection: sa.Connection, *, limit: int, bots: str) -> int:
    """Make the figures of marked visitors anew, at most ``limit``; of how many."""
    # One at a time: two would each add up a user without the other's visitors.
    lock = sa.select(site.c.id).where(site.c.id == 1).with_for_update()
    connection.execute(lock)
    marked = _take_marks(connection, limit)

    if not marked:
        return 0

    ids = sorted(marked)
    users = _users_of(connection, ids)
    sums = sums_of(connection, ids, bots)
    whose = {id for id, _ in sums} | {row.owner_id for row in marked.values()}
    ends = ends_of(connection, {*users, *whose} - {None, NOBODY})
    by_person = settled(sums, ends)
    _replace(connection, ids, by_person)
    note_traces(connection, marked, ends, bots)
    named = {*users, *(id for id, _ in by_person)} - {NOBODY}
    rewrite_users(connection, named | {ends.get(id, id) for id in named})
    _unmark(connection, ids)

    return len(marked)


def _take_marks(connection: sa.Connection, limit: int) -> dict[int, sa.Row[Any]]:
    """Marked visitors, locked as a write locks them."""
    is_marked = visitor.c.marked_from.is_not(None)
    some = sa.select(visitor.c.id).where(is_marked).limit(limit)
    ids = sorted(connection.scalars(some))
    columns = (visitor.c.id, visitor.c.marked_from, visitor.c.owner_id)
    lock = sa.select(*columns).where(is_marked).order_by(visitor.c.id)
    rows = select_in(connection, lock.with_for_update(), visitor.c.id, ids)
    return {row.id: row for row in rows}


def _unmark(connection: sa.Connection, ids: Sequence[int]) -> None:
    for chunk in chunks(ids):
        unmarked = sa.update(visitor).where(visitor.c.id.in_(chunk))
        connection.execute(unmarked.values(marked_from=None))


def _users_of(connection: sa.Connection, visitor_ids: Sequence[int]) -> set[int]:
    """Everybody who has, or had, to do with these visitors."""
    return {
        row.user_id
        for table in (visitor_figures, link)
        for row in select_in(
            connection,
            sa.select(table.c.user_id).distinct(),
            table.c.visitor_id,
            visitor_ids,
        )
    }


def _replace(
    connection: sa.Connection, ids: Sequence[int], sums: Mapping[tuple[int, int], Sum]
) -> None:
    delete_in(connection, visitor_figures.c.visitor_id, ids)
    rows = [(*key, *mine.values()) for key, mine in sorted(sums.items())]
    names = ("user_id", "visitor_id", *FIGURES)
    add_rows(connection, visitor_figures, names, rows)
