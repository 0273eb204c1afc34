"""The list of anonymous visitors, one page of it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from .. import schema
from ..figures import of_set
from .people_filter import PeopleFilter
from .people_filter import of_visitors
from .shapes import VisitorList
from .shapes import VisitorRow

VISITOR_SORTS = ("last_access", "first_seen", "visits", "views")
MAX_PER_PAGE = 500
EVERYBODY = PeopleFilter()
# So few are sorted faster than they are found in the order of all.
FEW = 5_000


def visitors(
    conn: sa.Connection,
    *,
    wanted: PeopleFilter = EVERYBODY,
    sort: str = "last_access",
    descending: bool = True,
    page: int = 1,
    per_page: int = 50,
) -> VisitorList:
    """One page of the visitors with views that are nobody's, in their figures.

    ``sort`` is one of last_access, first_seen, visits, views (else ValueError); a page
    out of range is the nearest one. Marked figures are to be recomputed before.
    """
    figures: Any = schema.visitor_figures
    _check(sort)
    conditions = of_visitors(wanted)
    per_page = min(max(per_page, 1), MAX_PER_PAGE)
    counted = sa.select(sa.func.count()).select_from(figures).where(*conditions)
    count = conn.scalar(counted) or 0
    pages = max(1, -(-count // per_page))
    page = min(max(page, 1), pages)
    listed: Any = sa.select(figures).where(*conditions)

    if count < FEW:
        # A planner that expects many would walk through all in their order.
        figures = listed.offset(0).subquery("few")
        listed = sa.select(figures)

    start = (page - 1) * per_page
    length = min(per_page, count - start)
    backwards = start > count // 2
    order = _order(figures.c, sort, descending is not backwards)
    # What is far from the beginning is found from the end.
    skipped = count - start - length if backwards else start
    shown = listed.order_by(*order).offset(skipped).limit(length)
    found = conn.execute(shown).all()

    if backwards:
        found = found[::-1]

    return VisitorList(tuple(_row(row) for row in found), count, page, pages)


def count_visitors(
    conn: sa.Connection, *, wanted: PeopleFilter = EVERYBODY, limit: int
) -> int:
    """How many there are, counted up to ``limit``."""
    found = sa.select(schema.visitor_figures.c.visitor_id).where(*of_visitors(wanted))
    counted = sa.select(sa.func.count()).select_from(found.limit(limit).subquery())
    return conn.scalar(counted) or 0


def _order(figures: Any, sort: str, descending: bool) -> tuple[Any, ...]:
    columns: dict[str, Any] = {
        "last_access": figures.last_seen,
        "first_seen": figures.first_seen,
        "visits": figures.visits,
        "views": figures.views,
    }

    # Both the same way, as the index is.
    order = (columns[sort], figures.visitor_id)
    return tuple(column.desc() for column in order) if descending else order


def _check(sort: str) -> None:
    if sort not in VISITOR_SORTS:
        raise ValueError(f"Visitors are sorted by one of {', '.join(VISITOR_SORTS)}.")


def _row(row: sa.Row[Any]) -> VisitorRow:
    return VisitorRow(
        id=row.visitor_id,
        first_seen=row.first_seen,
        last_access=row.last_seen,
        visits=row.visits,
        views=row.views,
        devices=of_set(row.devices),
        countries=of_set(row.countries),
    )
