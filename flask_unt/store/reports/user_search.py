"""Which users a part of the list shows, and how many are like that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from typing import NamedTuple

import sqlalchemy as sa

from ..schema import user
from ..schema import user_figures
from .parts_of_lists import FEW
from .parts_of_lists import Part
from .parts_of_lists import part_of
from .parts_of_lists import read_part
from .people_filter import PeopleFilter
from .people_filter import column_of
from .people_filter import of_users
from .people_filter import traces_of
from .traces import Traces

SORTS = ("last_access", "first_seen", "email", "visits", "views")
COLUMN_SORT = "column:"


class Found(NamedTuple):
    """Users in their order, and how many there are on all ``pages``."""

    ids: list[int]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Order:
    """By a column; who has no value comes last, equal ones in the order of ids."""

    column: Any
    descending: bool
    is_own: bool = False

    @property
    def has_index(self) -> bool:
        return self.column is user_figures.c.last_seen

    def pairs(self, value: Any, user_id: Any) -> tuple[tuple[Any, bool], ...]:
        """What :func:`read_part` sorts by."""
        nothing = sa.case((value.is_(None), 1), else_=0)
        return (nothing, False), (value, self.descending), (user_id, self.descending)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who is asked for."""

    conn: sa.Connection
    wanted: PeopleFilter
    traces: Sequence[Traces]

    @property
    def is_one_trace(self) -> bool:
        return len(self.traces) == 1 and self.wanted.asks_for_traces_only

    @property
    def is_counted_soon(self) -> bool:
        return self.wanted.is_indexed or self.is_one_trace

    def conditions(self, one_by_one: bool = False) -> list[Any]:
        backend = self.conn.dialect.name
        return of_users(self.wanted, self.traces, backend, one_by_one)

    def counted(self) -> sa.Select[Any]:
        """Select a row for each."""
        if not self.is_one_trace:
            return sa.select(user_figures.c.user_id).where(*self.conditions())

        whose = self.traces[0].users().subquery("traces").c[0]
        return sa.select(whose).distinct().where(self._is_shown(whose))

    def of_users_themselves(self) -> list[Any]:
        """The same conditions on ``unt_user``."""
        id = user.c.id

        if self.wanted == PeopleFilter(team=self.wanted.team):
            return [user.c.merged_into.is_(None), self._is_shown(id)]

        return [id.in_(self.counted())]

    def _is_shown(self, user_id: Any) -> sa.ColumnElement[bool]:
        if self.wanted.team:
            return sa.true()

        team = sa.select(user_figures.c.user_id).where(user_figures.c.team.is_(True))
        is_shown: sa.ColumnElement[bool] = user_id.not_in(team)
        return is_shown


def order_of(sort: str, descending: bool, backend: str) -> Order:
    """How to sort by this; ValueError where nobody can."""
    columns: dict[str, Any] = {
        "first_seen": user_figures.c.first_seen,
        "last_access": user_figures.c.last_seen,
        "email": user_figures.c.name,
        "visits": user_figures.c.visits,
        "views": user_figures.c.views,
    }
    name = sort.removeprefix(COLUMN_SORT)

    if name != sort:
        return Order(column_of(name, backend), descending, is_own=True)

    if sort not in columns:
        raise ValueError(f"Users are sorted by one of {', '.join(SORTS)}.")

    return Order(columns[sort], descending)


def find_users(
    conn: sa.Connection, wanted: PeopleFilter, order: Order, page: int, per_page: int
) -> Found:
    """A page of the users who are like that; out of range, it is the nearest one."""
    asked = _Asked(conn, wanted, traces_of(conn, wanted))
    # What takes long to find is counted as it is found.
    counts_first = asked.is_counted_soon
    found = () if counts_first else _found_and_counted(asked, order, page, per_page)
    total = found[0].total if found else _total(asked, page)
    part = part_of(total, page, per_page)

    if not found:
        walks = order.has_index and total >= FEW
        found = (_walked if walks else _sorted)(asked, order, total, part)

    return Found([row.user_id for row in found], total, part.page, part.pages)


def count_users(conn: sa.Connection, wanted: PeopleFilter, limit: int) -> int:
    """How many users are like that, counted up to ``limit``."""
    asked = _Asked(conn, wanted, traces_of(conn, wanted))
    return _count(conn, asked.counted().limit(limit))


def _count(conn: sa.Connection, found: sa.Select[Any]) -> int:
    counted = sa.select(sa.func.count()).select_from(found.subquery("found"))
    return conn.scalar(counted) or 0


def _total(asked: _Asked, page: int) -> int:
    is_nobody = not asked.is_counted_soon and page <= 1
    return 0 if is_nobody else _count(asked.conn, asked.counted())


def _found_and_counted(
    asked: _Asked, order: Order, page: int, per_page: int
) -> Sequence[sa.Row[Any]]:
    """Empty where there are not so many."""
    each = _each(asked, order)
    ordered = (
        value.desc() if descends else value
        for value, descends in order.pairs(each.c.value, each.c.user_id)
    )
    total = sa.func.count().over().label("total")
    first = (max(page, 1) - 1) * per_page
    shown = sa.select(each.c.user_id, total).order_by(*ordered).offset(first)
    return asked.conn.execute(shown.limit(per_page)).all()


def _sorted(
    asked: _Asked, order: Order, total: int, part: Part
) -> Sequence[sa.Row[Any]]:
    each = _each(asked, order)
    pairs = order.pairs(each.c.value, each.c.user_id)
    listed = sa.select(each.c.user_id)
    return read_part(asked.conn, listed, pairs, total, part.start, part.length)


def _each(asked: _Asked, order: Order) -> sa.Subquery:
    """All of them, with what they are sorted by, which is looked up once."""
    listed = sa.select(user_figures.c.user_id, order.column.label("value"))
    listed = listed.where(*asked.conditions())

    if order.is_own:
        listed = sa.select(user.c.id.label("user_id"), order.column.label("value"))
        listed = listed.where(*asked.of_users_themselves())

    # With an offset, a planner does not walk through everybody in their order.
    return listed.offset(0).subquery("each_user")


def _walked(
    asked: _Asked, order: Order, total: int, part: Part
) -> Sequence[sa.Row[Any]]:
    """Those who were seen in the order of the index, and after them the others."""
    column, user_id = order.column, user_figures.c.user_id
    alike = sa.select(user_id).where(*asked.conditions(one_by_one=True))
    never = alike.where(column.is_(None))
    others = _count(asked.conn, never)
    seen, end = total - others, part.start + part.length
    last = (user_id, order.descending)
    rows = read_part(
        asked.conn,
        alike.where(column.is_not(None)),
        ((column, order.descending), last),
        seen,
        part.start,
        min(end, seen) - part.start,
    )
    start = max(part.start, seen) - seen
    more = read_part(asked.conn, never, (last,), others, start, end - seen - start)
    return [*rows, *more]
