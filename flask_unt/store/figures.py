"""Who is to be listed, in figures, so that a list never looks at visits or views.

Never counted up: a visitor that something was written of is marked, and the figures
of a marked visitor, and of its users, are made anew from its visits. Team members and
the anonymous have theirs, too; bots have none where they are kept apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import sqlalchemy as sa

from .bulk import add_rows
from .dialect import chunks
from .dialect import select_in
from .schema import link
from .schema import page_view
from .schema import page_visitor
from .schema import site
from .schema import user
from .schema import user_figures
from .schema import visit
from .schema import visitor
from .schema import visitor_figures

NOBODY = 0
NAME_LIMIT = 255
# Of a visitor or a user, after who it is of.
FIGURES = ("first_seen", "last_seen", "visits", "views", "devices", "countries")
PLACES_LIMIT = 1000


@dataclass
class Sum:
    """Figures that are added up. ``parted`` are visits that several users were in."""

    first_seen: int | None = None
    last_seen: int | None = None
    visits: int = 0
    views: int = 0
    devices: set[str] = field(default_factory=set)
    countries: set[str] = field(default_factory=set)
    parted: set[bytes] = field(default_factory=set)

    def add(self, row: Any, visits: int) -> None:
        """Add a row with ``first_seen``, ``last_seen`` and ``views``."""
        self.first_seen = _of(min, self.first_seen, row.first_seen)
        self.last_seen = _of(max, self.last_seen, row.last_seen)
        self.visits += visits
        self.views += row.views

    def add_places(self, device: str | None, country: str | None) -> None:
        self.devices |= {device} - {None}  # type: ignore[arg-type]
        self.countries |= {country} - {None}  # type: ignore[arg-type]

    def values(self) -> tuple[Any, ...]:
        """The values of ``FIGURES``."""
        return (
            self.first_seen,
            self.last_seen,
            self.visits + len(self.parted),
            self.views,
            as_set(self.devices),
            as_set(self.countries),
        )


def as_set(words: Iterable[str]) -> str:
    """Words as one text in which each is found between commas."""
    text = "".join(f"{word}," for word in sorted(words))
    return f",{text}"[:PLACES_LIMIT] if text else ""


def of_set(text: str) -> tuple[str, ...]:
    """The words that were put into it."""
    return tuple(word for word in text.split(",") if word)


def is_behind(connection: sa.Connection) -> bool:
    """Whether some visitor is marked."""
    marked = sa.select(visitor.c.id).where(visitor.c.marked_from.is_not(None))
    return connection.execute(marked.limit(1)).first() is not None


def recompute_figures(connection: sa.Connection, *, limit: int, bots: str) -> int:
    """Make the figures of marked visitors anew, at most ``limit``; of how many."""
    # One at a time: two would each add up a user without the other's visitors.
    lock = sa.select(site.c.id).where(site.c.id == 1).with_for_update()
    connection.execute(lock)
    marked = _take_marks(connection, limit)

    if not marked:
        return 0

    ids = sorted(marked)
    users = _users_of(connection, ids)
    sums = _sums(connection, ids, bots)
    whose = {id for id, _ in sums} | {row.owner_id for row in marked.values()}
    ends = ends_of(connection, {*users, *whose} - {None, NOBODY})
    settled = _settled(sums, ends)
    _replace(connection, ids, settled)
    _note_pages(connection, marked, ends, bots)
    named = {*users, *(id for id, _ in settled)} - {NOBODY}
    rewrite_users(connection, named | {ends.get(id, id) for id in named})
    _unmark(connection, ids)

    return len(marked)


def ends_of(connection: sa.Connection, user_ids: Iterable[int]) -> dict[int, int]:
    """Who these users are after all merges."""
    rows = select_in(
        connection,
        sa.select(user.c.id, user.c.merged_into),
        user.c.id,
        sorted(set(user_ids)),
    )
    return {row.id: row.merged_into or row.id for row in rows}


def rewrite_users(connection: sa.Connection, user_ids: Iterable[int]) -> None:
    """Write the figures of users, whose visitors' figures are up to date."""
    ids = sorted(set(user_ids))
    members = _members(connection, ids)
    sums: dict[int, Sum] = {id: Sum() for id in members}
    figures = sa.select(visitor_figures)

    for row in select_in(connection, figures, visitor_figures.c.user_id, sorted(sums)):
        mine = sums[row.user_id]
        mine.add(row, row.visits)
        mine.devices |= set(of_set(row.devices))
        mine.countries |= set(of_set(row.countries))

    _delete(connection, user_figures.c.user_id, ids)
    names = ("user_id", "name", "verified", "team", "known_at", "words", *FIGURES)
    rows = [(id, *_described(members[id]), *sums[id].values()) for id in sorted(sums)]
    add_rows(connection, user_figures, names, rows)


def _of(choose: Any, one: int | None, other: int | None) -> int | None:
    known = [moment for moment in (one, other) if moment is not None]
    return int(choose(known)) if known else None


