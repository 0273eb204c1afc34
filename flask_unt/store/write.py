"""Write a batch of entries: one transaction, the same result however often it runs."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from typing import NamedTuple
from typing import TypeVar

import sqlalchemy as sa

from flask_unt.events import Entry
from flask_unt.events import Identity

from .attach import attach_events
from .batch import Batch
from .batch import sort_out
from .bulk import add_new
from .dialect import select_in
from .dialect import upsert
from .forgotten import forgotten_among
from .forgotten import without_people
from .forgotten import without_visitors
from .hours import hours_among
from .leaves import apply_readings
from .leaves import take_early
from .meeting import meet_everybody
from .new_views import add_views
from .new_views import latest_titles
from .new_views import readings_of
from .news import note_visits
from .pages import retitle
from .people import hold_users
from .people import meet_users
from .people import meet_visitors
from .regroup import Regrouped
from .rows import EVENT_COLUMNS
from .rows import event_rows
from .rules import Rules
from .schema import event
from .schema import forgotten
from .schema import leave
from .schema import mark
from .schema import page_view
from .trouble import Overtaken

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Written:
    """How many events a write stored, and how many were known before.

    ``forgotten`` events were dropped: they are of the visitors ``gone``.
    """

    stored: int
    duplicates: int
    forgotten: int = 0
    gone: frozenset[str] = frozenset()


class Kept(NamedTuple):
    """Which tables are not empty: mostly there is nothing to look for in these."""

    forgotten: bool
    leaves: bool
    events: bool


class Left(NamedTuple):
    """What is left of a batch without those who were ``gone``, its visitors locked."""

    batch: Batch
    visitors: Mapping[str, sa.Row[Any]]
    kept: Kept
    gone: frozenset[str]


def write_entries(
    connection: sa.Connection, entries: Sequence[Entry], rules: Rules, now: int
) -> Written:
    """Write what is new in these entries, but nothing of who was forgotten."""
    sent = sort_out(entries)
    held = hold_users(connection, sent.identities)
    batch, visitors, kept, gone = _left_of(connection, sent, rules)
    users = _meet_users(connection, batch, held, rules, now)
    people = meet_everybody(connection, batch, visitors, users, rules)
    views = _unknown(connection, page_view, batch.views)
    customs = _unknown(connection, event, batch.customs)
    later = {key: r for key, r in batch.readings.items() if key not in views}

    readers = {key: people.visitors[name] for key, name in batch.readers.items()}
    applied = apply_readings(connection, later, readers, now)
    early = take_early(connection, views) if kept.leaves else {}
    readings = readings_of(batch, views, early)
    regrouped, titles, late = add_views(connection, views, people, readings, rules)
    note_visits(connection, regrouped, now)
    rows = event_rows(customs.values(), people)
    late += len(rows) - add_new(connection, event, EVENT_COLUMNS, rows, "id")

    if customs or kept.events:
        _attach(connection, customs, views, regrouped, rules)

    retitle(connection, latest_titles(titles, applied.titles))
    moments = {view.time for view, _ in views.values()}
    moments |= applied.moments | regrouped.moments
    mark_hours(connection, moments, rules.timezone)

    read = len(batch.readings) - len(later) + applied.count
    stored = len(views) + len(customs) - late + read + batch.identifies
    return Written(
        stored, batch.events - stored, sent.events - batch.events, gone & set(sent.seen)
    )


def _left_of(connection: sa.Connection, sent: Batch, rules: Rules) -> Left:
    left = without_people(connection, sent, rules.mark_keys)
    batch = sent if left is sent.entries else sort_out(left)
    visitors = meet_visitors(connection, batch.seen)
    kept = look(connection)

    if not kept.forgotten:
        return Left(batch, visitors, kept, frozenset())

    names = {*batch.seen, *(entry.cookie for entry in batch.entries)}
    gone = forgotten_among(connection, names)

    if gone:
        batch = sort_out(without_visitors(left, gone))

    return Left(batch, visitors, kept, gone)


def _meet_users(
    connection: sa.Connection, batch: Batch, held: set[int], rules: Rules, now: int
) -> dict[Identity, int]:
    """Have the users in the table.

    :raises Overtaken: one who is new was forgotten before they were there.
    """
    users = meet_users(connection, batch.identities, now)
    is_sure = held.issuperset(users.values())

    if is_sure or without_people(connection, batch, rules.mark_keys) is batch.entries:
        return users

    raise Overtaken("Somebody was forgotten while this was written.")


def _attach(
    connection: sa.Connection,
    customs: Iterable[bytes],
    views: Iterable[bytes],
    regrouped: Regrouped,
    rules: Rules,
) -> None:
    """Give custom events, and those beside what changed, their visits."""
    attach_events(
        connection,
        event_ids=customs,
        view_ids=views,
        visit_ids=regrouped.gone,
        spans=regrouped.spans,
        user_ids=regrouped.users,
        timeout_ms=rules.timeout_ms,
    )


def _unknown(
    connection: sa.Connection, table: sa.Table, found: Mapping[bytes, E]
) -> dict[bytes, E]:
    rows = select_in(connection, sa.select(table.c.id), table.c.id, sorted(found))
    known = {row.id for row in rows}

    return {key: found[key] for key in sorted(found) if key not in known}


def mark_hours(connection: sa.Connection, moments: Iterable[int], zone: str) -> None:
    """Ask for hours to be recomputed. Last of all: it holds their rows until commit.

    A mark that is there is locked, too: who recomputes that hour waits for us.
    """
    hours = sorted(hours_among(moments, zone))
    upsert(connection, mark, [{"hour": h} for h in hours], ("hour",), {"hour": "new"})


def look(connection: sa.Connection) -> Kept:
    """What there is at all. Asked with the visitors locked, so it stays as it is."""
    tables = (forgotten, leave, event)
    statement = sa.select(
        *(sa.exists(sa.select(sa.literal(1)).select_from(t)) for t in tables)
    )

    return Kept(*map(bool, connection.execute(statement).one()))
