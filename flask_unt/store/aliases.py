"""Visitors that are one browser, which had to make itself a new id.

Its cookie still named the old one. The two stay two rows: the newer one notes the
older as ``alias_of``, and links that follow from it have the reason "alias".
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from flask_unt.events import Entry
from flask_unt.events import last_made
from flask_unt.events import made_fresh
from flask_unt.events import sole_visitor

from .dialect import select_in
from .dialect import update_rows
from .schema import visitor

COLUMNS = ("id", "uuid", "alias_of", "alias_at", "fresh_at")
Note = dict[str, Any]


def note_aliases(
    connection: sa.Connection,
    entries: Iterable[Entry],
    visitors: Mapping[str, sa.Row[Any]],
) -> set[int]:
    """Note what entries tell of their visitors' ids.

    :param entries: the earliest received first.
    :param visitors: their rows, locked.
    :returns: the ids of those of whom something new was told.
    """
    told = [entry for entry in entries if entry.fresh or entry.cookie]

    if not told:
        return set()

    before = {name: _note(row) for name, row in visitors.items()}
    now = {name: dict(note) for name, note in before.items()}
    roots = _roots(connection, {entry.cookie for entry in told} - {None})

    for entry in told:
        fresh = made_fresh(entry)
        name = sole_visitor(entry.events)
        made = last_made(entry.events)

        if fresh is not None:
            _note_fresh(now[fresh[0]], fresh[1])
        elif not entry.fresh and name is not None and made is not None:
            root = roots.get(entry.cookie)
            _note_alias(now[name], visitors[name].uuid, root, made)

    changed = {visitors[n].id: note for n, note in now.items() if note != before[n]}
    update_rows(connection, visitor, "id", sorted(changed.items(), key=lambda c: c[0]))

    return set(changed)


def browsers(
    connection: sa.Connection, visitor_ids: Iterable[int]
) -> dict[int, list[int]]:
    """For each of these visitors and of their browsers: all ids of that browser."""
    found = _neighbours(connection, visitor_ids)
    groups = {row.id: {row.id} for row in found.values()}

    for row in found.values():
        older = found.get(row.alias_of)

        if older is not None and _is_one_browser(row, older):
            both = groups[row.id] | groups[older.id]
            groups.update(dict.fromkeys(both, both))

    return {id: sorted(group) for id, group in groups.items()}


def _is_one_browser(newer: Any, older: Any) -> bool:
    """Not where either id was made on purpose, to be nobody's that was before."""
    if newer.fresh_at is not None:
        return False

    return older.fresh_at is None or newer.alias_at >= older.fresh_at


def _neighbours(
    connection: sa.Connection, visitor_ids: Iterable[int]
) -> dict[bytes, Any]:
    found: dict[bytes, Any] = {}
    statement = sa.select(*(visitor.c[name] for name in COLUMNS))
    new = list(select_in(connection, statement, visitor.c.id, sorted(set(visitor_ids))))

    while new:
        found.update((row.uuid, row) for row in new)
        older = {row.alias_of for row in new} - {None, *found}
        near = [
            *select_in(connection, statement, visitor.c.uuid, sorted(older)),
            *select_in(
                connection, statement, visitor.c.alias_of, [row.uuid for row in new]
            ),
        ]
        new = [row for row in near if row.uuid not in found]

    return found


def _roots(
    connection: sa.Connection, names: Iterable[str | None]
) -> dict[str | None, bytes]:
    """The oldest id known of each browser: a chain of aliases would be walked often."""
    keys = {name: uuid.UUID(name).bytes for name in names if name}
    statement = sa.select(visitor.c.uuid, visitor.c.alias_of).where(
        visitor.c.alias_of.is_not(None), visitor.c.fresh_at.is_(None)
    )
    rows = select_in(connection, statement, visitor.c.uuid, sorted(keys.values()))
    older = {row.uuid: row.alias_of for row in rows}

    return {name: older.get(key, key) for name, key in keys.items()}


def _note(row: Any) -> Note:
    return {name: getattr(row, name) for name in ("alias_of", "alias_at", "fresh_at")}


def _note_fresh(note: Note, at: int) -> None:
    known = note["fresh_at"]
    note["fresh_at"] = at if known is None else min(at, known)


def _note_alias(note: Note, own: bytes, older: bytes | None, at: int) -> None:
    if older is None or older == own:
        return

    if note["alias_of"] is None:
        note.update(alias_of=older, alias_at=at)
    elif note["alias_of"] == older:
        note["alias_at"] = max(at, note["alias_at"])
