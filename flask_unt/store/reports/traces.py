"""Who saw a page, and who did something: by the rows that are kept of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..figures import NOBODY
from ..merges import in_the_end
from ..schema import event
from ..schema import event_visitor
from ..schema import page
from ..schema import page_visitor
from ..schema import user


@dataclass(frozen=True, slots=True)
class Traces:
    """Rows of one of the tables, each of which tells somebody who left a trace.

    ``has_one_a_visitor``: of each anonymous visitor, and only of those with figures.
    ``alone`` selects users who left one where no browser is known.
    """

    table: sa.Table
    conditions: tuple[sa.ColumnElement[bool], ...]
    has_one_a_visitor: bool = False
    alone: sa.Select[Any] | None = None

    def users(self) -> Any:
        """Select who they are in the end, some of them several times."""
        whose = self.table.c.whose_id
        theirs = sa.select(whose).where(*self.conditions, whose > NOBODY)
        return theirs if self.alone is None else sa.union(theirs, self.alone)

    def visitors(self) -> sa.Select[Any]:
        """Select those of them that are nobody's."""
        nobodys = self.table.c.whose_id == NOBODY
        return sa.select(self.table.c.visitor_id).where(*self.conditions, nobodys)

    def has_user(self, user_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
        """Whether a user is one of them, looked up for each."""
        found = self._has(self.table.c.whose_id == user_id)
        return found if self.alone is None else sa.or_(found, user_id.in_(self.alone))

    def has_visitor(self, visitor_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
        """Whether a visitor who is nobody's is one of them, looked up for each."""
        nobodys = self.table.c.whose_id == NOBODY
        return self._has(nobodys, self.table.c.visitor_id == visitor_id)

    def _has(self, *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
        # Without an offset, PostgreSQL would look for all of them at first.
        one = sa.select(sa.literal(1)).where(*self.conditions, *conditions)
        return one.offset(0).exists()


def who_saw(conn: sa.Connection, wanted: int | str, since: int | None) -> Traces:
    """Who saw a page, by its number or its path; since a moment, if there is one."""
    seen = page_visitor.c
    recent = () if since is None else (seen.last_at >= since,)

    of_path = sa.select(page.c.id).where(page.c.path == wanted)
    ids = [wanted] if isinstance(wanted, int) else conn.scalars(of_path).all()

    if len(ids) == 1:
        return Traces(page_visitor, (seen.page_id == ids[0], *recent), True)

    return Traces(page_visitor, (seen.page_id.in_(ids), *recent))


def who_did(conn: sa.Connection, name: str) -> Traces:
    """Who did what a custom event of this name tells."""
    did = (event_visitor.c.name == name,)
    alone = (
        sa.select(in_the_end())
        .join_from(event, user, user.c.id == event.c.user_id)
        .where(
            event.c.name == name,
            event.c.visitor_id.is_(None),
            event.c.impersonator_id.is_(None),
        )
    )

    # Mostly there are none, and then nothing has to be united.
    if conn.execute(alone.limit(1)).first() is None:
        return Traces(event_visitor, did)

    return Traces(event_visitor, did, alone=alone)
