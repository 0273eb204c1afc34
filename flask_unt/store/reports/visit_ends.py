"""Which pages visits began on, and which they ended on."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from .. import schema
from ..ownership import total
from .shapes import EndRow
from .shapes import VisitEnds
from .shares import page_order
from .visits import last_visits

ENDS = ("entry", "exit")


def visit_ends(
    conn: sa.Connection,
    end: str,
    *,
    since: int,
    until: int,
    sort: str = "count",
    descending: bool = True,
    limit: int = 6,
    bots: str = "apart",
) -> VisitEnds:
    """The pages of one ``end``, "entry" or "exit", and the rest as "Other".

    Of the last visits that began from ``since`` until just before ``until``; ``sort``
    is "count" or "page".
    """
    if end not in ENDS:
        raise ValueError(f"A visit has these ends: {', '.join(ENDS)}.")

    page, names = schema.page, (f"{end}_page_id", "views")
    visits = last_visits(*names, since=since, until=until, bots=bots)
    counts = _counts(visits, end)
    found = conn.execute(
        sa.select(page.c.title, page.c.host, page.c.path, counts)
        .join(counts, counts.c.page_id == page.c.id)
        .order_by(*page_order(sort, descending, counts.c.visits))
        .limit(limit)
    ).all()

    if not found:
        return VisitEnds(0, ())

    everything, bounces = found[0].all_visits, found[0].all_bounces
    rows = [_row(row, everything) for row in found]
    rest = everything - sum(row.visits for row in rows)

    if rest > 0:
        bounces -= sum(row.bounces for row in rows)
        rows.append(EndRow(None, "Other", "", "", rest, bounces, rest / everything))

    return VisitEnds(everything, tuple(rows))


def _counts(visit: sa.Subquery, end: str) -> sa.Subquery:
    """Of each page its visits, and of all pages together."""
    page_id = visit.c[f"{end}_page_id"]
    visits = sa.func.count()
    bounces = total(sa.case((visit.c.views == 1, 1), else_=0))
    return (
        sa.select(
            page_id.label("page_id"),
            visits.label("visits"),
            bounces.label("bounces"),
            _of_all(visits).label("all_visits"),
            _of_all(bounces).label("all_bounces"),
        )
        .group_by(page_id)
        .subquery("counts")
    )


def _of_all(count: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    return sa.cast(sa.func.sum(count).over(), sa.BigInteger)


def _row(row: sa.Row[Any], everything: int) -> EndRow:
    return EndRow(
        page_id=row.page_id,
        title=row.title,
        host=row.host,
        path=row.path,
        visits=row.visits,
        bounces=row.bounces,
        share=row.visits / everything,
    )
