"""What the site's own code asks about its users."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from ..merges import in_the_end
from ..schema import page
from ..schema import page_view
from ..schema import user
from ..schema import user_figures
from ..schema import visitor
from .upkeep import KeptUp

MINUTE_MS = 60_000
DAY_MS = 1440 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class FoundUser:
    """Somebody known, with all who are merged with them. Times are ms since 1970."""

    id: int
    email: str | None
    host_id: str | None
    name: str | None
    verified: bool
    team: bool
    first_seen: int | None
    last_seen: int | None
    visits: int
    views: int


@dataclass(frozen=True, slots=True)
class LandedView:
    """A page view that has landed in the database."""

    key: bytes
    local_time: int
    server_time: int
    host: str
    path: str
    title: str
    email: str | None
    name: str | None


class HostReported(KeptUp):
    """The part of a store that answers the site's own code."""

    def find_user(self, email: str) -> FoundUser | None:
        """Who has signed in with this address, else who has typed it; else None."""
        self._bring_figures_up_to_date()
        last = user.alias()
        figures = user_figures.c
        statement = (
            sa.select(
                last.c.id,
                last.c.email,
                last.c.host_id,
                last.c.name,
                last.c.verified,
                last.c.team,
                figures.first_seen,
                figures.last_seen,
                sa.func.coalesce(figures.visits, 0),
                sa.func.coalesce(figures.views, 0),
            )
            .select_from(user)
            .join(last, last.c.id == in_the_end())
            .outerjoin(user_figures, figures.user_id == last.c.id)
            .where(user.c.email == email)
            .order_by(user.c.verified.desc())
            .limit(1)
        )

        with self._transactions.reading() as connection:
            row = connection.execute(statement).first()

        return None if row is None else FoundUser(*tuple(row))

    def landed_since(
        self, since: int, user_id: int | None = None, *, limit: int = 1000
    ) -> list[LandedView]:
        """The newest views received since then, of one user or of all, oldest first.

        Of all, those that were made up to 10 minutes before; of one, up to a day.
        """
        made = since - (10 * MINUTE_MS if user_id is None else DAY_MS)
        view = page_view.c
        whose = sa.func.coalesce(view.user_id, visitor.c.owner_id)
        statement = (
            sa.select(
                view.id,
                view.local_time,
                view.server_time,
                page.c.host,
                page.c.path,
                page.c.title,
                user.c.email,
                user.c.name,
            )
            .join(page, page.c.id == view.page_id)
            .outerjoin(visitor, visitor.c.id == view.visitor_id)
            .outerjoin(user, user.c.id == whose)
            .where(view.local_time >= made, view.server_time >= since)
            .where(view.bot.is_(sa.false()))
            .order_by(view.server_time.desc(), view.id.desc())
            .limit(limit)
        )

        if user_id is not None:
            statement = statement.where(in_the_end() == user_id)

        with self._transactions.reading() as connection:
            return [LandedView(*row) for row in connection.execute(statement)][::-1]
