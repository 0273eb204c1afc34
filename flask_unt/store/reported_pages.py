"""What the dashboard asks of pages and of now: see the functions of the same names."""

from __future__ import annotations

from . import live_reports
from . import page_reports
from . import user_list
from . import visit_reports
from . import visitor_list
from .ownership import with_team
from .page_shapes import BecameKnown
from .page_shapes import Live
from .page_shapes import Origins
from .page_shapes import PageDetail
from .page_shapes import PageName
from .people_filter import PeopleFilter
from .settings import StoreSettings
from .transactions import Transactions


class ReportedPages:
    """The part of a store that knows one page, and who is here now."""

    settings: StoreSettings
    _transactions: Transactions

    def page(self, id: int) -> PageName | None:
        """How a page is called: see :func:`page_reports.page`."""
        with self._transactions.reading() as connection:
            return page_reports.page(connection, id)

    def live(self, *, now: int, team: bool = False) -> Live:
        """Who is here now: see :func:`live_reports.live`."""
        with self._transactions.reading() as connection:
            bots = with_team(self.settings.bots, team)
            return live_reports.live(connection, now=now, bots=bots)

    def count_visitors(self, *, wanted: PeopleFilter, limit: int) -> int:
        """How many anonymous visitors: see :func:`visitor_list.count_visitors`."""
        with self._transactions.reading() as connection:
            return visitor_list.count_visitors(connection, wanted=wanted, limit=limit)

    def count_users(self, *, wanted: PeopleFilter) -> int:
        """How many known users: see :func:`user_list.count_users`."""
        with self._transactions.reading() as connection:
            return user_list.count_users(connection, wanted)

    def page_detail(
        self, id: int, *, since: int, until: int, now: int, team: bool = False
    ) -> PageDetail | None:
        """One page's figures: see :func:`page_reports.page_detail`."""
        self._bring_up_to_date(now)

        with self._transactions.reading() as connection:
            return page_reports.page_detail(
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
    ) -> Origins:
        """Where visits came from: see :func:`visit_reports.origins`."""
        with self._transactions.reading() as connection:
            return visit_reports.origins(
                connection,
                since=since,
                until=until,
                limit=limit,
                bots=with_team(self.settings.bots, team),
            )

    def became_known(
        self, *, since: int, until: int, limit: int = 5, team: bool = False
    ) -> BecameKnown:
        """What led to becoming known: see :func:`visit_reports.became_known`."""
        with self._transactions.reading() as connection:
            return visit_reports.became_known(
                connection,
                since=since,
                until=until,
                limit=limit,
                bots=with_team(self.settings.bots, team),
            )

    def _bring_up_to_date(self, now: int) -> None:
        """Recompute what is marked, as far as that goes quickly."""
        raise NotImplementedError
