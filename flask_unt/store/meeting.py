"""Everybody whom a batch is about: in the tables, and whose each event is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from flask_unt.events import Identity

from .aliases import note_aliases
from .batch import Batch
from .links import Seen
from .links import add_links
from .links import settle
from .rows import People
from .rules import Rules
from .team import note_team
from .team import owners_of
from .team import team_among
from .whose import Decided
from .whose import decide_owners


def meet_everybody(
    connection: sa.Connection,
    batch: Batch,
    visitors: Mapping[str, sa.Row[Any]],
    users: Mapping[Identity, int],
    rules: Rules,
) -> People:
    """Have users and links in their tables, and decide whose each event is.

    :param visitors: the rows of the batch's visitors, locked.
    """
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
