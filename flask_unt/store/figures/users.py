"""The figures of users: those of their visitors together, and who they are."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ..bulk import add_rows
from ..dialect import delete_in
from ..dialect import select_in
from ..schema import link
from ..schema import user
from ..schema import user_figures
from ..schema import visitor_figures
from .sums import FIGURES
from .sums import Sum
from .sums import of_set

NAME_LIMIT = 255


def ends_of(connection: sa.Connection, user_ids: Iterable[int]) -> dict[int, int]:
    """Who these users are after all merges."""
    rows = select_in(
        connection,
        sa.select(user.c.id, user.c.merged_into),
        user.c.id,
        sorted(set(user_ids)),
    )
    return {row.id: row.merged_into or row.id for row in rows}


def rewrite_users(connection: sa.Connection, user_ids: Iterable[int]) -> None:
    """Write the figures of users, whose visitors' figures are up to date."""
    ids = sorted(set(user_ids))
    members = _members(connection, ids)
    sums: dict[int, Sum] = {id: Sum() for id in members}
    figures = sa.select(visitor_figures)

    for row in select_in(connection, figures, visitor_figures.c.user_id, sorted(sums)):
        mine = sums[row.user_id]
        mine.add(row, row.visits)
        mine.devices |= set(of_set(row.devices))
        mine.countries |= set(of_set(row.countries))

    seen = _seen(connection, members)
    delete_in(connection, user_figures.c.user_id, ids)
    names = ("user_id", "name", "verified", "team", "known_at", "words", *FIGURES)
    rows = [
        (
            id,
            *_described(members[id], mine.views > 0 and id not in seen),
            *mine.values(),
        )
        for id, mine in sorted(sums.items())
    ]
    add_rows(connection, user_figures, names, rows)


def _members(connection: sa.Connection, ids: Sequence[int]) -> dict[int, list[Any]]:
    """The users who are one person, by who they are in the end, that one first."""
    members: dict[int, list[Any]] = {}
    statement = sa.select(user).order_by(user.c.id)
    roots = select_in(
        connection, statement.where(user.c.merged_into.is_(None)), user.c.id, ids
    )

    for row in list(roots):
        members[row.id] = [row]

    for row in select_in(connection, statement, user.c.merged_into, sorted(members)):
        members[row.merged_into].append(row)

    return members


def _seen(connection: sa.Connection, members: Mapping[int, Sequence[Any]]) -> set[int]:
    """Those who ever signed in or said who they are: their views are not all acted."""
    whose = {row.id: end for end, rows in members.items() for row in rows}
    linked = sa.select(link.c.user_id).distinct()
    rows = select_in(connection, linked, link.c.user_id, sorted(whose))

    return {whose[row.user_id] for row in rows}


def _described(members: Sequence[Any], only_acted: bool) -> tuple[Any, ...]:
    """Name to sort by, verified, team, when they became known, words to search."""
    first = members[0]
    words = (w for row in members for w in (row.email, row.name, row.host_id) if w)
    name = first.email or first.name or first.host_id or ""
    return (
        name.casefold()[:NAME_LIMIT],
        first.verified,
        only_acted or any(row.team for row in members),
        min(row.created_at for row in members),
        "\n".join(word.casefold() for word in words),
    )
