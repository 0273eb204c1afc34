"""Apply the rule for visits to the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import sqlalchemy as sa

from .bulk import add_rows
from .changes import change_rows
from .dialect import delete_in
from .dialect import update_rows
from .schema import page_view
from .schema import visit
from .stored_visits import CAME_FROM
from .stored_visits import DESCRIPTION
from .stored_visits import singles
from .stored_visits import stored_near
from .visitor_marks import mark_anew
from .visits import Group
from .visits import Part
from .visits import TakeApart
from .visits import group_parts

__all__ = ["CAME_FROM", "Regrouped", "regroup"]

FIGURES = (
    *("user_id", "started_at", "last_at", "last_id", "views", "user_views"),
    *("entry_page_id", "exit_page_id", "engaged_ms", "bot", "team"),
    *DESCRIPTION,
)


@dataclass
class Regrouped:
    """What the rule did.

    ``new`` has the visit of each new view, by the view's key. ``moments`` are times
    whose hours changed, ``spans`` by visitor the time its changed visits cover,
    ``gone`` the ids of visits whose views are now in another one, and ``users`` those
    who are or were signed in to changed visits.
    """

    new: dict[bytes, Group] = field(default_factory=dict)
    moments: set[int] = field(default_factory=set)
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)
    gone: set[bytes] = field(default_factory=set)
    users: set[int] = field(default_factory=set)


def regroup(
    connection: sa.Connection, new: Sequence[Part], timeout_ms: int
) -> Regrouped:
    """Take new views into their visitors' visits; the views are not stored yet."""
    done = Regrouped()

    if not new:
        return done

    parts, stored = stored_near(connection, new, timeout_ms)
    groups = _group(connection, parts, timeout_ms)
    changed = [group for group in groups if not _is_as_stored(group)]
    _move_views(connection, changed, stored, done)
    _store_visits(connection, changed, stored, done)

    return done


def _is_as_stored(group: Group) -> bool:
    return len(group.parts) == 1 and group.parts[0].whole


def _group(
    connection: sa.Connection, parts: dict[int, list[Part]], timeout_ms: int
) -> list[Group]:
    groups: list[Group] = []
    left = parts

    while left:
        apart: set[bytes] = set()
        again: dict[int, list[Part]] = {}

        for visitor_id, own in left.items():
            try:
                groups += group_parts(own, timeout_ms)
            except TakeApart as those:
                apart |= those.ids
                again[visitor_id] = [p for p in own if not _is_one(p, those.ids)]

        for single in singles(connection, apart):
            again[single.visitor_id].append(single)

        left = again

    return groups


def _is_one(part: Part, ids: set[bytes]) -> bool:
    return part.whole and part.visit_id in ids


def _move_views(
    connection: sa.Connection,
    groups: list[Group],
    stored: dict[bytes, Part],
    done: Regrouped,
) -> None:
    whole, single = [], []
    turned = set()

    for group in groups:
        to = {"visit_id": group.id, "bot": group.visit.bot}

        for part in group.parts:
            if part.visit_id is None:
                done.new[part.first[1]] = group
                continue

            was = stored[part.visit_id]

            if was.bot != group.visit.bot:
                done.moments |= _moments(connection, part)
                turned.add(part.visitor_id)

            if not part.whole:
                single.append((part.first[1], to))
            elif was.first[1] != group.id or was.bot != group.visit.bot:
                whole.append((part.visit_id, to))

    update_rows(connection, page_view, "id", single)
    update_rows(connection, page_view, "visit_id", whole)
    mark_anew(connection, turned)


def _moments(connection: sa.Connection, part: Part) -> set[int]:
    """The times of a stored part's views."""
    if not part.whole:
        return {part.first[0]}

    statement = sa.select(page_view.c.local_time)
    times = connection.scalars(statement.where(page_view.c.visit_id == part.visit_id))

    return set(times)


def _store_visits(
    connection: sa.Connection,
    groups: list[Group],
    stored: dict[bytes, Part],
    done: Regrouped,
) -> None:
    now = {group.id: group.visit for group in groups}
    before = {part.visit_id for group in groups for part in group.parts} - {None}
    done.gone = {id for id in before if id is not None} - set(now)
    new = [_row(id, part) for id, part in now.items() if id not in before]
    changes = [
        (id, *_figures(part)) for id, part in sorted(now.items()) if id in before
    ]

    delete_in(connection, visit.c.id, sorted(done.gone))
    change_rows(connection, visit, ("id", *FIGURES), changes)
    add_rows(connection, visit, ("id", "visitor_id", *FIGURES), sorted(new))
    _note_changes(now, {id: stored[id] for id in before if id}, done)


def _note_changes(
    now: dict[bytes, Part], before: dict[bytes, Part], done: Regrouped
) -> None:
    for id in {*now, *before}:
        old, new = before.get(id), now.get(id)

        for part in filter(None, (old, new)):
            low, high = done.spans.get(part.visitor_id, (part.first[0], part.last[0]))
            span = min(low, part.first[0]), max(high, part.last[0])
            done.spans[part.visitor_id] = span

            if part.user_id is not None:
                done.users.add(part.user_id)

        if _counted(old) != _counted(new):
            done.moments |= {part.first[0] for part in (old, new) if part}


def _counted(part: Part | None) -> tuple[Any, ...]:
    """All of a visit that an hour's figures depend on."""
    if part is None:
        return ()

    return part.first[0], part.bot, part.team, part.views == 1


def _figures(part: Part) -> tuple[Any, ...]:
    """The values of ``FIGURES``."""
    return (
        part.user_id,
        part.first[0],
        *part.last,
        part.views,
        part.user_views,
        part.entry_page_id,
        part.exit_page_id,
        part.engaged_ms,
        part.bot,
        part.team,
        *part.description,
    )


def _row(id: bytes, part: Part) -> tuple[Any, ...]:
    return (id, part.visitor_id, *_figures(part))
