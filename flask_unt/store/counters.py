"""What processes count and note where there is no Redis for it."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from .dialect import upsert
from .schema import counter

Notes = Mapping[str, tuple[int, str]]
NAME_LIMIT = 128
NOTE_LIMIT = 300


def add_counts(
    connection: sa.Connection, counts: Mapping[str, int], notes: Notes
) -> None:
    """Add to the figures, and replace notes: each a time in ms and a text."""
    known_by = ("name",)
    figures = [_row(name, value) for name, value in sorted(counts.items()) if value]
    texts = [_row(name, at, text) for name, (at, text) in sorted(notes.items())]
    upsert(connection, counter, figures, known_by, {"value": "sum"})
    upsert(connection, counter, texts, known_by, {"value": "new", "note": "new"})


def read_counts(
    connection: sa.Connection,
) -> tuple[dict[str, int], dict[str, tuple[int, str]]]:
    """All figures, and all notes."""
    rows = connection.execute(sa.select(counter)).all()
    figures = {row.name: row.value for row in rows if row.note is None}
    notes = {row.name: (row.value, row.note) for row in rows if row.note is not None}

    return figures, notes


def _row(name: str, value: int, note: str | None = None) -> dict[str, object]:
    text = None if note is None else note[:NOTE_LIMIT]

    return {"name": name[:NAME_LIMIT], "value": value, "note": text}
