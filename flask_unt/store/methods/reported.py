"""The reports as methods: each asks the database with the site's settings."""

from __future__ import annotations

from .. import reports
from ..ownership import with_team
from .reported_pages import ReportedPages
from .upkeep import REPORT_PATIENCE


class Reported(ReportedPages):
    """What the dashboard asks; see the functions of the same names in ``reports``."""

    def overview(
        self, *, since: int, until: int, now: int, team: bool = False
    ) -> reports.Overview:
        """The first screen: see :func:`reports.overview`."""
        self._sum_up(now, REPORT_PATIENCE)

        with self._transactions.reading() as connection:
            return reports.overview(
                connection, since=since, until=until, now=now, **self._counted(team)
            )

    def page_share(
        self,
        *,
        user_id: int | None = None,
        since: int | None = None,
        until: int | None = None,
        sort: str = "count",
        descending: bool = True,
        limit: int = 6,
        team: bool = False,
    ) -> reports.PageShare:
        """How views spread over pages: see :func:`reports.page_share`."""
        if user_id is None:
            self._sum_up(0, REPORT_PATIENCE)

        with self._transactions.reading() as connection:
            return reports.page_share(
                connection,
                user_id=user_id,
                since=since,
                until=until,
                sort=sort,
                descending=descending,
                limit=limit,
                **self._counted(team or user_id is not None),
            )

    def users(
        self,
        *,
        now: int,
        search: str = "",
        wanted: reports.PeopleFilter | None = None,
        sort: str = "last_access",
        descending: bool = True,
        page: int = 1,
        per_page: int = 50,
        anonymous: bool = True,
    ) -> reports.UserList:
        """A page of the known users: see :func:`reports.users`."""
        self._bring_figures_up_to_date()
        wanted = wanted or reports.PeopleFilter(search=search)

        with self._transactions.reading() as connection:
            return reports.users(
                connection,
                now=now,
                wanted=wanted,
                sort=sort,
                descending=descending,
                page=page,
                per_page=per_page,
                anonymous=anonymous,
                **self._counted(wanted.team),
            )

    def visitors(
        self,
        *,
        wanted: reports.PeopleFilter | None = None,
        sort: str = "last_access",
        descending: bool = True,
        page: int = 1,
        per_page: int = 50,
    ) -> reports.VisitorList:
        """A page of the anonymous visitors: see :func:`reports.visitors`."""
        self._bring_figures_up_to_date()

        with self._transactions.reading() as connection:
            return reports.visitors(
                connection,
                wanted=wanted or reports.PeopleFilter(),
                sort=sort,
                descending=descending,
                page=page,
                per_page=per_page,
            )

    def user(self, id: int, *, now: int) -> reports.UserDetail | None:
        """One user's figures: see :func:`reports.user`."""
        self._bring_figures_up_to_date()

        with self._transactions.reading() as connection:
            return reports.user(connection, id, now=now, **self._counted(team=True))

    def who_in_the_end(self, id: int) -> int | None:
        """Who a user is after all merges, None if there is no such user."""
        with self._transactions.reading() as connection:
            return reports.who_in_the_end(connection, id)

    def navigation_log(
        self,
        user_id: int,
        *,
        before: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> reports.Log:
        """A user's page views, newest first: see :func:`reports.navigation_log`."""
        bots = with_team(self.settings.bots)

        with self._transactions.reading() as connection:
            return reports.navigation_log(
                connection, user_id, before=before, after=after, limit=limit, bots=bots
            )

    def visitor(self, id: int, *, now: int) -> reports.VisitorDetail | None:
        """One visitor's figures: see :func:`reports.visitor`."""
        self._bring_figures_up_to_date()

        with self._transactions.reading() as connection:
            return reports.visitor(connection, id, now=now, **self._counted(team=True))

    def visitor_log(
        self,
        visitor_id: int,
        *,
        before: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> reports.Log:
        """A visitor's page views: see :func:`reports.visitor_log`."""
        bots = with_team(self.settings.bots)

        with self._transactions.reading() as connection:
            return reports.visitor_log(
                connection,
                visitor_id,
                before=before,
                after=after,
                limit=limit,
                bots=bots,
            )

    def visitor_user(self, uuid: str) -> reports.VisitorUser | None:
        """Whose browser this is: see :func:`reports.visitor_user`."""
        with self._transactions.reading() as connection:
            return reports.visitor_user(connection, uuid)
