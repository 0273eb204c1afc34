"""Events as rows of the tables."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from typing import NamedTuple

from flask_unt.events import Custom
from flask_unt.events import Entry
from flask_unt.events import Event
from flask_unt.events import View

from .batch import Reading
from .pages import Met
from .pages import Place
from .pages import Titled
from .regroup import CAME_FROM
from .visits import Part
from .whose import Decided

CameFrom = tuple[str | None, str | None, str | None, str | None]
Viewed = Mapping[bytes, tuple[View, Entry]]
NOT_READ = Reading(0, 0, None, 0)


class Whose(NamedTuple):
    """The numbers of a view's visitor and user, None for nobody known.

    ``team``: it is of the site's own team. ``impersonator_id`` is the same user, where
    they saw it as somebody else.
    """

    visitor_id: int | None
    user_id: int | None
    team: bool
    impersonator_id: int | None


@dataclass(frozen=True, slots=True)
class People:
    """The ids of visitors by uuid, and whose each event is.

    ``team`` are users of the site's team, ``team_visitors`` whose owner is of it.
    """

    visitors: Mapping[str, int]
    decided: Decided
    team: Collection[int] = ()
    team_visitors: Collection[int] = ()

    def visitor_id(self, event: Event) -> int | None:
        """The number of an event's visitor, None for an anonymous event."""
        return None if event.visitor is None else self.visitors[event.visitor]

    def user_id(self, event: Custom) -> int | None:
        """The number of the user whom an event belongs to."""
        return self.decided.owners[type(event), event.key]

    def impersonator_id(self, event: Custom) -> int | None:
        """The same user, where they did it as somebody else."""
        acted = (type(event), event.key) in self.decided.acted
        return self.user_id(event) if acted else None

    def whose(self, view: View) -> Whose:
        """Who saw a view, all that is known of it."""
        owned = View, view.key
        visitor_id = None if view.visitor is None else self.visitors[view.visitor]
        user_id = self.decided.owners[owned]

        if user_id is None:
            return Whose(visitor_id, None, visitor_id in self.team_visitors, None)

        acted = owned in self.decided.acted
        is_team = acted or user_id in self.team
        return Whose(visitor_id, user_id, is_team, user_id if acted else None)


class Shown(NamedTuple):
    """A new page view with all that its row and its visit are made of."""

    view: View
    received: int
    whose: Whose
    page_id: int
    agent: Met
    reading: Reading
    came_from: CameFrom


VIEW_COLUMNS = (
    *("id", "visit_id", "visitor_id", "user_id", "page_id"),
    *("local_time", "utc_offset", "server_time", "engaged_ms", "scroll"),
    *("kind", "status", "skewed", "bot", "width", "from_id", "agent_id"),
    *CAME_FROM,
    *("team", "impersonator_id"),
)


EVENT_COLUMNS = (
    *("id", "visit_id", "visitor_id", "user_id", "page_view_id", "name", "props"),
    *("local_time", "utc_offset", "server_time", "skewed", "impersonator_id"),
)


def page_titles(views: Viewed) -> dict[Place, Titled]:
    """The latest title of each page among these views, and when it was shown."""
    titles: dict[Place, Titled] = {}

    for view, _ in views.values():
        place, titled = (view.host, view.path), (view.time, view.title)
        known = titles.get(place)

        if known is None or titled > known:
            titles[place] = titled

    return titles


def view_row(shown: Shown, visit_id: bytes | None, bot: bool) -> tuple[Any, ...]:
    """The row of a page view, in the order of ``VIEW_COLUMNS``."""
    view = shown.view
    visitor_id, user_id, team, impersonator_id = shown.whose

    return (
        view.key,
        visit_id,
        visitor_id,
        user_id,
        shown.page_id,
        view.time,
        view.tz,
        shown.received,
        shown.reading.engaged,
        shown.reading.scroll,
        view.kind,
        view.status,
        view.skewed,
        bot,
        view.width,
        view.from_key,
        shown.agent.id,
        *shown.came_from,
        team,
        impersonator_id,
    )


def part_of(shown: Shown, visitor_id: int) -> Part:
    """A new page view for the rule for visits."""
    spot = (shown.view.time, shown.view.key)
    user_id = shown.whose.user_id

    return Part(
        visitor_id,
        spot,
        spot,
        user_id,
        1,
        int(user_id is not None),
        shown.page_id,
        shown.page_id,
        shown.reading.engaged,
        shown.agent.bot,
        shown.whose.team,
        shown.agent.words + shown.came_from,
        None,
    )


def event_rows(
    customs: Iterable[tuple[Custom, Entry]], people: People
) -> list[tuple[Any, ...]]:
    """Custom events without their visit, in the order of ``EVENT_COLUMNS``."""
    return [
        (
            custom.key,
            None,
            people.visitor_id(custom),
            people.user_id(custom),
            custom.view_key,
            custom.name,
            custom.props,
            custom.time,
            custom.tz,
            entry.received,
            custom.skewed,
            people.impersonator_id(custom),
        )
        for custom, entry in customs
    ]


def came_from(view: View) -> CameFrom:
    """Another site that a view came from, and the campaign's three tags."""
    referrer = view.referrer

    if referrer is not None and _host_of(referrer) == view.host:
        # The view came from the same host, which says nothing of a visit.
        referrer = None

    if not view.campaign:
        return referrer, None, None, None

    tags = dict(view.campaign)

    return (
        referrer,
        tags.get("utm_source"),
        tags.get("utm_medium"),
        tags.get("utm_campaign"),
    )


def _host_of(address: str) -> str:
    return address.partition("://")[2].partition("/")[0]
