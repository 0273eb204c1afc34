"""The list of anonymous visitors, one page of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from .. import schema
from ..figures import of_set
from .parts_of_lists import FEW
from .parts_of_lists import part_of
from .parts_of_lists import read_part
from .people_filter import PeopleFilter
from .people_filter import of_visitors
from .people_filter import traces_of
from .shapes import VisitorList
from .shapes import VisitorRow
from .traces import Traces

VISITOR_SORTS = ("last_access", "first_seen", "visits", "views")
EVERYBODY = PeopleFilter()


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
    traces = traces_of(conn, wanted)
    count = _count(conn, _counted(wanted, traces))
    part = part_of(count, page, per_page)
    conditions = of_visitors(wanted, traces, one_by_one=count >= FEW)
    listed = sa.select(figures).where(*conditions)

    if count < FEW:
        # A planner that expects many would walk through all in their order.
        figures = listed.offset(0).subquery("few")
        listed = sa.select(figures)

    order = _order(figures.c, sort, descending)
    found = read_part(conn, listed, order, count, part.start, part.length)
    return VisitorList(tuple(map(_row, found)), count, part.page, part.pages)


def count_visitors(
    conn: sa.Connection, *, wanted: PeopleFilter = EVERYBODY, limit: int
) -> int:
    """How many there are, counted up to ``limit``."""
    return _count(conn, _counted(wanted, traces_of(conn, wanted)).limit(limit))


def _count(conn: sa.Connection, found: sa.Select[Any]) -> int:
    counted = sa.select(sa.func.count()).select_from(found.subquery("found"))
    return conn.scalar(counted) or 0


def _counted(wanted: PeopleFilter, traces: Sequence[Traces]) -> sa.Select[Any]:
    """Select a row for each."""
    has_one = len(traces) == 1 and traces[0].has_one_a_visitor

    if has_one and wanted.asks_for_traces_only:
        return traces[0].visitors()

    id = schema.visitor_figures.c.visitor_id
    return sa.select(id).where(*of_visitors(wanted, traces, one_by_one=False))


def _order(figures: Any, sort: str, descending: bool) -> tuple[tuple[Any, bool], ...]:
    columns: dict[str, Any] = {
        "last_access": figures.last_seen,
        "first_seen": figures.first_seen,
        "visits": figures.visits,
        "views": figures.views,
    }

    # Both the same way, as the index is.
    return (columns[sort], descending), (figures.visitor_id, descending)


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
