"""A part of a long list, which takes as long at its end as at its beginning."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import sqlalchemy as sa

MAX_PER_PAGE = 500
# So few are sorted faster than they are found in the order of all.
FEW = 5_000


class Part(NamedTuple):
    """``length`` rows from ``start`` on, which are page ``page`` of ``pages``."""

    page: int
    pages: int
    start: int
    length: int


def part_of(count: int, page: int, per_page: int) -> Part:
    """A page of ``count`` rows; one that is out of range is the nearest one."""
    per_page = min(max(per_page, 1), MAX_PER_PAGE)
    pages = max(1, -(-count // per_page))
    page = min(max(page, 1), pages)
    start = (page - 1) * per_page
    return Part(page, pages, start, min(per_page, count - start))


def read_part(
    conn: sa.Connection,
    listed: sa.Select[Any],
    order: Iterable[tuple[Any, bool]],
    count: int,
    start: int,
    length: int,
) -> Sequence[sa.Row[Any]]:
    """Some of ``count`` rows. The order is of columns, and whether they descend."""
    if length <= 0:
        return []

    # What is far from the beginning is found from the end.
    backwards = start > count // 2
    skipped = max(0, count - start - length) if backwards else start
    columns = (
        column.desc() if descends is not backwards else column
        for column, descends in order
    )
    shown = listed.order_by(*columns).offset(skipped).limit(length)
    rows = conn.execute(shown).all()
    return rows[::-1] if backwards else rows
