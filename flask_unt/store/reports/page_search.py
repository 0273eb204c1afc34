"""Pages that are called somehow."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from .. import schema
from .shapes import FoundPages
from .shapes import PageName


def find_pages(conn: sa.Connection, words: str, *, limit: int) -> FoundPages:
    """The pages with these words in their title or path, the shortest path first."""
    page = schema.page.c

    if not words:
        return FoundPages(0, ())

    found = conn.execute(
        sa.select(
            page.id, page.title, page.host, page.path, sa.func.count().over().label("n")
        )
        .where(sa.or_(*_has(page.title, words), *_has(page.path, words, quote(words))))
        .order_by(sa.func.length(page.path), page.path, page.id)
        .limit(limit)
    ).all()
    rows = tuple(PageName(row.id, row.title, row.host, row.path) for row in found)
    return FoundPages(found[0].n if found else 0, rows)


def _has(column: sa.Column[Any], *words: str) -> list[sa.ColumnElement[bool]]:
    """In any case; where a database only knows that of ASCII, in the likely ones."""
    lower = sa.func.lower(column).contains(words[0].lower(), autoescape=True)
    likely = dict.fromkeys((*words, words[0].lower(), words[0].capitalize()))
    return [lower, *(column.contains(each, autoescape=True) for each in likely)]
