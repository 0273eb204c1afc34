"""The stored visits that new views may touch, as parts for the rule."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from .dialect import select_in
from .schema import agent
from .schema import page_view
from .schema import visit
from .visits import Part

AGENT = ("browser", "system", "device", "language", "zone", "country")
CAME_FROM = ("referrer", "utm_source", "utm_medium", "utm_campaign")
DESCRIPTION = (*AGENT, *CAME_FROM)
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


def stored_near(
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
