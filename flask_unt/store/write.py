"""Write a batch of entries: one transaction, the same result however often it runs."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from typing import NamedTuple
from typing import TypeVar

import sqlalchemy as sa

from flask_unt.agents import Agent
from flask_unt.events import Entry
from flask_unt.events import Identity

from .aliases import note_aliases
from .attach import attach_events
from .batch import Batch
from .batch import Reading
from .batch import sort_out
from .bulk import add_new
from .bulk import add_rows
from .dialect import select_in
from .dialect import upsert
from .forgotten import forgotten_among
from .forgotten import without_people
from .forgotten import without_visitors
from .hours import hours_among
from .leaves import apply_readings
from .leaves import take_early
from .links import Seen
from .links import add_links
from .links import settle
from .news import note_visits
from .pages import Met
from .pages import Place
from .pages import Titled
from .pages import describe
from .pages import meet_agents
from .pages import meet_pages
from .pages import retitle
from .people import hold_users
from .people import meet_users
from .people import meet_visitors
from .regroup import Regrouped
from .regroup import regroup
from .rows import EVENT_COLUMNS
from .rows import NOT_READ
from .rows import VIEW_COLUMNS
from .rows import People
from .rows import Shown
from .rows import Viewed
from .rows import came_from
from .rows import event_rows
from .rows import page_titles
from .rows import part_of
from .rows import view_row
from .schema import event
from .schema import forgotten
from .schema import leave
from .schema import mark
from .schema import page_view
from .team import note_team
from .team import owners_of
from .team import team_among
from .trouble import Overtaken
from .whose import Decided
from .whose import decide_owners

E = TypeVar("E")
Told = tuple[str, str | None, str | None, str | None]


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


class Kept(NamedTuple):
    """Which tables are not empty: mostly there is nothing to look for in these."""

    forgotten: bool
    leaves: bool
    events: bool


def write_entries(
    connection: sa.Connection, entries: Sequence[Entry], rules: Rules, now: int
) -> Written:
    """Write what is new in these entries, but nothing of who was forgotten."""
    sent = sort_out(entries)
    held = hold_users(connection, sent.identities)
    left = without_people(connection, sent, rules.mark_keys)
    batch = sent if left is sent.entries else sort_out(left)
    visitors = meet_visitors(connection, batch.seen)
    kept = look(connection)
    names = {*batch.seen, *(entry.cookie for entry in batch.entries)}
    gone = forgotten_among(connection, names) if kept.forgotten else frozenset()
    batch = sort_out(without_visitors(left, gone)) if gone else batch
    users = _meet_users(connection, batch, held, rules, now)
    people = _meet_people(connection, batch, visitors, users, rules)
    views = _unknown(connection, page_view, batch.views)
    customs = _unknown(connection, event, batch.customs)
    later = {key: r for key, r in batch.readings.items() if key not in views}

    readers = {key: people.visitors[name] for key, name in batch.readers.items()}
    applied = apply_readings(connection, later, readers, now)
    early = take_early(connection, views) if kept.leaves else {}
    readings = _readings(batch, views, early)
    regrouped, titles, late = _write_views(connection, views, people, readings, rules)
    note_visits(connection, regrouped, now)
    rows = event_rows(customs.values(), people)
    late += len(rows) - add_new(connection, event, EVENT_COLUMNS, rows, "id")

    if customs or kept.events:
        attach_events(
            connection,
            event_ids=customs,
            view_ids=views,
            visit_ids=regrouped.gone,
            spans=regrouped.spans,
            user_ids=regrouped.users,
            timeout_ms=rules.timeout_ms,
        )

    retitle(connection, _latest(titles, applied.titles))
    moments = {view.time for view, _ in views.values()}
    moments |= applied.moments | regrouped.moments
    mark_hours(connection, moments, rules.timezone)

    read = len(batch.readings) - len(later) + applied.count
    stored = len(views) + len(customs) - late + read + batch.identifies

    return Written(
        stored, batch.events - stored, sent.events - batch.events, gone & set(sent.seen)
    )


def _meet_users(
    connection: sa.Connection, batch: Batch, held: set[int], rules: Rules, now: int
) -> dict[Identity, int]:
    """Have the users in the table.

    :raises Overtaken: one who is new was forgotten before they were there.
    """
    users = meet_users(connection, batch.identities, now)
    is_sure = held.issuperset(users.values())

    if is_sure or without_people(connection, batch, rules.mark_keys) is batch.entries:
        return users

    raise Overtaken("Somebody was forgotten while this was written.")


def _meet_people(
    connection: sa.Connection,
    batch: Batch,
    visitors: Mapping[str, sa.Row[Any]],
    users: Mapping[Identity, int],
    rules: Rules,
) -> People:
    here = {name: visitors[name] for name in batch.seen}
    links: dict[tuple[int, int, str], Seen] = {}

    for (name, identity, reason), seen in batch.signed_in.items():
        if identity in users:
            key = (here[name].id, users[identity], reason)
            known = links.get(key, seen)
            links[key] = known.widened(seen.first).widened(seen.last)

    told = note_aliases(connection, batch.entries, here)
    add_links(connection, links)
    settle(connection, told - {visitor_id for visitor_id, _, _ in links})
    teams = batch.teams.items()
    note_team(connection, {users[who]: team for who, team in teams if who in users})
    decided = decide_owners(connection, batch.entries, here, users, rules.mark_keys)

    return _with_team(connection, here, decided, bool(links or told))


def _with_team(
    connection: sa.Connection,
    here: Mapping[str, sa.Row[Any]],
    decided: Decided,
    is_settled: bool,
) -> People:
    ids = {name: row.id for name, row in here.items()}
    owners = {row.id: row.owner_id for row in here.values()}

    if is_settled or any(row.alias_of for row in here.values()):
        owners = owners_of(connection, ids.values())

    team = team_among(connection, {*owners.values(), *decided.owners.values()} - {None})

    return People(
        ids, decided, team, {id for id, owner in owners.items() if owner in team}
    )


def _unknown(
    connection: sa.Connection, table: sa.Table, found: Mapping[bytes, E]
) -> dict[bytes, E]:
    rows = select_in(connection, sa.select(table.c.id), table.c.id, sorted(found))
    known = {row.id for row in rows}

    return {key: found[key] for key in sorted(found) if key not in known}


def _readings(
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


def _write_views(
    connection: sa.Connection,
    views: Viewed,
    people: People,
    readings: Mapping[bytes, Reading],
    rules: Rules,
) -> tuple[Regrouped, dict[int, Titled], int]:
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

    return regrouped, _latest(latest, *read), len(nobodys) - new


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
    hours = sorted(hours_among(moments, zone))
    upsert(connection, mark, [{"hour": h} for h in hours], ("hour",), {"hour": "new"})


def look(connection: sa.Connection) -> Kept:
    """What there is at all. Asked with the visitors locked, so it stays as it is."""
    tables = (forgotten, leave, event)
    statement = sa.select(
        *(sa.exists(sa.select(sa.literal(1)).select_from(t)) for t in tables)
    )

    return Kept(*map(bool, connection.execute(statement).one()))
