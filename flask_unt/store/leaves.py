"""What leaves tell of their views, whichever came first."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import sqlalchemy as sa

from .batch import Reading
from .dialect import delete_in
from .dialect import select_in
from .dialect import update_rows
from .dialect import upsert
from .pages import Titled
from .schema import leave
from .schema import page_view
from .schema import visit


@dataclass
class Applied:
    """``count`` readings were news; the hours of ``moments`` changed."""

    count: int = 0
    moments: set[int] = field(default_factory=set)
    titles: dict[int, Titled] = field(default_factory=dict)


def apply_readings(
    connection: sa.Connection,
    readings: Mapping[bytes, Reading],
    readers: Mapping[bytes, int],
    now: int,
) -> Applied:
    """Write readings to their stored views, and keep those whose view is to come.

    :param readers: the ids of their visitors, by the view's key.
    """
    done = Applied()
    statement = sa.select(
        page_view.c.id,
        page_view.c.visit_id,
        page_view.c.page_id,
        page_view.c.local_time,
        page_view.c.engaged_ms,
        page_view.c.scroll,
    )
    rows = list(select_in(connection, statement, page_view.c.id, sorted(readings)))
    _update_views(connection, rows, readings, done)
    stored = {row.id for row in rows}
    early = {key: readings[key] for key in readings if key not in stored}
    _keep_early(connection, early, readers, now, done)

    return done


def take_early(
    connection: sa.Connection, keys: Iterable[bytes]
) -> dict[bytes, Reading]:
    """The readings that came before these views; they are not kept any longer."""
    found = _early(connection, keys)
    delete_in(connection, leave.c.id, sorted(found))

    return found


def _update_views(
    connection: sa.Connection,
    rows: list[Any],
    readings: Mapping[bytes, Reading],
    done: Applied,
) -> None:
    changes = []
    more: dict[bytes, int] = {}

    for row in rows:
        new = readings[row.id]
        engaged = max(row.engaged_ms, new.engaged)
        scroll = max(row.scroll, new.scroll)

        if new.title:
            titled = (new.time, new.title)
            done.titles[row.page_id] = max(titled, done.titles.get(row.page_id, titled))

        if (engaged, scroll) == (row.engaged_ms, row.scroll):
            continue

        changes.append((row.id, {"engaged_ms": engaged, "scroll": scroll}))
        done.moments.add(row.local_time)

        if row.visit_id is not None:
            more[row.visit_id] = more.get(row.visit_id, 0) + engaged - row.engaged_ms

    update_rows(connection, page_view, "id", changes)
    _lengthen_visits(connection, more)
    done.count += len(changes)


def _lengthen_visits(connection: sa.Connection, more: dict[bytes, int]) -> None:
    if not more:
        return

    statement = (
        sa.update(visit)
        .where(visit.c.id == sa.bindparam("known", type_=visit.c.id.type))
        .values(engaged_ms=visit.c.engaged_ms + sa.bindparam("more"))
    )
    values = [{"known": id, "more": more[id]} for id in sorted(more)]
    connection.execute(statement, values)


def _keep_early(
    connection: sa.Connection,
    early: dict[bytes, Reading],
    readers: Mapping[bytes, int],
    now: int,
    done: Applied,
) -> None:
    known = _early(connection, early)
    rows = []

    for key in sorted(early):
        reading = early[key].joined(known.get(key, early[key]))

        if reading == known.get(key):
            continue

        rows.append(
            {
                "id": key,
                "visitor_id": readers.get(key),
                "engaged_ms": reading.engaged,
                "scroll": reading.scroll,
                "title": reading.title,
                "time": reading.time,
                "at": now,
            }
        )

    done.count += len(rows)
    replaced = ("engaged_ms", "scroll", "title", "time", "at")
    upsert(connection, leave, rows, ("id",), dict.fromkeys(replaced, "new"))


def _early(connection: sa.Connection, keys: Iterable[bytes]) -> dict[bytes, Reading]:
    rows = select_in(connection, sa.select(leave), leave.c.id, sorted(keys))

    return {
        row.id: Reading(row.engaged_ms, row.scroll, row.title, row.time) for row in rows
    }
