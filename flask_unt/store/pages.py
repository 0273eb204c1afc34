"""Pages with their latest title, and what browsers say of themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from collections.abc import Mapping
from typing import NamedTuple

import sqlalchemy as sa

from flask_unt.agents import Agent
from flask_unt.countries import country_of
from flask_unt.urls import page_hash

from .dialect import insert_missing
from .dialect import select_in
from .dialect import update_rows
from .schema import agent as agent_table
from .schema import page

TITLE_REST_MS = 60_000
Place = tuple[str, str]
Titled = tuple[int, str]


class Description(NamedTuple):
    """What a browser says of itself: a row of ``unt_agent``."""

    browser: str
    system: str
    device: str
    bot: bool
    language: str | None
    zone: str | None
    country: str | None


class Met(NamedTuple):
    """A description that is in the table: its number, and all that it says in words."""

    id: int
    bot: bool
    words: tuple[str | None, ...]


def describe(
    agent: Agent, language: str | None, zone: str | None, country: str | None = None
) -> Description:
    """What a browser says of itself, by its parsed user agent and its settings.

    :param country: where it is, if more is known of that than the zone tells.
    """
    return Description(
        agent.browser,
        agent.system,
        agent.device,
        agent.bot,
        language,
        zone,
        country or country_of(zone),
    )


def meet_pages(
    connection: sa.Connection, titles: Mapping[Place, Titled]
) -> dict[Place, int]:
    """Have pages in the table; their ids.

    :param titles: by host and path, when which title was seen.
    """
    hashes = {page_hash(*place): place for place in titles}
    known = _ids(connection, page, hashes)
    rows = [
        {
            "hash": key,
            "host": hashes[key][0],
            "path": hashes[key][1],
            "title": titles[hashes[key]][1],
            # The first title may be corrected at once.
            "title_at": titles[hashes[key]][0] - TITLE_REST_MS,
        }
        for key in sorted(hashes.keys() - known.keys())
    ]

    if rows:
        insert_missing(connection, page, rows, "hash")
        known = _ids(connection, page, hashes)

    return {hashes[key]: id for key, id in known.items()}


def retitle(connection: sa.Connection, titles: Mapping[int, Titled]) -> None:
    """Give pages a later title that differs, each at most once a minute."""
    titles = {id: titled for id, titled in titles.items() if titled[1]}
    statement = sa.select(page.c.id, page.c.title, page.c.title_at)
    changes = []

    for row in select_in(connection, statement, page.c.id, sorted(titles)):
        time, title = titles[row.id]

        if title != row.title and time >= row.title_at + TITLE_REST_MS:
            changes.append((row.id, {"title": title, "title_at": time}))

    _lock(connection, [id for id, _ in changes])
    update_rows(connection, page, "id", changes)


def _lock(connection: sa.Connection, page_ids: Iterable[int]) -> None:
    """Lock pages in the order of their ids: two that give titles may meet."""
    statement = sa.select(page.c.id).order_by(page.c.id).with_for_update()
    list(select_in(connection, statement, page.c.id, sorted(page_ids)))


def meet_agents(
    connection: sa.Connection, wanted: Iterable[Description]
) -> dict[Description, Met]:
    """Have descriptions in the table; how they are known there."""
    hashes = {_agent_hash(description): description for description in set(wanted)}
    known = _ids(connection, agent_table, hashes)
    rows = [
        {"hash": key, **hashes[key]._asdict()}
        for key in sorted(hashes.keys() - known.keys())
    ]

    if rows:
        insert_missing(connection, agent_table, rows, "hash")
        known = _ids(connection, agent_table, hashes)

    return {hashes[key]: _met(id, hashes[key]) for key, id in known.items()}


def _met(id: int, description: Description) -> Met:
    browser, system, device, bot, *places = description

    return Met(id, bot, (browser, system, device, *places))


def _ids(
    connection: sa.Connection, table: sa.Table, hashes: Iterable[bytes]
) -> dict[bytes, int]:
    statement = sa.select(table.c.hash, table.c.id)
    rows = select_in(connection, statement, table.c.hash, sorted(hashes))

    return {row.hash: row.id for row in rows}


def _agent_hash(description: Description) -> bytes:
    return hashlib.sha256(json.dumps(description).encode()).digest()[:16]
