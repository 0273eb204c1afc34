"""Which people are listed: conditions on their figures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from ..figures import NOBODY
from ..merges import in_the_end
from ..schema import user
from ..schema import user_figures
from ..schema import visit
from ..schema import visitor
from ..schema import visitor_figures
from .traces import Traces
from .traces import who_did
from .traces import who_saw

Moments = tuple[int | None, int | None]
ALWAYS: Moments = (None, None)


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """What somebody has to be to be listed; by default everybody is.

    Moments are half-open, None where there is no border. ``came`` is when they had a
    visit. ``page`` is a page's number, or its path, seen at ``page_since`` or later.
    ``column`` is the name and value of a column of the site's own.
    """

    search: str = ""
    seen: Moments = ALWAYS
    first: Moments = ALWAYS
    known: Moments = ALWAYS
    came: Moments = ALWAYS
    page: int | str | None = None
    page_since: int | None = None
    event: str = ""
    device: str = ""
    country: str = ""
    verified: bool | None = None
    column: tuple[str, str] | None = None
    team: bool = False

    @property
    def is_indexed(self) -> bool:
        """Whether an index tells who is like that."""
        return replace(self, seen=ALWAYS, verified=None, team=False) == PeopleFilter()

    @property
    def asks_for_traces_only(self) -> bool:
        """Whether all that is asked for is what somebody saw or did."""
        others = replace(self, page=None, page_since=None, event="", team=False)
        return others == PeopleFilter()

    @property
    def reads_all(self) -> bool:
        """Whether each row has to be read, in any order."""
        return bool(self.device or self.country or self.first != ALWAYS)


def traces_of(conn: sa.Connection, wanted: PeopleFilter) -> list[Traces]:
    """The traces that somebody has to have left."""
    traces = []

    if wanted.page is not None:
        traces.append(who_saw(conn, wanted.page, wanted.page_since))

    if wanted.event:
        traces.append(who_did(conn, wanted.event))

    return traces


def of_users(
    wanted: PeopleFilter, traces: Sequence[Traces], backend: str, one_by_one: bool
) -> list[sa.ColumnElement[bool]]:
    """Conditions on ``unt_user_figures``.

    ``one_by_one`` is fast where most of them hold, and few users are looked at.
    """
    figures = user_figures.c
    conditions = [
        *_of_both(user_figures, wanted),
        *_within(figures.known_at, wanted.known),
        *_within_sets(figures, wanted),
    ]

    if not wanted.team:
        conditions.append(figures.team.is_(sa.false()))

    if wanted.verified is not None:
        conditions.append(figures.verified.is_(wanted.verified))

    if wanted.search.strip():
        term = wanted.search.strip().casefold()
        conditions.append(figures.words.contains(term, autoescape=True))

    for one in traces:
        whose = figures.user_id
        conditions.append(one.has_user(whose) if one_by_one else whose.in_(one.users()))

    if wanted.came != ALWAYS:
        conditions.append(figures.user_id.in_(_who_came(wanted.came)))

    if wanted.column is not None:
        conditions.append(figures.user_id.in_(_with_column(wanted.column, backend)))

    return conditions


def of_visitors(
    wanted: PeopleFilter, traces: Sequence[Traces], one_by_one: bool
) -> list[sa.ColumnElement[bool]]:
    """The same on ``unt_visitor_figures``, of the anonymous ones."""
    figures = visitor_figures.c
    # Not by an index, which would read all rows in another order than they lie.
    whose = sa.func.coalesce(figures.user_id, NOBODY)
    conditions = [
        (whose if wanted.reads_all else figures.user_id) == NOBODY,
        *_of_both(visitor_figures, wanted),
        *_within_sets(figures, wanted),
    ]

    for one in traces:
        id = figures.visitor_id
        conditions.append(one.has_visitor(id) if one_by_one else id.in_(one.visitors()))

    if wanted.came != ALWAYS:
        came = sa.select(visit.c.visitor_id).where(*_within_visits(wanted.came))
        conditions.append(figures.visitor_id.in_(came))

    return conditions


def column_of(name: str, backend: str) -> sa.ColumnElement[Any]:
    """A column of the site's own as text, NULL where a user has none."""
    if backend == "postgresql":
        return user.c.host_columns.cast(postgresql.JSON).op("->>")(name)

    path = "$." + json.dumps(name, ensure_ascii=False)
    value = sa.func.json_extract(user.c.host_columns, path)

    if backend == "sqlite":
        return sa.cast(value, sa.String)

    return sa.func.json_unquote(value)


def _of_both(figures: Any, wanted: PeopleFilter) -> list[sa.ColumnElement[bool]]:
    return [
        *_within(figures.c.last_seen, wanted.seen),
        *_within(figures.c.first_seen, wanted.first),
    ]


def _within(column: Any, moments: Moments) -> list[sa.ColumnElement[bool]]:
    since, until = moments
    conditions = [] if since is None else [column >= since]
    return conditions if until is None else [*conditions, column < until]


def _within_sets(figures: Any, wanted: PeopleFilter) -> list[sa.ColumnElement[bool]]:
    return [
        column.contains(f",{word},", autoescape=True)
        for column, word in (
            (figures.devices, wanted.device),
            (figures.countries, wanted.country),
        )
        if word
    ]


def _within_visits(moments: Moments) -> list[sa.ColumnElement[bool]]:
    return _within(visit.c.started_at, moments)


def _who_came(moments: Moments) -> Any:
    """Whose visits began then."""
    signed_in = sa.select(in_the_end()).join_from(
        visit, user, user.c.id == visit.c.user_id
    )
    owned = (
        sa.select(in_the_end())
        .join_from(visit, visitor, visitor.c.id == visit.c.visitor_id)
        .join(user, user.c.id == visitor.c.owner_id)
        .where(visit.c.user_views < visit.c.views)
    )
    return sa.union(
        *(half.where(*_within_visits(moments)) for half in (signed_in, owned))
    )


def _with_column(column: tuple[str, str], backend: str) -> sa.Select[Any]:
    name, value = column
    return sa.select(in_the_end()).where(
        user.c.host_columns.is_not(None), column_of(name, backend) == value
    )