def _take_marks(connection: sa.Connection, limit: int) -> dict[int, sa.Row[Any]]:
    """Marked visitors, locked as a write locks them."""
    is_marked = visitor.c.marked_from.is_not(None)
    some = sa.select(visitor.c.id).where(is_marked).limit(limit)
    ids = sorted(connection.scalars(some))
    columns = (visitor.c.id, visitor.c.marked_from, visitor.c.owner_id)
    lock = sa.select(*columns).where(is_marked).order_by(visitor.c.id)
    rows = select_in(connection, lock.with_for_update(), visitor.c.id, ids)
    return {row.id: row for row in rows}


def _unmark(connection: sa.Connection, ids: Sequence[int]) -> None:
    for chunk in chunks(ids):
        unmarked = sa.update(visitor).where(visitor.c.id.in_(chunk))
        connection.execute(unmarked.values(marked_from=None))


def _users_of(connection: sa.Connection, visitor_ids: Sequence[int]) -> set[int]:
    """Everybody who has, or had, to do with these visitors."""
    return {
        row.user_id
        for table in (visitor_figures, link)
        for row in select_in(
            connection,
            sa.select(table.c.user_id).distinct(),
            table.c.visitor_id,
            visitor_ids,
        )
    }


def _sums(
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


def _settled(
    sums: Mapping[tuple[int, int], Sum], ends: Mapping[int, int]
) -> dict[tuple[int, int], Sum]:
    """The same by who they are in the end: a visit of two of these is one visit."""
    settled: dict[tuple[int, int], Sum] = {}

    for (whose, visitor_id), part in sums.items():
        mine = settled.setdefault((ends.get(whose, whose), visitor_id), Sum())
        mine.add(part, part.visits)
        mine.devices |= part.devices
        mine.countries |= part.countries
        mine.parted |= part.parted

    return settled


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


def _replace(
    connection: sa.Connection, ids: Sequence[int], sums: Mapping[tuple[int, int], Sum]
) -> None:
    _delete(connection, visitor_figures.c.visitor_id, ids)
    rows = [(*key, *mine.values()) for key, mine in sorted(sums.items())]
    names = ("user_id", "visitor_id", *FIGURES)
    add_rows(connection, visitor_figures, names, rows)


def _delete(
    connection: sa.Connection, column: sa.Column[Any], ids: Iterable[int]
) -> None:
    for chunk in chunks(ids):
        connection.execute(sa.delete(column.table).where(column.in_(chunk)))


def _members(connection: sa.Connection, ids: Sequence[int]) -> dict[int, list[Any]]:
    """The users who are one person, by who they are in the end, that one first."""
    members: dict[int, list[Any]] = {}
    statement = sa.select(user).order_by(user.c.id)
    roots = select_in(
        connection, statement.where(user.c.merged_into.is_(None)), user.c.id, ids
    )

    for row in list(roots):
        members[row.id] = [row]

    for row in select_in(connection, statement, user.c.merged_into, sorted(members)):
        members[row.merged_into].append(row)

    return members


def _described(members: Sequence[Any]) -> tuple[Any, ...]:
    """Name to sort by, verified, team, when they became known, words to search."""
    first = members[0]
    words = (w for row in members for w in (row.email, row.name, row.host_id) if w)
    name = first.email or first.name or first.host_id or ""
    return (
        name.casefold()[:NAME_LIMIT],
        first.verified,
        any(row.team for row in members),
        min(row.created_at for row in members),
        "\n".join(word.casefold() for word in words),
    )


def _note_pages(
    connection: sa.Connection,
    marked: Mapping[int, sa.Row[Any]],
    ends: Mapping[int, int],
    bots: str,
) -> None:
    """Which pages these visitors saw, also since their marks, and whose that is."""
    ids = sorted(marked)
    table = page_visitor.c
    columns = (table.page_id, table.visitor_id, table.user_id, table.last_at)
    stored = select_in(connection, sa.select(*columns), table.visitor_id, ids)
    last: dict[tuple[int, int, int], int] = {}

    for row in (*stored, *select_in(connection, _seen_pages(bots), visitor.c.id, ids)):
        key = row.page_id, row.visitor_id, row.user_id
        last[key] = max(row.last_at, last.get(key, row.last_at))

    rows = []

    for (page_id, visitor_id, user_id), last_at in sorted(last.items()):
        whose = user_id or marked[visitor_id].owner_id or NOBODY
        rows.append((page_id, visitor_id, user_id, ends.get(whose, whose), last_at))

    _delete(connection, table.visitor_id, ids)
    names = ("page_id", "visitor_id", "user_id", "whose_id", "last_at")
    add_rows(connection, page_visitor, names, rows)


def _seen_pages(bots: str) -> sa.Select[Any]:
    view = page_view
    counts = sa.true() if bots == "count" else view.c.bot.is_(sa.false())
    user_id = sa.func.coalesce(view.c.user_id, NOBODY)
    return (
        sa.select(
            view.c.page_id,
            view.c.visitor_id,
            user_id.label("user_id"),
            sa.func.max(view.c.local_time).label("last_at"),
        )
        .select_from(visitor)
        .join(
            view,
            sa.and_(
                view.c.visitor_id == visitor.c.id,
                view.c.local_time >= visitor.c.marked_from,
            ),
        )
        # What somebody sees as somebody else is on no page.
        .where(counts, view.c.impersonator_id.is_(None))
        .group_by(view.c.page_id, view.c.visitor_id, user_id)
    )
