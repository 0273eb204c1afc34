"""Whose a page view is: who was signed in then, else the owner of its visitor.

The two halves of that rule are two index scans, so they are two selects everywhere.
Both are said of who that user is in the end, after all merges.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from . import schema
from .merges import in_the_end

COUNT = "count"
WITH_TEAM = "+team"


def with_team(bots: str, team: bool = True) -> str:
    """What to count when the site's own team is shown, too."""
    return f"{bots}{WITH_TEAM}" if team and not shows_team(bots) else bots


def shows_team(bots: str) -> bool:
    """Whether the site's own team is to be counted."""
    return bots.endswith(WITH_TEAM)


def counted(table: sa.Table, bots: str) -> sa.ColumnElement[bool]:
    """What tells rows of people who are not of the site's own team.

    With ``bots`` "count" of everybody; see :func:`with_team`.
    """
    conditions: list[sa.ColumnElement[bool]] = [sa.true()]

    if not bots.startswith(COUNT):
        conditions.append(table.c.bot.is_(sa.false()))

    if not shows_team(bots):
        conditions.append(table.c.team.is_(sa.false()))

    return sa.and_(*conditions)


def of_team(table: sa.Table, bots: str) -> sa.ColumnElement[bool]:
    """What tells rows that rollups leave out, but that are to be counted."""
    if not shows_team(bots):
        return sa.false()

    return sa.and_(table.c.team.is_(sa.true()), counted(table, bots))


def is_counted(whose: sa.ColumnElement[int], bots: str) -> sa.ColumnElement[bool]:
    """What tells people who are not of the team, by who they are in the end."""
    if shows_team(bots):
        return sa.true()

    member = schema.user.alias()
    team = sa.select(in_the_end(member)).where(member.c.team.is_(sa.true()))
    return whose.not_in(team)


def views_of(
    user_ids: Sequence[int], columns: Sequence[Any], *conditions: Any
) -> tuple[sa.Select[Any], sa.Select[Any]]:
    """Select page views of users, each as ``whose`` and ``columns``, in two halves.

    :param user_ids: of users that are not merged into others.
    """
    view, visitor, user = schema.page_view, schema.visitor, schema.user
    whose = in_the_end().label("whose")
    signed_in = (
        sa.select(whose, *columns)
        .join_from(user, view, view.c.user_id == user.c.id)
        .where(is_one_of(user_ids), *conditions)
    )
    owned = (
        sa.select(whose, *columns)
        .join_from(user, visitor, visitor.c.owner_id == user.c.id)
        .join(view, view.c.visitor_id == visitor.c.id)
        .where(is_one_of(user_ids), _is_nobodys(view), *conditions)
    )
    return signed_in, owned


def is_one_of(user_ids: Sequence[int]) -> sa.ColumnElement[bool]:
    """Whether a user is one of these, or was merged into one."""
    user = schema.user
    return sa.or_(user.c.id.in_(user_ids), user.c.merged_into.in_(user_ids))


def _is_nobodys(view: sa.Table) -> sa.ColumnElement[bool]:
    # Written as IS NULL, SQLite takes the index on user_id: all anonymous views.
    return sa.func.coalesce(view.c.user_id, 0) == 0


def total(column: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """A sum that is a whole number, and 0 where nothing is added, everywhere."""
    return sa.cast(sa.func.coalesce(sa.func.sum(column), 0), sa.BigInteger)
