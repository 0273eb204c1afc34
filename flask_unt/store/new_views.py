"""New page views with their pages, visits and readings."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from typing import NamedTuple

import sqlalchemy as sa

from .batch import Batch
from .batch import Reading
from .bulk import add_new
from .bulk import add_rows
from .pages import Met
from .pages import Place
from .pages import Titled
from .pages import describe
from .pages import meet_agents
from .pages import meet_pages
from .regroup import Regrouped
from .regroup import regroup
from .rows import NOT_READ
from .rows import VIEW_COLUMNS
from .rows import People
from .rows import Shown
from .rows import Viewed
from .rows import came_from
from .rows import page_titles
from .rows import part_of
from .rows import view_row
from .rules import Rules
from .schema import page_view

Told = tuple[str, str | None, str | None, str | None]


class Added(NamedTuple):
    """What adding views did: to visits, and which titles their pages were shown with.

    ``late`` of them somebody else has added meanwhile.
    """

    regrouped: Regrouped
    titles: dict[int, Titled]
    late: int


def add_views(
    connection: sa.Connection,
    views: Viewed,
    people: People,
    readings: Mapping[bytes, Reading],
    rules: Rules,
) -> Added:
    """Add views that are not in the table, each to its visit."""
    titles = page_titles(views)
    pages = meet_pages(connection, titles)
    shown = _shown(connection, views, people, readings, pages, rules)
    seen = ((one, one.whose.visitor_id) for one in shown)
    parts = [part_of(one, id) for one, id in seen if id is not None]
    regrouped = regroup(connection, parts, rules.timeout_ms)
    known, nobodys = [], []

    for one in shown:
        if one.whose.visitor_id is None:
            nobodys.append(view_row(one, None, one.agent.bot))
        else:
            visit = regrouped.new[one.view.key].visit
            known.append(view_row(one, visit.first[1], visit.bot))

    # Whose visitor is locked, nobody else writes; an anonymous view may come twice.
    add_rows(connection, page_view, VIEW_COLUMNS, known)
    new = add_new(connection, page_view, VIEW_COLUMNS, nobodys, "id")
    latest = {pages[place]: titled for place, titled in titles.items()}
    read = (
        {one.page_id: (one.reading.time, one.reading.title)}
        for one in shown
        if one.reading.title
    )

    return Added(regrouped, latest_titles(latest, *read), len(nobodys) - new)


def readings_of(
    batch: Batch, views: Iterable[bytes], early: Mapping[bytes, Reading]
) -> dict[bytes, Reading]:
    """How new views were read, by leaves of this batch and by earlier ones."""
    readings = dict(early)

    for key in views:
        new = batch.readings.get(key)

        if new is not None:
            known = early.get(key)
            readings[key] = new if known is None else new.joined(known)

    return readings


def latest_titles(*titles: Mapping[int, Titled]) -> dict[int, Titled]:
    """Of each page the title that was shown last."""
    latest: dict[int, Titled] = {}

    for some in titles:
        for page_id, titled in some.items():
            latest[page_id] = max(titled, latest.get(page_id, titled))

    return latest


def _shown(
    connection: sa.Connection,
    views: Viewed,
    people: People,
    readings: Mapping[bytes, Reading],
    pages: Mapping[Place, int],
    rules: Rules,
) -> list[Shown]:
    agents = _agents(connection, views, rules)

    return [
        Shown(
            view,
            entry.received,
            people.whose(view),
            pages[view.host, view.path],
            agents[entry.agent, view.lang, entry.zone, entry.country],
            readings.get(key, NOT_READ),
            came_from(view),
        )
        for key, (view, entry) in views.items()
    ]


def _agents(connection: sa.Connection, views: Viewed, rules: Rules) -> dict[Told, Met]:
    """By what browsers told, their rows."""
    told: set[Told] = {
        (entry.agent, view.lang, entry.zone, entry.country)
        for view, entry in views.values()
    }
    described = {one: describe(rules.parse_agent(one[0]), *one[1:]) for one in told}
    met = meet_agents(connection, described.values())

    return {one: met[description] for one, description in described.items()}
