"""Reports on one page."""

from __future__ import annotations

import sqlalchemy as sa

from . import schema
from .page_shapes import PageName


def page(conn: sa.Connection, id: int) -> PageName | None:
    """How a page is called, or None if there is no such page."""
    table = schema.page
    columns = (table.c.id, table.c.title, table.c.host, table.c.path)
    found = conn.execute(sa.select(*columns).where(table.c.id == id)).one_or_none()
    return None if found is None else PageName(*found)
