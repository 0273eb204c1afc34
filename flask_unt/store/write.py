"""Write a batch of entries: one transaction, the same result however often it runs."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from typing import TypeVar

import sqlalchemy as sa

from flask_unt.agents import Agent
from flask_unt.events import Entry

from .aliases import note_aliases
from .attach import attach_events
from .batch import Batch
from .batch import Reading
from .batch import sort_out
from .dialect import insert_missing
from .dialect import select_in
from .dialect import upsert
from .forget import forgotten_among
from .forget import without
from .hours import hour_of
from .leaves import apply_readings
from .leaves import take_early
from .links import Seen
from .links import add_links
from .links import settle
from .pages import Titled
from .pages import meet_agents
from .pages import meet_pages
from .pages import retitle
from .people import meet_users
from .people import meet_visitors
from .regroup import Regrouped
from .regroup import regroup
from .rows import NOT_READ
from .rows import People
from .rows import Viewed
from .rows import describe
from .rows import event_rows
from .rows import page_titles
from .rows import part_of
from .rows import view_row
from .schema import event
from .schema import mark
from .schema import page_view
from .whose import decide_owners

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Rules:
    """How entries become rows. ``parse_agent`` may remember what it parsed.

    Marks of who was signed in were made with one of ``mark_keys``.
    """

    timezone: str
    timeout_ms: int
    parse_agent: Callable[[str], Agent]
    mark_keys: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """How many events a write stored, and how many were known before.

    ``forgotten`` events were dropped: they are of the visitors ``gone``.
    """

    stored: int
    duplicates: int
    forgotten: int = 0
    gone: frozenset[str] = frozenset()


def write_entries(
    connection: sa.Connection, entries: Sequence[Entry], rules: Rules, now: int
) -> Written:
    """Write what is new in these entries, but for those of forgotten visitors."""
    sent = sort_out(entries)
    visitors = meet_visitors(connection, sent.seen)
    gone = forgotten_among(connection, {*sent.seen, *(e.cookie for e in sent.entries)})
    batch = sort_out(without(entries, gone)) if gone else sent
    people = _meet_people(connection, batch, visitors, rules, now)
    views = _unknown(connection, page_view, batch.views)
    customs = _unknown(connection, event, batch.customs)
    later = {key: r for key, r in batch.readings.items() if key not in views}

    readers = {key: people.visitors[name] for key, name in batch.readers.items()}
    applied = apply_readings(connection, later, readers, now)
    readings = _readings(connection, batch, views)
    regrouped, titles = _write_views(connection, views, people, readings, rules)
    insert_missing(connection, event, event_rows(customs.values(), people), "id")
    attach_events(
        connection,
        event_ids=customs,
        view_ids=views,
        visit_ids=regrouped.gone,
        spans=regrouped.spans,
        timeout_ms=rules.timeout_ms,
    )
    retitle(connection, _latest(titles, applied.titles))
    moments = {view.time for view, _ in views.values()}
    moments |= applied.moments | regrouped.moments
    mark_hours(connection, moments, rules.timezone)

    read = len(batch.readings) - len(later) + applied.count
    stored = len(views) + len(customs) + read + batch.identifies

    return Written(
        stored, batch.events - stored, sent.events - batch.events, gone & set(sent.seen)
    )


def _meet_people(
    connection: sa.Connection,
    batch: Batch,
    visitors: Mapping[str, sa.Row[Any]],
    rules: Rules,
    now: int,
) -> People:
    here = {name: visitors[name] for name in batch.seen}
    users = meet_users(connection, batch.identities, now)
    links: dict[tuple[int, int, str], Seen] = {}

    for (name, identity), seen in batch.signed_in.items():
        if identity in users:
            key = (here[name].id, users[identity], "session")
            known = links.get(key, seen)
            links[key] = known.widened(seen.first).widened(seen.last)

    told = note_aliases(connection, batch.entries, here)
    add_links(connection, links)
    settle(connection, told - {visitor_id for visitor_id, _, _ in links})
    owners = decide_owners(connection, batch.entries, here, users, rules.mark_keys)

    return People({name: row.id for name, row in here.items()}, owners)


def _unknown(
    connection: sa.Connection, table: sa.Table, found: Mapping[bytes, E]
) -> dict[bytes, E]:
    rows = select_in(connection, sa.select(table.c.id), table.c.id, sorted(found))
    known = {row.id for row in rows}

    return {key: found[key] for key in sorted(found) if key not in known}


def _readings(
    connection: sa.Connection, batch: Batch, views: Iterable[bytes]
) -> dict[bytes, Reading]:
    """How new views were read, by leaves of this batch and by earlier ones."""
    readings = take_early(connection, views)

    for key in views:
        if key in batch.readings:
            new = batch.readings[key]
            readings[key] = new.joined(readings.get(key, new))

    return readings


def _write_views(
    connection: sa.Connection,
    views: Viewed,
    people: People,
    readings: Mapping[bytes, Reading],
    rules: Rules,
) -> tuple[Regrouped, dict[int, Titled]]:
    titles = page_titles(views)
    pages = meet_pages(connection, titles)
    described = {
        key: describe(view, entry, rules.parse_agent(entry.agent))
        for key, (view, entry) in views.items()
    }
    agents = meet_agents(connection, described.values())
    rows = {
        key: view_row(
            view,
            entry,
            people,
            readings.get(key, NOT_READ),
            pages[view.host, view.path],
            agents[described[key]],
        )
        for key, (view, entry) in views.items()
    }
    parts = [
        part_of(row, described[key])
        for key, row in rows.items()
        if row["visitor_id"] is not None
    ]
    regrouped = regroup(connection, parts, rules.timeout_ms)

    for key, row in rows.items():
        group = regrouped.new.get(key)
        row["visit_id"] = group.id if group else None
        row["bot"] = group.visit.bot if group else described[key].bot

    insert_missing(connection, page_view, list(rows.values()), "id")
    shown = {pages[place]: titled for place, titled in titles.items()}
    read = (
        {rows[key]["page_id"]: (reading.time, reading.title)}
        for key, reading in readings.items()
        if reading.title
    )

    return regrouped, _latest(shown, *read)


def _latest(*titles: Mapping[int, Titled]) -> dict[int, Titled]:
    latest: dict[int, Titled] = {}

    for some in titles:
        for page_id, titled in some.items():
            latest[page_id] = max(titled, latest.get(page_id, titled))

    return latest


def mark_hours(connection: sa.Connection, moments: Iterable[int], zone: str) -> None:
    """Ask for hours to be recomputed. Last of all: it holds their rows until commit.

    A mark that is there is locked, too: who recomputes that hour waits for us.
    """
    hours = sorted({hour_of(moment, zone) for moment in moments})
    upsert(connection, mark, [{"hour": h} for h in hours], ("hour",), {"hour": "new"})
