"""The last page of some users, and their last days."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import sqlalchemy as sa

from . import schema
from .hours import day_of
from .hours import day_start
from .merges import in_the_end
from .ownership import counted
from .ownership import total
from .ownership import views_of


def last_pages(
    conn: sa.Connection, last: Mapping[int, int], bots: str
) -> dict[int, tuple[str | None, str | None]]:
    """Title and path of the page that each of these users saw at this moment."""
    view, page = schema.page_view, schema.page
    halves = views_of(
        list(last),
        [view.c.id, view.c.local_time, view.c.page_id],
        view.c.local_time.in_(set(last.values())),
        counted(view, bots),
    )
    candidates = sa.union_all(*halves).subquery("candidates")
    rows = conn.execute(
        sa.select(candidates, page.c.title, page.c.path)
        .join(page, page.c.id == candidates.c.page_id)
        .order_by(candidates.c.id)
    )
    return {
        row.whose: (row.title, row.path)
        for row in rows
        if row.local_time == last[row.whose]
    }


def strips(
    conn: sa.Connection, ids: Sequence[int], days: int, now: int, zone: str, bots: str
) -> dict[int, tuple[int, ...]]:
    """Views on each of the last days, the oldest first, of users who had any."""
    view = schema.page_view
    today = day_of(now, zone)
    wanted = [today - timedelta(days=ago) for ago in range(days - 1, -2, -1)]
    starts = [day_start(day, zone) for day in wanted]
    # No MySQL driver, SQLite build or planner counts days of a zone alike; bounds do.
    counts = [
        total(sa.case((view.c.local_time.between(start, end - 1), 1), else_=0))
        for start, end in pairwise(starts)
    ]
    recent = sa.and_(view.c.local_time >= starts[0], counted(view, bots))
    found: dict[int, tuple[int, ...]] = {}

    for half in views_of(ids, counts, recent):
        for whose, *strip in conn.execute(half.group_by(in_the_end())):
            before = found.get(whose, (0,) * days)
            found[whose] = tuple(a + b for a, b in zip(before, strip, strict=True))

    return found
