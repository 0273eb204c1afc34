"""Apply the rule for visits to the tables."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import sqlalchemy as sa

from .bulk import add_rows
from .bulk import change_rows
from .dialect import chunks
from .dialect import select_in
from .dialect import update_rows
from .schema import agent
from .schema import page_view
from .schema import visit
from .visitor_marks import mark_anew
from .visits import Group
from .visits import Part
from .visits import TakeApart
from .visits import group_parts

AGENT = ("browser", "system", "device", "language", "zone", "country")
CAME_FROM = ("referrer", "utm_source", "utm_medium", "utm_campaign")
DESCRIPTION = (*AGENT, *CAME_FROM)
FIGURES = (
    *("user_id", "started_at", "last_at", "last_id", "views", "user_views"),
    *("entry_page_id", "exit_page_id", "engaged_ms", "bot", "team"),
    *DESCRIPTION,
)
SINGLE = (
    "id",
    "visit_id",
    "visitor_id",
    "user_id",
    "page_id",
    "local_time",
    "engaged_ms",
    "team",
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

    parts, stored = _load(connection, new, timeout_ms)
    groups = _group(connection, parts, timeout_ms)
    changed = [group for group in groups if not _is_as_stored(group)]
    _move_views(connection, changed, stored, done)
    _store_visits(connection, changed, stored, done)

    return done


def _is_as_stored(group: Group) -> bool:
    return len(group.parts) == 1 and group.parts[0].whole


def _load(
    connection: sa.Connection, new: Sequence[Part], timeout_ms: int
) -> tuple[dict[int, list[Part]], dict[bytes, Part]]:
    """New views and the visits they may touch, by visitor; those visits by id."""
    parts: dict[int, list[Part]] = {}

    for part in new:
        parts.setdefault(part.visitor_id, []).append(part)

    near: dict[int, list[Part]] = {}
    wanted = set(parts)
    low = min(part.first[0] for part in new) - timeout_ms
    high = max(part.last[0] for part in new) + timeout_ms

    while wanted:
        found = _stored_visits(connection, wanted, low, high)
        touched = {id: _touched(parts[id], found[id], timeout_ms) for id in found}
        near |= touched
        # A visit may lean on the next one, beyond what was looked at.
        spans = {id: _span(some, timeout_ms) for id, some in touched.items() if some}
        wanted = {id for id, span in spans.items() if span[0] < low or span[1] > high}
        low = min((low, *(span[0] for span in spans.values())))
        high = max((high, *(span[1] for span in spans.values())))

    for id, wholes in near.items():
        parts[id] += wholes

    return parts, {p.first[1]: p for wholes in near.values() for p in wholes}


def _span(wholes: Sequence[Part], timeout_ms: int) -> tuple[int, int]:
    """From when to when the neighbours of these visits must be known."""
    first = min(part.first[0] for part in wholes) - timeout_ms
    last = max(part.last[0] for part in wholes) + timeout_ms

    return first, last


def _stored_visits(
    connection: sa.Connection, visitor_ids: Iterable[int], low: int, high: int
) -> dict[int, list[Part]]:
    """By visitor: those of whom there are any."""
    found: dict[int, list[Part]] = {}
    statement = sa.select(visit).where(visit.c.last_at >= low)
    statement = statement.where(visit.c.started_at <= high)

    for row in select_in(
        connection, statement, visit.c.visitor_id, sorted(visitor_ids)
    ):
        found.setdefault(row.visitor_id, []).append(_whole(row))

    return found


def _touched(new: list[Part], stored: list[Part], timeout_ms: int) -> list[Part]:
    """The visits between, around and next to the new views, step by step."""
    low = min(part.first[0] for part in new) - timeout_ms
    high = max(part.last[0] for part in new) + timeout_ms
    near: list[Part] = []
    rest = stored

    while found := [p for p in rest if p.last[0] >= low and p.first[0] <= high]:
        near += found
        taken = {part.visit_id for part in found}
        rest = [part for part in rest if part.visit_id not in taken]
        low = min(low, *(part.first[0] - timeout_ms for part in found))
        high = max(high, *(part.last[0] + timeout_ms for part in found))

    return near


def _whole(row: sa.Row[Any]) -> Part:
    return Part(
        visitor_id=row.visitor_id,
        first=(row.started_at, row.id),
        last=(row.last_at, row.last_id),
        user_id=row.user_id,
        views=row.views,
        user_views=row.user_views,
        entry_page_id=row.entry_page_id,
        exit_page_id=row.exit_page_id,
        engaged_ms=row.engaged_ms,
        bot=row.bot,
        team=row.team,
        description=tuple(getattr(row, name) for name in DESCRIPTION),
        visit_id=row.id,
        whole=True,
    )


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


def singles(connection: sa.Connection, visit_ids: set[bytes]) -> Iterable[Part]:
    """The stored views of these visits, each for itself."""
    statement = sa.select(
        *(page_view.c[name] for name in SINGLE),
        *(page_view.c[name] for name in CAME_FROM),
        *(agent.c[name] for name in ("bot", *AGENT)),
    ).join(agent, agent.c.id == page_view.c.agent_id)

    for row in select_in(
        connection, statement, page_view.c.visit_id, sorted(visit_ids)
    ):
        yield Part(
            visitor_id=row.visitor_id,
            first=(row.local_time, row.id),
            last=(row.local_time, row.id),
            user_id=row.user_id,
            views=1,
            user_views=int(row.user_id is not None),
            entry_page_id=row.page_id,
            exit_page_id=row.page_id,
            engaged_ms=row.engaged_ms,
            bot=row.bot,
            team=row.team,
            description=tuple(getattr(row, name) for name in DESCRIPTION),
            visit_id=row.visit_id,
        )


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

    for chunk in chunks(sorted(done.gone)):
        connection.execute(sa.delete(visit).where(visit.c.id.in_(chunk)))

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
