"""Visitors' visits, added up by whose they are."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ..dialect import select_in
from ..schema import page_view
from ..schema import visit
from ..schema import visitor
from .sums import NOBODY
from .sums import Sum


def sums_of(
    connection: sa.Connection, visitor_ids: Sequence[int], bots: str
) -> dict[tuple[int, int], Sum]:
    """The parts of visitors' visits, by whose they are and the visitor."""
    sums: dict[tuple[int, int], Sum] = {}

    for row in select_in(
        connection, _whole_visits(bots), visit.c.visitor_id, visitor_ids
    ):
        mine = sums.setdefault((row.whose or NOBODY, row.visitor_id), Sum())
        mine.add(row, row.visits)
        mine.add_places(row.device, row.country)

    for row in select_in(
        connection, _parted_visits(bots), visit.c.visitor_id, visitor_ids
    ):
        mine = sums.setdefault((row.whose or NOBODY, row.visitor_id), Sum())
        mine.add(row, 0)
        mine.parted.add(row.visit_id)
        mine.add_places(row.device, row.country)

    return sums


def settled(
    sums: Mapping[tuple[int, int], Sum], ends: Mapping[int, int]
) -> dict[tuple[int, int], Sum]:
    """The same by who they are in the end: a visit of two of these is one visit."""
    found: dict[tuple[int, int], Sum] = {}

    for (whose, visitor_id), part in sums.items():
        mine = found.setdefault((ends.get(whose, whose), visitor_id), Sum())
        mine.add(part, part.visits)
        mine.devices |= part.devices
        mine.countries |= part.countries
        mine.parted |= part.parted

    return found


def _counts(bots: str) -> sa.ColumnElement[bool]:
    return sa.true() if bots == "count" else visit.c.bot.is_(sa.false())


def _is_parted() -> sa.ColumnElement[bool]:
    return sa.and_(
        visit.c.user_views > 0,
        visit.c.user_views < visit.c.views,
        visitor.c.owner_id.is_distinct_from(visit.c.user_id),
    )


def _whole_visits(bots: str) -> sa.Select[Any]:
    """Visits that are one user's, or nobody's."""
    whose = sa.case((visit.c.user_views > 0, visit.c.user_id), else_=visitor.c.owner_id)
    country = visit.c.country
    return (
        sa.select(
            visit.c.visitor_id,
            whose.label("whose"),
            visit.c.device,
            country.label("country"),
            sa.func.min(visit.c.started_at).label("first_seen"),
            sa.func.max(visit.c.last_at).label("last_seen"),
            sa.func.count().label("visits"),
            sa.cast(sa.func.sum(visit.c.views), sa.BigInteger).label("views"),
        )
        .join(visitor, visitor.c.id == visit.c.visitor_id)
        .where(_counts(bots), sa.not_(_is_parted()))
        .group_by(visit.c.visitor_id, whose, visit.c.device, country)
    )


def _parted_visits(bots: str) -> sa.Select[Any]:
    """Visits that somebody signed in to on another's browser, in their parts."""
    whose = sa.func.coalesce(page_view.c.user_id, visitor.c.owner_id)
    id, country = visit.c.id, visit.c.country
    return (
        sa.select(
            visit.c.visitor_id,
            whose.label("whose"),
            id.label("visit_id"),
            visit.c.device,
            country.label("country"),
            sa.func.min(page_view.c.local_time).label("first_seen"),
            sa.func.max(page_view.c.local_time).label("last_seen"),
            sa.func.count().label("views"),
        )
        .join(visitor, visitor.c.id == visit.c.visitor_id)
        # The bare id would let SQLite begin with all page views.
        .join(page_view, page_view.c.visit_id == sa.func.coalesce(id, id))
        .where(_counts(bots), _is_parted())
        .group_by(visit.c.visitor_id, whose, id, visit.c.device, country)
    )
