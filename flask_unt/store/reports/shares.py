"""How views spread over pages: the most viewed ones, and the rest."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from .. import schema
from ..ownership import counted
from ..ownership import total
from ..ownership import views_of
from .shapes import PageRow
from .shapes import PageShare
from .sources import LAST_MOMENT
from .spans import Span
from .spans import beside_hours
from .spans import within

PAGE_SORTS = ("count", "page")


def page_share(
    conn: sa.Connection,
    *,
    user_id: int | None = None,
    since: int | None = None,
    until: int | None = None,
    sort: str = "count",
    descending: bool = True,
    limit: int = 6,
    zone: str = "UTC",
    bots: str = "apart",
) -> PageShare:
    """The most viewed pages, of one user or of everybody, and the rest as "Other".

    ``sort`` is "count" or, for the first ones by title, "page".
    """
    if user_id is None:
        counts = _page_counts(since, until, zone, bots)
    else:
        counts = _page_counts_of(user_id, since, until, bots)

    page = schema.page
    everything = sa.func.sum(counts.c.views).over()
    found = conn.execute(
        sa.select(
            *(page.c.id, page.c.title, page.c.host, page.c.path, counts.c.views),
            sa.cast(everything, sa.BigInteger).label("everything"),
        )
        .join(counts, counts.c.page_id == page.c.id)
        .where(counts.c.views > 0)
        .order_by(*page_order(sort, descending, counts.c.views))
        .limit(limit)
    ).all()

    if not found:
        return PageShare(0, ())

    everything = found[0].everything
    rows = [_page_row(row, everything) for row in found]
    rest = everything - sum(row.views for row in rows)

    if rest > 0:
        rows.append(PageRow(None, "Other", "", "", rest, rest / everything))

    return PageShare(everything, tuple(rows))


def page_order(
    sort: str, descending: bool, count: sa.ColumnElement[Any]
) -> tuple[sa.ColumnElement[Any], ...]:
    """How pages are sorted: by a count of them, or by how they are called."""
    page = schema.page.c

    if sort not in PAGE_SORTS:
        raise ValueError(f"Pages are sorted by one of {', '.join(PAGE_SORTS)}.")

    columns: tuple[Any, ...] = (count,)

    if sort == "page":
        columns = (sa.func.lower(page.title), page.path, page.host)

    way = sa.desc if descending else sa.asc
    return (*(way(column) for column in columns), page.id)


def _page_row(row: sa.Row[Any], everything: int) -> PageRow:
    share = row.views / everything
    return PageRow(row.id, row.title, row.host, row.path, row.views, share)


def _page_counts(
    since: int | None, until: int | None, zone: str, bots: str
) -> sa.Subquery:
    """By whole days, the hours beside them, and the rows beside these."""
    by_day, by_hour, view = schema.page_day, schema.page_hour, schema.page_view
    last = LAST_MOMENT if until is None else until
    span = Span(since or 0, last, 0, zone, bots)
    days = span.full_days()
    whole = within(by_hour.c.hour, span.hours_beside(days))
    return _added_up(
        _summed(by_day, by_day.c.day.between(*days) if days else sa.false()),
        _summed(by_hour, whole),
        sa.select(view.c.page_id, sa.func.count().label("views"))
        .where(beside_hours(view.c.local_time, span))
        .group_by(view.c.page_id),
    )


def _summed(
    counts: sa.FromClause, *conditions: sa.ColumnElement[bool]
) -> sa.Select[Any]:
    page_id = counts.c.page_id
    views = total(counts.c.views).label("views")
    return sa.select(page_id, views).where(*conditions).group_by(page_id)


def _added_up(*parts: sa.Select[Any]) -> sa.Subquery:
    """Before pages are joined: there are few, and many rows of each."""
    every = sa.union_all(*parts).subquery("parts")
    return _summed(every).subquery("counts")


def _page_counts_of(
    user_id: int, since: int | None, until: int | None, bots: str
) -> sa.Subquery:
    view = schema.page_view
    edges = [(since or 0, LAST_MOMENT if until is None else until)]
    return _added_up(
        *views_of(
            [user_id],
            [view.c.page_id, sa.literal(1).label("views")],
            within(view.c.local_time, edges),
            counted(view, bots),
        )
    )
