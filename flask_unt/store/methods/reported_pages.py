"""What the dashboard asks of pages and of now: see the functions of the same names."""

from __future__ import annotations

from .. import reports
from ..ownership import with_team
from .upkeep import KeptUp


class ReportedPages(KeptUp):
    """The part of a store that knows one page, and who is here now."""

    def page(self, id: int) -> reports.PageName | None:
        """How a page is called: see :func:`reports.page`."""
        with self._transactions.reading() as connection:
            return reports.page(connection, id)

    def find_pages(self, words: str, *, limit: int) -> reports.FoundPages:
        """Pages that are called so: see :func:`reports.find_pages`."""
        with self._transactions.reading() as connection:
            return reports.find_pages(connection, words, limit=limit)

    def live(self, *, now: int, team: bool = False) -> reports.Live:
        """Who is here now: see :func:`reports.live`."""
        with self._transactions.reading() as connection:
            bots = with_team(self.settings.bots, team)
            return reports.live(connection, now=now, bots=bots)

    def count_visitors(self, *, wanted: reports.PeopleFilter, limit: int) -> int:
        """How many anonymous visitors: see :func:`reports.count_visitors`."""
        with self._transactions.reading() as connection:
            return reports.count_visitors(connection, wanted=wanted, limit=limit)

    def count_users(self, *, wanted: reports.PeopleFilter, limit: int) -> int:
        """How many known users: see :func:`reports.count_users`."""
        with self._transactions.reading() as connection:
            return reports.count_users(connection, wanted, limit)

    def page_detail(
        self, id: int, *, since: int, until: int, now: int, team: bool = False
    ) -> reports.PageDetail | None:
        """One page's figures: see :func:`reports.page_detail`."""
        self._bring_up_to_date(now)

        with self._transactions.reading() as connection:
            return reports.page_detail(
                connection,
                id,
                since=since,
                until=until,
                now=now,
                zone=self.settings.timezone,
                bots=with_team(self.settings.bots, team),
            )

    def origins(
        self, *, since: int, until: int, limit: int = 5, team: bool = False
    ) -> reports.Origins:
        """Where visits came from: see :func:`reports.origins`."""
        with self._transactions.reading() as connection:
            return reports.origins(
                connection,
                since=since,
                until=until,
                limit=limit,
                bots=with_team(self.settings.bots, team),
            )

    def visit_ends(
        self,
        end: str,
        *,
        since: int,
        until: int,
        sort: str = "count",
        descending: bool = True,
        limit: int = 6,
        team: bool = False,
    ) -> reports.VisitEnds:
        """Where visits began, or ended: see :func:`reports.visit_ends`."""
        with self._transactions.reading() as connection:
            return reports.visit_ends(
                connection,
                end,
                since=since,
                until=until,
                sort=sort,
                descending=descending,
                limit=limit,
                bots=with_team(self.settings.bots, team),
            )

    def became_known(
        self, *, since: int, until: int, limit: int = 5, team: bool = False
    ) -> reports.BecameKnown:
        """What led to becoming known: see :func:`reports.became_known`."""
        with self._transactions.reading() as connection:
            return reports.became_known(
                connection,
                since=since,
                until=until,
                limit=limit,
                bots=with_team(self.settings.bots, team),
            )
