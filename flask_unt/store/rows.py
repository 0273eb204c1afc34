"""Events as rows of the tables."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_unt.agents import Agent
from flask_unt.events import Custom
from flask_unt.events import Entry
from flask_unt.events import Event
from flask_unt.events import View

from .batch import Reading
from .pages import Description
from .pages import Place
from .pages import Titled
from .regroup import AGENT
from .regroup import CAME_FROM
from .visits import Part
from .whose import Owners

Viewed = Mapping[bytes, tuple[View, Entry]]
NOT_READ = Reading(0, 0, None, 0)


@dataclass(frozen=True, slots=True)
class People:
    """The ids of visitors by uuid, and whose each event is."""

    visitors: Mapping[str, int]
    owners: Owners

    def visitor_id(self, event: Event) -> int | None:
        """The number of an event's visitor, None for an anonymous event."""
        return None if event.visitor is None else self.visitors[event.visitor]

    def user_id(self, event: View | Custom) -> int | None:
        """The number of the user whom an event belongs to."""
        return self.owners[type(event), event.key]


def describe(view: View, entry: Entry, agent: Agent) -> Description:
    """What the browser of a view says of itself."""
    return Description(
        agent.browser,
        agent.system,
        agent.device,
        agent.bot,
        view.lang,
        entry.zone,
    )


def page_titles(views: Viewed) -> dict[Place, Titled]:
    """The latest title of each page among these views, and when it was shown."""
    titles: dict[Place, Titled] = {}

    for view, _ in views.values():
        place, titled = (view.host, view.path), (view.time, view.title)
        titles[place] = max(titles.get(place, titled), titled)

    return titles


def view_row(
    view: View,
    entry: Entry,
    people: People,
    reading: Reading,
    page_id: int,
    agent_id: int,
) -> dict[str, Any]:
    """A page view without its visit, which the rule for visits gives."""
    return {
        "id": view.key,
        "visit_id": None,
        "visitor_id": people.visitor_id(view),
        "user_id": people.user_id(view),
        "page_id": page_id,
        "local_time": view.time,
        "utc_offset": view.tz,
        "server_time": entry.received,
        "engaged_ms": reading.engaged,
        "scroll": reading.scroll,
        "kind": view.kind,
        "status": view.status,
        "skewed": view.skewed,
        "bot": False,
        "width": view.width,
        "from_id": view.from_key,
        "agent_id": agent_id,
        **_came_from(view),
    }


def part_of(row: Mapping[str, Any], description: Description) -> Part:
    """A new page view for the rule for visits."""
    spot = (row["local_time"], row["id"])
    came_from = (row[name] for name in CAME_FROM)

    return Part(
        visitor_id=row["visitor_id"],
        first=spot,
        last=spot,
        user_id=row["user_id"],
        views=1,
        user_views=int(row["user_id"] is not None),
        entry_page_id=row["page_id"],
        exit_page_id=row["page_id"],
        engaged_ms=row["engaged_ms"],
        bot=description.bot,
        description=(*(getattr(description, name) for name in AGENT), *came_from),
        visit_id=None,
    )


def event_rows(
    customs: Iterable[tuple[Custom, Entry]], people: People
) -> list[dict[str, Any]]:
    """Custom events without their visit."""
    return [
        {
            "id": custom.key,
            "visit_id": None,
            "visitor_id": people.visitor_id(custom),
            "user_id": people.user_id(custom),
            "page_view_id": custom.view_key,
            "name": custom.name,
            "props": custom.props,
            "local_time": custom.time,
            "utc_offset": custom.tz,
            "server_time": entry.received,
            "skewed": custom.skewed,
        }
        for custom, entry in customs
    ]


def _came_from(view: View) -> dict[str, str | None]:
    campaign = dict(view.campaign)
    utm = ("utm_source", "utm_medium", "utm_campaign")

    return {
        "referrer": None if _is_own(view) else view.referrer,
        **{name: campaign.get(name) for name in utm},
    }


def _is_own(view: View) -> bool:
    """Whether the view came from the same host, which says nothing of a visit."""
    rest = (view.referrer or "").partition("://")[2]

    return rest.partition("/")[0] == view.host
