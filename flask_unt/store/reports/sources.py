"""Where a person's views are, so that the newest are found by an index alone.

Views are looked up by who was signed in, and by each browser of theirs. Some come up
twice, hence by key. A person may have many browsers, of which mostly few were used at
any one time: those that cannot have what is looked for are not asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from .. import schema
from ..ownership import COUNT
from ..ownership import is_one_of

AT_ONCE = 20
FIRST_MOMENT = 0
LAST_MOMENT = 253_370_764_800_000  # the year 9999
Spot = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class Source:
    """Views with this number in this column, all seen between two moments."""

    column: str
    id: int
    first: int = FIRST_MOMENT
    last: int = LAST_MOMENT


@dataclass(frozen=True, slots=True)
class Sources:
    """All places of a person's views.

    ``members`` are the users that the person is; of a browser, whoever used it, None.
    """

    parts: tuple[Source, ...]
    members: tuple[int, ...] | None = None

    @property
    def browsers(self) -> list[int]:
        """The visitors whose anonymous views are among these."""
        return [part.id for part in self.parts if part.column == "visitor_id"]

    def holds(self, table: sa.Table) -> sa.ColumnElement[bool]:
        """Of a row of one of these places: whether it is the person's."""
        if self.members is None:
            return sa.true()

        # Without anybody who was signed in, it is the owner's, who is the person.
        # With COALESCE, PostgreSQL expects few such rows, and sorts all of them.
        nobodys: sa.ColumnElement[bool] = table.c.user_id.is_(None)
        return sa.or_(nobodys, table.c.user_id.in_(self.members))


def sources_of_user(
    conn: sa.Connection, user_id: int, members: Sequence[int] | None = None
) -> Sources:
    """Where views of a user are, and of all who are merged with them.

    :param members: who these are, where that is known.
    """
    user, visitor = schema.user, schema.visitor

    if members is None:
        members = conn.scalars(sa.select(user.c.id).where(is_one_of([user_id]))).all()

    owned = sa.select(visitor.c.id, visitor.c.first_seen, visitor.c.last_seen)
    browsers = conn.execute(owned.where(visitor.c.owner_id.in_(members)))
    parts = (
        *(Source("user_id", id) for id in members),
        *(Source("visitor_id", *row) for row in browsers),
    )
    return Sources(parts, tuple(sorted(members)))


def sources_of_visitor(visitor_id: int) -> Sources:
    """Where views of one browser are, whoever used it."""
    return Sources((Source("visitor_id", visitor_id),))


def spots(
    conn: sa.Connection,
    sources: Sources,
    limit: int,
    bots: str,
    *,
    older_than: Spot | None = None,
    newer_than: Spot | None = None,
    anonymous: bool = False,
) -> list[Spot]:
    """Time and key of the views next to a spot, the nearest first.

    Older ones, or with ``newer_than`` newer ones; the newest of all without a spot.
    ``anonymous``: only those for which nobody was signed in.
    """
    up = newer_than is not None
    found: set[Spot] = set()
    parts = _near_first(sources.parts, older_than, newer_than)

    if anonymous:
        parts = [part for part in parts if part.column == "visitor_id"]
        sources = Sources(sources.parts, ())

    while parts:
        asked, parts = parts[:AT_ONCE], parts[AT_ONCE:]
        selects = [
            _nearest(sources, part, limit, bots, older_than, newer_than)
            for part in asked
        ]
        found |= {(row.local_time, row.id) for row in conn.execute(sa.union(*selects))}
        nearest = sorted(found, reverse=not up)[:limit]

        if len(nearest) == limit:
            end = nearest[-1][0]
            parts = [p for p in parts if (p.first <= end if up else p.last >= end)]

    return sorted(found, reverse=not up)[:limit]


def count_recent_views(
    conn: sa.Connection,
    sources: Sources,
    columns: Sequence[Any],
    limit: int,
    bots: str,
) -> Sequence[sa.Row[Any]]:
    """How many of the newest views have which values in these columns, and until when.

    Rows of the columns, ``views`` and ``last_at``; the one that came last is the first.

    Of those who have very many browsers, only the last ones are looked at.
    """
    parts = _near_first(sources.parts, None, None)[:AT_ONCE]

    if not parts:
        return []

    selects = [
        _nearest(sources, part, limit, bots, None, None, columns) for part in parts
    ]
    views = sa.union(*selects).subquery("views")
    latest = sa.select(views).order_by(views.c.local_time.desc(), views.c.id.desc())
    newest = latest.limit(limit).subquery("newest")
    alike = [newest.c[column.name] for column in columns]
    last_at = sa.func.max(newest.c.local_time).label("last_at")
    views_of_each = sa.func.count().label("views")
    counted: sa.Select[Any] = sa.select(*alike, views_of_each, last_at)
    return conn.execute(counted.group_by(*alike).order_by(last_at.desc())).all()


def is_shown(table: sa.Table, bots: str) -> sa.ColumnElement[bool]:
    """What tells rows of people; who is asked for by name may be of the team."""
    return sa.true() if bots.startswith(COUNT) else table.c.bot.is_(sa.false())


def _near_first(
    parts: Sequence[Source], older_than: Spot | None, newer_than: Spot | None
) -> list[Source]:
    if newer_than is not None:
        left = [part for part in parts if part.last >= newer_than[0]]
        return sorted(left, key=lambda part: part.first)

    end = LAST_MOMENT if older_than is None else older_than[0]
    left = [part for part in parts if part.first <= end]
    return sorted(left, key=lambda part: part.last, reverse=True)


def _nearest(
    sources: Sources,
    part: Source,
    limit: int,
    bots: str,
    older_than: Spot | None,
    newer_than: Spot | None,
    columns: Sequence[Any] = (),
) -> sa.Select[Any]:
    view = schema.page_view
    found = sa.select(view.c.local_time, view.c.id, *columns).where(
        view.c[part.column] == part.id,
        is_shown(view, bots),
    )

    if part.column == "visitor_id":
        found = found.where(sources.holds(view))

    place = (view.c.local_time, view.c.id)

    # The first condition on time is implied by the second; MySQL ranges over it.
    if newer_than is not None:
        moment, id = newer_than
        later = sa.or_(view.c.local_time > moment, view.c.id > id)
        found = found.where(view.c.local_time >= moment, later).order_by(*place)
    else:
        found = found.order_by(*(column.desc() for column in place))

    if older_than is not None:
        moment, id = older_than
        earlier = sa.or_(view.c.local_time < moment, view.c.id < id)
        found = found.where(view.c.local_time <= moment, earlier)

    return sa.select(found.limit(limit).subquery())
