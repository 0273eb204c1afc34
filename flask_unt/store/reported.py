"""The reports as methods: each asks the database with the site's settings."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import sqlalchemy as sa

from flask_unt.errors import UNTError

from . import reports
from .figures import is_behind
from .figures import recompute_figures
from .inbox import CatchesUp
from .ownership import with_team
from .rebuild import begin_rebuild
from .rebuild import marks_left
from .reported_pages import ReportedPages
from .schema import site
from .settings import StoreSettings
from .transactions import Transactions
from .upkeep import recompute_marks

HOURS_AT_ONCE = 24
VISITORS_AT_ONCE = 200
REPORT_PATIENCE = 2.0


class Reported(ReportedPages, CatchesUp):
    """What the dashboard asks; see the functions of the same names in ``reports``."""

    settings: StoreSettings
    _transactions: Transactions

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

    def recompute_marks(self, limit: int, now: int) -> int:
        """Bring the latest marked hours' rollups up to date; how many marks."""
        return self._transactions.write(
            lambda c: recompute_marks(c, limit=limit, **self._counted())
        )

    def rebuild(self, now: int, progress: Callable[[int, int], None]) -> int:
        """Add up all open hours anew, in the present time zone; how many these were.

        :param progress: is told how many hours are done, and of how many.
        :raises StoreUnavailable: the database cannot be written to now.
        """
        zone = self.settings.timezone
        self.catch_up()
        self._transactions.write(lambda c: begin_rebuild(c, zone))
        hours = self._marks_left()
        left = hours

        while left:
            self.recompute_marks(HOURS_AT_ONCE, now)
            left = self._marks_left()
            progress(max(0, hours - left), hours)

        return hours

    def zone_of_rollups(self) -> str | None:
        """The time zone in which open hours were added up."""
        with self._transactions.reading() as connection:
            return connection.scalar(sa.select(site.c.timezone).where(site.c.id == 1))

    def _marks_left(self) -> int:
        with self._transactions.reading() as connection:
            return marks_left(connection)

    def recompute_figures(self, limit: int = VISITORS_AT_ONCE) -> int:
        """Bring the figures of marked visitors up to date; how many."""
        with self._transactions.reading() as connection:
            if not is_behind(connection):
                return 0

        bots = self.settings.bots
        return self._transactions.write(
            lambda c: recompute_figures(c, limit=limit, bots=bots)
        )

    def _counted(self, team: bool = False) -> dict[str, str]:
        return {
            "zone": self.settings.timezone,
            "bots": with_team(self.settings.bots, team),
        }

    def _bring_up_to_date(self, now: int) -> None:
        self._sum_up(now, REPORT_PATIENCE)
        self._bring_figures_up_to_date()

    def _bring_figures_up_to_date(self, seconds: float = REPORT_PATIENCE) -> None:
        """Of all marked visitors; what takes longer stays as it was."""
        self.catch_up(seconds)
        end = time.monotonic() + seconds

        with suppress(UNTError):
            while self.recompute_figures() and time.monotonic() < end:
                pass

    def _sum_up(self, now: int, seconds: float = float("inf")) -> None:
        """Recompute marked hours for so long; the rest keeps its older figures."""
        self.catch_up(seconds)
        end = time.monotonic() + seconds

        with suppress(UNTError):
            while time.monotonic() < end:
                if self.recompute_marks(HOURS_AT_ONCE, now) < HOURS_AT_ONCE:
                    return
