"""Delete what is older than the site keeps, in small pieces."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from flask_unt.errors import WriteFailed

from .engine import Database
from .hours import day_of
from .hours import day_start
from .partitions import drop_months
from .schema import event
from .schema import leave
from .schema import link
from .schema import mark
from .schema import page_view
from .schema import set_aside
from .schema import site
from .schema import visit
from .schema import visitor
from .schema import visitor_figures
from .upkeep import recompute_marks
from .visitor_marks import TRACES
from .visitor_marks import mark_visitors

DAY_MS = 86_400_000
# A leave whose view has not come by then will stay alone.
LEAVE_DAYS = 90
PIECE = 500
Piece = Callable[[sa.Connection], int]


@dataclass(frozen=True, slots=True)
class Pruned:
    """Rows deleted, and months dropped as a whole (PostgreSQL)."""

    rows: int
    months: int


def prune(
    database: Database, now: int, *, retention_days: int | None, zone: str, bots: str
) -> Pruned:
    """Delete what is older than ``retention_days``; None keeps all for ever.

    Whole days of the site's time zone. Hours are summed up before their rows go.
    """
    lonely = now - LEAVE_DAYS * DAY_MS
    rows = _in_pieces(database, lambda c: _delete(c, leave, leave.c.at < lonely))

    if retention_days is None:
        return Pruned(rows, 0)

    horizon = day_start(day_of(now - retention_days * DAY_MS, zone), zone)
    _close_hours(database, horizon, zone, bots)
    months = _drop_months(database, horizon)

    for piece in _pieces(horizon):
        rows += _in_pieces(database, piece)

    return Pruned(rows, months)


def _close_hours(database: Database, horizon: int, zone: str, bots: str) -> None:
    """Sum up what is marked, then recompute nothing older than the horizon again."""
    waiting = sa.select(sa.func.count()).select_from(mark)

    while True:
        with database.writing() as connection:
            old = connection.scalar(waiting.where(mark.c.hour < horizon))

            if not old:
                _move_border(connection, horizon)
                return

            recompute_marks(connection, limit=24, zone=zone, bots=bots)


def _move_border(connection: sa.Connection, horizon: int) -> None:
    border = site.c.pruned_before
    connection.execute(
        sa.update(site)
        .where(site.c.id == 1, sa.or_(border.is_(None), border < horizon))
        .values(pruned_before=horizon)
    )


def _drop_months(database: Database, horizon: int) -> int:
    try:
        with database.writing() as connection:
            return drop_months(connection, horizon)
    except WriteFailed:
        # A role that may not drop tables: the rows go in pieces.
        return 0


def _pieces(horizon: int) -> Iterator[Piece]:
    for table in (page_view, event):
        # Late or skewed events stay until they were here for as long as the others.
        old = sa.and_(table.c.local_time < horizon, table.c.server_time < horizon)
        yield lambda c, table=table, old=old: _delete(c, table, old)  # type: ignore[misc]

    left = sa.select(page_view.c.id).where(page_view.c.visit_id == visit.c.id)
    over = sa.and_(visit.c.last_at < horizon, ~left.correlate(visit).exists())
    yield lambda c: _delete_visits(c, over)

    for table in TRACES:
        yield lambda c, table=table: _delete_traces(c, table, horizon)  # type: ignore[misc]

    linked = sa.select(link.c.id).where(link.c.visitor_id == visitor.c.id)
    viewed = sa.select(page_view.c.id).where(page_view.c.visitor_id == visitor.c.id)
    gone = sa.and_(
        visitor.c.last_seen < horizon,
        ~linked.correlate(visitor).exists(),
        ~viewed.correlate(visitor).exists(),
    )
    yield lambda c: _delete_visitors(c, gone)
    yield lambda c: _delete(c, set_aside, set_aside.c.created_at < horizon)


def _in_pieces(database: Database, piece: Piece) -> int:
    deleted = 0

    while True:
        with database.writing() as connection:
            done = piece(connection)

        deleted += done

        if done < PIECE:
            return deleted


def _delete(
    connection: sa.Connection, table: sa.Table, old: sa.ColumnElement[bool]
) -> int:
    ids = connection.scalars(sa.select(table.c.id).where(old).limit(PIECE)).all()

    if ids:
        connection.execute(sa.delete(table).where(table.c.id.in_(ids)))

    return len(ids)


def _delete_visits(connection: sa.Connection, over: sa.ColumnElement[bool]) -> int:
    statement = sa.select(visit.c.id, visit.c.visitor_id).where(over).limit(PIECE)
    rows = connection.execute(statement).all()
    connection.execute(sa.delete(visit).where(visit.c.id.in_([r.id for r in rows])))
    mark_visitors(connection, {row.visitor_id for row in rows})

    return len(rows)


def _delete_traces(connection: sa.Connection, table: sa.Table, horizon: int) -> int:
    """Who saw a page, or did something, long ago, and not since."""
    old = table.c.last_at < horizon
    statement = sa.select(table.c.visitor_id).where(old).limit(PIECE)
    ids = connection.scalars(statement).all()
    theirs = table.c.visitor_id.in_(set(ids))
    connection.execute(sa.delete(table).where(old, theirs))

    return len(ids)


def _delete_visitors(connection: sa.Connection, gone: sa.ColumnElement[bool]) -> int:
    ids = connection.scalars(sa.select(visitor.c.id).where(gone).limit(PIECE)).all()

    for column in (visitor_figures.c.visitor_id, visitor.c.id):
        connection.execute(sa.delete(column.table).where(column.in_(ids)))

    return len(ids)
