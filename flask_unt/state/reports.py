"""``unt.reports``: what the site's own code may ask about its users."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from typing import Any

from ..store import FoundUser
from ..store.reports import place_before
from .state import get_state
from .who import parse_email

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MILLISECOND = timedelta(milliseconds=1)
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class UserReport:
    """A user with figures, of all who are merged with them.

    Times are aware, in UTC; None where they were never seen. ``columns`` are your own
    columns of them.
    """

    email: str | None
    host_id: str | None
    name: str | None
    verified: bool
    team: bool
    first_seen: datetime | None
    last_seen: datetime | None
    visits: int
    views: int
    columns: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SeenPage:
    """A page that somebody saw: when (in UTC), where, how long and how much of it.

    ``visit`` names the visit in hexadecimal; ``engaged`` are seconds, ``scroll`` is
    percent.
    """

    at: datetime
    host: str
    path: str
    title: str
    visit: str
    engaged: float
    scroll: int


class Reports:
    """Answers about users by their address, in an app context.

    Who has signed in with an address comes before who has only typed it.

    :raises UNTError: an address is none, or the database cannot be asked now.
    """

    def user(self, email: str) -> UserReport | None:
        """Who has this address, with figures; None for nobody known."""
        found = _find(email)

        if found is None:
            return None

        columns = get_state().store.host_columns(found.id)
        return UserReport(
            email=found.email,
            host_id=found.host_id,
            name=found.name,
            verified=found.verified,
            team=found.team,
            first_seen=_moment(found.first_seen),
            last_seen=_moment(found.last_seen),
            visits=found.visits,
            views=found.views,
            columns={} if columns is None else columns.values,
        )

    def last_seen(self, email: str) -> datetime | None:
        """When they last saw a page, in UTC; None for nobody, and for never."""
        found = _find(email)
        return None if found is None else _moment(found.last_seen)

    def log(
        self,
        email: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 1000,
    ) -> tuple[SeenPage, ...] | None:
        """The pages they saw, newest first; None for nobody known.

        :param since: no earlier ones, an aware datetime.
        :param until: only earlier ones.
        :raises ValueError: a datetime has no time zone.
        """
        first, end = _instant(since, "since"), _instant(until, "until")
        found = _find(email)

        if found is None:
            return None

        pages: list[SeenPage] = []

        for page in _pages(found.id, end):
            if len(pages) >= limit or (first is not None and page.at < first):
                break

            pages.append(page)

        return tuple(pages)


def _find(email: str) -> FoundUser | None:
    return get_state().store.find_user(parse_email(email))


def _pages(user_id: int, until: datetime | None) -> Iterator[SeenPage]:
    store = get_state().store
    place = None if until is None else place_before((until - EPOCH) // MILLISECOND)

    while True:
        log = store.navigation_log(user_id, before=place, limit=AT_ONCE)

        for visit in log.visits:
            for view in visit.views:
                yield SeenPage(
                    at=EPOCH + view.local_time * MILLISECOND,
                    host=view.host,
                    path=view.path,
                    title=view.title,
                    visit=visit.id,
                    engaged=(view.engaged_ms or 0) / 1000,
                    scroll=view.scroll or 0,
                )

        if log.next is None:
            return

        place = log.next


def _moment(at: int | None) -> datetime | None:
    return None if at is None else EPOCH + at * MILLISECOND


def _instant(moment: datetime | None, name: str) -> datetime | None:
    if moment is not None and moment.utcoffset() is None:
        raise ValueError(f"{name} must be a datetime with a time zone: {moment!r}.")

    return moment
