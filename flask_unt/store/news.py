"""What a write brings that the site may want to hear of, once it is committed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from .dialect import select_in
from .listening import NEWS
from .listening import NewLink
from .listening import News
from .listening import NewVisit
from .regroup import Regrouped
from .schema import EPOCH_UTC
from .schema import MILLISECOND
from .schema import page
from .schema import user
from .schema import visitor

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class VisitStarted:
    """A visit that has just begun: when and where, and whose it is if that is known.

    ``id`` is the visit's in hexadecimal; a view that comes late may rename it.
    """

    id: str
    at: datetime
    host: str
    path: str
    email: str | None
    host_id: str | None
    verified: bool
    team: bool


@dataclass(frozen=True, slots=True)
class Identified:
    """A browser that is known to be a user's now: by a session, a token or a claim."""

    email: str | None
    host_id: str | None
    name: str | None
    verified: bool
    reason: str
    at: datetime


def note_visits(connection: sa.Connection, done: Regrouped, now: int) -> None:
    """Note visits that are wholly new, but for bots' and for those of days ago."""
    news: News | None = connection.info.get(NEWS)

    if news is None:
        return

    for id, group in sorted({group.id: group for group in done.new.values()}.items()):
        one = group.visit
        is_new = all(part.visit_id is None for part in group.parts)

        if is_new and not one.bot and one.last[0] > now - DAY_MS:
            new = NewVisit(
                id,
                one.first[0],
                one.visitor_id,
                one.user_id,
                one.entry_page_id,
                one.team,
            )
            news.visits.append(new)


def describe_news(
    connection: sa.Connection, news: News
) -> list[VisitStarted | Identified]:
    """The same in words, the links first."""
    owners = _by_id(connection, visitor, (one.visitor_id for one in news.visits))
    whose = {
        one.id: one.user_id or (owners[one.visitor_id].owner_id if owners else None)
        for one in news.visits
        if one.visitor_id in owners
    }
    ids = {*whose.values(), *(one.user_id for one in news.links)} - {None}
    users = _by_id(connection, user, ids)
    pages = _by_id(connection, page, (one.page_id for one in news.visits))
    links = [
        _identified(users[one.user_id], one)
        for one in news.links
        if one.user_id in users
    ]
    visits = [
        _started(one, pages[one.page_id], users.get(whose.get(one.id)))
        for one in news.visits
        if one.page_id in pages
    ]

    return [*links, *visits]


def _by_id(
    connection: sa.Connection, table: sa.Table, ids: Iterable[Any]
) -> dict[Any, sa.Row[Any]]:
    rows = select_in(connection, sa.select(table), table.c.id, sorted(set(ids)))
    return {row.id: row for row in rows}


def _identified(who: sa.Row[Any], new: NewLink) -> Identified:
    return Identified(
        who.email, who.host_id, who.name, who.verified, new.reason, _moment(new.at)
    )


def _started(new: NewVisit, where: sa.Row[Any], who: Any) -> VisitStarted:
    return VisitStarted(
        id=new.id.hex(),
        at=_moment(new.at),
        host=where.host,
        path=where.path,
        email=who and who.email,
        host_id=who and who.host_id,
        verified=bool(who and who.verified),
        team=new.team,
    )


def _moment(at: int) -> datetime:
    return EPOCH_UTC + at * MILLISECOND
