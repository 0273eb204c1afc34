"""Users that somebody said are one person, until it is taken back.

``merged_with`` is the user who was named then, ``merged_into`` who all of them are in
the end: a user that is not merged itself. No view and no link is rewritten.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from flask_unt.errors import MergeRefused

from .dialect import select_in
from .dialect import update_rows
from .figures import rewrite_users
from .links import settle
from .people import lock_users
from .schema import link
from .schema import site
from .schema import user
from .team import review_users

NOT_MERGED: dict[str, Any] = {"merged_with": None, "merged_at": None, "merged_by": None}


def in_the_end(table: Any = user) -> sa.ColumnElement[int]:
    """Who a user is, after all merges."""
    return sa.func.coalesce(table.c.merged_into, table.c.id)


def members_of(connection: sa.Connection, ids: Iterable[int]) -> dict[int, int]:
    """The users who are one person with one of these, and who they are in the end."""
    wanted = sorted(set(ids))
    statement = sa.select(user.c.id, in_the_end().label("whose"))
    roots = {row.whose for row in select_in(connection, statement, user.c.id, wanted)}

    return {
        row.id: row.whose
        for column in (user.c.id, user.c.merged_into)
        for row in select_in(connection, statement, column, sorted(roots))
    }


def merge(connection: sa.Connection, id: int, into: int, now: int, by: str) -> None:
    """Make two users one person, who is ``into`` from now on.

    :param by: who said so.
    :raises MergeRefused: one is not there, or they are one person already.
    """
    members = _locked(connection, (id, into))

    if id not in members or into not in members:
        raise MergeRefused("One of these users is not there any more.")

    one, other = members[id], members[into]

    if one == other:
        raise MergeRefused("These users are one person already.")

    said = {"merged_with": other, "merged_at": now, "merged_by": by}
    update_rows(connection, user, "id", [(one, said)])
    _follow(connection, members)


def take_back(connection: sa.Connection, id: int) -> None:
    """Undo the merge of this user into another; whoever was merged with it comes along.

    :raises MergeRefused: there is no such merge.
    """
    members = _locked(connection, [id])

    if members.get(id, id) == id:
        raise MergeRefused("This user is not merged with another.")

    update_rows(connection, user, "id", [(id, NOT_MERGED)])
    _follow(connection, members)


def leave_merges(connection: sa.Connection, ids: Collection[int]) -> None:
    """Take users who are about to be deleted, and so locked, out of all merges.

    Who was merged with one of them is then merged with who that one was merged with.
    """
    members = members_of(connection, ids)
    rows = _rows(connection, members)
    named = {row.id: row.merged_with for row in rows}
    changes = [
        (row.id, _said(row, _climb(named, row.merged_with, lambda id: id not in ids)))
        for row in rows
        if row.id not in ids and row.merged_with in ids
    ]
    update_rows(connection, user, "id", changes)

    if len(members) > len(ids):
        _follow(connection, members.keys() - set(ids))


def _locked(connection: sa.Connection, ids: Sequence[int]) -> dict[int, int]:
    """The members of these, held off from being written, merged or forgotten."""
    # Two merges at once could make a ring.
    lock = sa.select(site.c.id).where(site.c.id == 1).with_for_update()
    connection.execute(lock)
    lock_users(connection, members_of(connection, ids))

    return members_of(connection, ids)


def _rows(connection: sa.Connection, ids: Iterable[int]) -> list[Any]:
    columns = (
        user.c.id,
        user.c.merged_into,
        user.c.merged_with,
        user.c.merged_at,
        user.c.merged_by,
    )

    return list(select_in(connection, sa.select(*columns), user.c.id, sorted(ids)))


def _said(row: Any, heir: int | None) -> dict[str, Any]:
    if heir is None:
        return NOT_MERGED

    return {
        "merged_with": heir,
        "merged_at": row.merged_at,
        "merged_by": row.merged_by,
    }


def _follow(connection: sa.Connection, ids: Collection[int]) -> None:
    """Work out who these users are in the end, and tell their browsers."""
    rows = _rows(connection, ids)
    named = {row.id: row.merged_with for row in rows}
    changes = []

    for row in rows:
        root = _climb(named, row.id, lambda id: named.get(id) is None)
        into = None if root == row.id else root

        if into != row.merged_into:
            changes.append((row.id, {"merged_into": into}))

    update_rows(connection, user, "id", sorted(changes, key=lambda change: change[0]))
    # Who has no browser is in the list of people, too.
    rewrite_users(connection, ids)
    linked = sa.select(link.c.visitor_id)
    browsers = select_in(connection, linked, link.c.user_id, sorted(ids))
    settle(connection, {row.visitor_id for row in browsers})
    review_users(connection, ids)


def _climb(
    named: Mapping[int, int | None], id: int, is_goal: Callable[[int], bool]
) -> int | None:
    """The first of ``id``, who it was merged with, and so on, that is the goal."""
    step: int | None = id

    # No further than there are users, whatever somebody wrote into the table.
    for _ in named:
        if step is None or is_goal(step):
            break

        step = named.get(step)

    return step
