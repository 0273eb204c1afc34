"""Who is of the site's own team, and which views are kept out of figures for it.

A view is the team's if whoever it belongs to is, or if it was seen as somebody else. A
visit is the team's if all of its views are. Both are written down, and written anew
when a user joins or leaves the team, or a browser gets another owner.
"""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from .dialect import chunks
from .dialect import select_in
from .dialect import update_rows
from .dialect import upsert
from .hours import HOUR_MS
from .schema import mark
from .schema import page_view
from .schema import user
from .schema import visit
from .schema import visitor
from .visitor_marks import mark_visitors
from .visitor_marks import mark_visitors_of


def note_team(connection: sa.Connection, flags: Mapping[int, bool]) -> None:
    """Note of users whether they are of the team; their views follow."""
    statement = sa.select(user.c.id, user.c.team)
    changes = [
        (row.id, {"team": flags[row.id]})
        for row in select_in(connection, statement, user.c.id, sorted(flags))
        if row.team != flags[row.id]
    ]
    update_rows(connection, user, "id", sorted(changes, key=lambda c: c[0]))
    ids = [id for id, _ in changes]
    mark_visitors_of(connection, ids)
    review_users(connection, ids)


def team_among(connection: sa.Connection, user_ids: Iterable[Any]) -> set[int]:
    """Those of these users who are of the team, or one person with somebody who is.

    Their rows are locked for sharing: whoever changes one waits for what is written.
    """
    ids = sorted(set(user_ids))
    whose = sa.func.coalesce(user.c.merged_into, user.c.id)
    lock = sa.select(user.c.id, whose.label("whose")).order_by(user.c.id)
    locked = lock.with_for_update(read=True)
    ends = {row.id: row.whose for row in select_in(connection, locked, user.c.id, ids)}
    of_team = sa.select(whose.label("whose")).where(user.c.team.is_(sa.true()))
    roots = {
        row.whose
        for column in (user.c.id, user.c.merged_into)
        for row in select_in(connection, of_team, column, sorted({*ends.values()}))
    }

    return {id for id, end in ends.items() if end in roots}


def owners_of(connection: sa.Connection, visitor_ids: Iterable[int]) -> dict[int, int]:
    """Whose the anonymous views of these visitors are, where somebody's."""
    owner = visitor.c.owner_id
    statement = sa.select(visitor.c.id, owner).where(owner.is_not(None))
    rows = select_in(connection, statement, visitor.c.id, sorted(visitor_ids))

    return {row.id: row.owner_id for row in rows}


def review_users(connection: sa.Connection, user_ids: Collection[int]) -> None:
    """See that the views of these users, and of who is merged with them, are right."""
    members = _members(connection, user_ids)

    if not members:
        return

    team = team_among(connection, members)
    changed: list[Any] = []

    for is_team in (True, False):
        ids = [id for id in members if (id in team) == is_team]
        owned = sa.select(visitor.c.id).where(visitor.c.owner_id.in_(ids))
        theirs = page_view.c.visitor_id.in_(owned)
        changed += _set_team(connection, page_view.c.user_id.in_(ids), is_team)
        changed += _set_team(connection, sa.and_(theirs, _is_nobodys()), is_team)

    _follow(connection, changed)


def review_visitors(
    connection: sa.Connection, owners: Mapping[int, int | None]
) -> None:
    """See that the anonymous views of visitors, given by their owners, are right."""
    team = team_among(connection, {id for id in owners.values() if id is not None})
    changed: list[Any] = []

    for is_team in (True, False):
        ids = sorted(id for id, owner in owners.items() if (owner in team) == is_team)

        for chunk in chunks(ids):
            theirs = page_view.c.visitor_id.in_(chunk)
            changed += _set_team(connection, sa.and_(theirs, _is_nobodys()), is_team)

    _follow(connection, changed)


def _members(connection: sa.Connection, user_ids: Collection[int]) -> list[int]:
    whose = sa.func.coalesce(user.c.merged_into, user.c.id).label("whose")
    rows = select_in(connection, sa.select(whose), user.c.id, sorted(user_ids))
    roots = sorted({row.whose for row in rows})

    return sorted(
        row.id
        for column in (user.c.id, user.c.merged_into)
        for row in select_in(connection, sa.select(user.c.id), column, roots)
    )


def _is_nobodys() -> sa.ColumnElement[bool]:
    # Written as IS NULL, SQLite takes the index on user_id: all anonymous views.
    return sa.func.coalesce(page_view.c.user_id, 0) == 0


def _set_team(
    connection: sa.Connection, theirs: sa.ColumnElement[bool], is_team: bool
) -> list[Any]:
    """Views that were wrong until now, by when they were and in which visit."""
    wrong = sa.and_(
        theirs,
        page_view.c.impersonator_id.is_(None),
        page_view.c.team.is_(sa.false() if is_team else sa.true()),
    )
    columns = (page_view.c.local_time, page_view.c.visit_id, page_view.c.visitor_id)
    found = connection.execute(sa.select(*columns).where(wrong)).all()

    if found:
        connection.execute(sa.update(page_view).where(wrong).values(team=is_team))

    return list(found)


def _follow(connection: sa.Connection, views: Collection[Any]) -> None:
    """Visits, hours and figures of views that changed."""
    if not views:
        return

    moments = {row.local_time for row in views}
    moments |= _set_visits(connection, {row.visit_id for row in views} - {None})
    mark_visitors(
        connection, {row.visitor_id for row in views} - {None}, since=min(moments)
    )
    # Any instant will do for a mark: it stands for the hours that an hour from it on
    # touches, whatever the zone.
    hours = sorted({moment - moment % HOUR_MS for moment in moments})
    upsert(connection, mark, [{"hour": h} for h in hours], ("hour",), {"hour": "new"})


def _set_visits(connection: sa.Connection, ids: Collection[bytes]) -> set[int]:
    moments: set[int] = set()
    others = sa.exists(
        sa.select(sa.literal(1)).where(
            page_view.c.visit_id == visit.c.id, page_view.c.team.is_(sa.false())
        )
    )
    columns = (visit.c.id, visit.c.started_at, visit.c.team, others.label("others"))
    rows = select_in(connection, sa.select(*columns), visit.c.id, sorted(ids))
    changes = [row for row in rows if row.team == bool(row.others)]
    values = sorted((row.id, {"team": not row.others}) for row in changes)
    update_rows(connection, visit, "id", values)
    moments |= {row.started_at for row in changes}

    return moments
