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


def visits_of(user_id: int | None, bots: str) -> sa.Subquery:
    """Each user's part of each visit: whose, visit_id, from, to, views, engaged time.

    Of one user, or of all. A visit is nearly always one user's; only one that somebody
    signed in to, on a browser that is another's, has its views looked at.
    """
    visit, visitor = schema.visit, schema.visitor
    people = visit.join(visitor, visitor.c.id == visit.c.visitor_id)

    if user_id is not None:
        wanted = _visit_ids_of(user_id)
        people = people.join(wanted, wanted.c.id == visit.c.id)

    whole = _whole_visits(people).where(counted(visit, bots))
    parts = _parted_visits(people).where(counted(schema.page_view, bots))
    both = sa.union_all(whole, parts).subquery("both")
    found = sa.select(both)

    if user_id is not None:
        found = found.where(both.c.whose == user_id)

    return found.subquery("visits")


def _visit_ids_of(user_id: int) -> sa.Subquery:
    visit, visitor, user = schema.visit, schema.visitor, schema.user
    owned = sa.select(visit.c.id).join(visitor, visitor.c.id == visit.c.visitor_id)
    return sa.union(
        sa.select(visit.c.id)
        .join_from(user, visit, visit.c.user_id == user.c.id)
        .where(is_one_of([user_id])),
        owned.join(user, user.c.id == visitor.c.owner_id).where(is_one_of([user_id])),
    ).subquery("wanted")


def _is_parted() -> sa.ColumnElement[bool]:
    visit, visitor = schema.visit, schema.visitor
    return sa.and_(
        visit.c.user_views > 0,
        visit.c.user_views < visit.c.views,
        visitor.c.owner_id.is_distinct_from(visit.c.user_id),
    )


def _whole_visits(people: sa.Join) -> sa.Select[Any]:
    visit, visitor, user = schema.visit, schema.visitor, schema.user
    whose = sa.case((visit.c.user_views > 0, visit.c.user_id), else_=visitor.c.owner_id)
    return (
        sa.select(
            in_the_end().label("whose"),
            visit.c.id.label("visit_id"),
            visit.c.started_at,
            visit.c.last_at,
            visit.c.views,
            visit.c.engaged_ms,
        )
        .select_from(people.join(user, user.c.id == whose))
        .where(sa.not_(_is_parted()))
    )


def _parted_visits(people: sa.Join) -> sa.Select[Any]:
    visit, visitor, view = schema.visit, schema.visitor, schema.page_view
    whose = sa.func.coalesce(view.c.user_id, visitor.c.owner_id)
    id = visit.c.id
    # The bare id would let SQLite begin with all page views.
    viewed = people.join(view, view.c.visit_id == sa.func.coalesce(id, id))
    return (
        sa.select(
            in_the_end().label("whose"),
            visit.c.id.label("visit_id"),
            sa.func.min(view.c.local_time).label("started_at"),
            sa.func.max(view.c.local_time).label("last_at"),
            sa.func.count().label("views"),
            total(view.c.engaged_ms).label("engaged_ms"),
        )
        .select_from(viewed.join(schema.user, schema.user.c.id == whose))
        .where(_is_parted())
        .group_by(in_the_end(), visit.c.id)
    )


def total(column: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """A sum that is a whole number, and 0 where nothing is added, everywhere."""
    return sa.cast(sa.func.coalesce(sa.func.sum(column), 0), sa.BigInteger)
