"""All that is kept of one person, and nothing of anybody else, as plain data.

The ids of browsers are left out: whoever knows one can add views to it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from .aside_of import aside_of_accounts
from .dialect import select_in
from .merges import members_of
from .person import Person
from .person import is_of
from .person import quoted
from .schema import EPOCH
from .schema import MILLISECOND
from .schema import Moment
from .schema import agent
from .schema import event
from .schema import leave
from .schema import link
from .schema import page
from .schema import page_view
from .schema import set_aside
from .schema import user
from .schema import visit
from .schema import visitor
from .schema import visitor_day

Rows = list[dict[str, Any]]
SECRET = {visitor.c.uuid, visitor.c.alias_of}
SIGN_INS = (
    *("user_id", "owner_id", "signed_in_id"),
    *("changed_at", "checked_at", "before_at"),
)
AGENT = ("browser", "system", "device", "language", "zone", "country")
PAGE = ("host", "path", "title")


def export_person(connection: sa.Connection, person: Person) -> dict[str, Rows]:
    """The rows of somebody's users and browsers, by the table's name.

    Of a browser that another user signed in on, only their own views and events.
    """
    ids = person.user_ids
    browsers = (*person.alone, *person.shared)
    names = _names(connection, person.alone)
    words = [word for email in person.emails for word in quoted(email)]

    return {
        "unt_user": _rows(connection, user, user.c.id, ids),
        "unt_link": _rows(connection, link, link.c.user_id, ids),
        "unt_visitor": _rows(connection, visitor, visitor.c.id, person.alone),
        **_shown(connection, lambda table: _theirs(table, ids, browsers)),
        **_of_browsers(connection, person.alone),
        "unt_set_aside": _set_aside(
            connection, [*words, *names], person.emails, person.host_ids
        ),
    }


def export_visitor(connection: sa.Connection, id: int) -> dict[str, Rows]:
    """The rows of one browser; its user's only if it is nobody else's."""
    linked = sa.select(link.c.user_id).where(link.c.visitor_id == id)
    members = members_of(connection, connection.scalars(linked).all())
    sole = sorted(members) if len(set(members.values())) == 1 else []
    users = _rows(connection, user, user.c.id, sole)

    return {
        "unt_user": users,
        "unt_link": _rows(connection, link, link.c.visitor_id, [id]),
        "unt_visitor": _rows(connection, visitor, visitor.c.id, [id]),
        **_shown(connection, lambda table: table.c.visitor_id == id),
        **_of_browsers(connection, [id]),
        "unt_set_aside": _set_aside(
            connection, _names(connection, [id]), {row["email"] for row in users}
        ),
    }


def export_anonymous(connection: sa.Connection, id: int) -> dict[str, Rows]:
    """The rows of one browser that are of times when nobody was signed in there.

    Of its own row not who else was there, and when.
    """
    browsers = _rows(connection, visitor, visitor.c.id, [id])

    return {
        "unt_visitor": [
            {k: v for k, v in row.items() if k not in SIGN_INS} for row in browsers
        ],
        **_shown(
            connection,
            lambda table: sa.and_(
                table.c.visitor_id == id, sa.func.coalesce(table.c.user_id, 0) == 0
            ),
        ),
    }


def _theirs(
    table: sa.Table, user_ids: Sequence[int], visitor_ids: Sequence[int]
) -> sa.ColumnElement[bool]:
    """Rows that these users signed in for, or that are of a browser of theirs."""
    owner = sa.select(visitor.c.owner_id).where(visitor.c.id == table.c.visitor_id)
    owned = sa.and_(
        table.c.visitor_id.in_(visitor_ids),
        is_of(table, user_ids, owner.scalar_subquery()),
    )

    return sa.or_(table.c.user_id.in_(user_ids), owned)


def _shown(connection: sa.Connection, theirs: Any) -> dict[str, Rows]:
    views = (
        sa.select(page_view, *(page.c[n] for n in PAGE), *(agent.c[n] for n in AGENT))
        .join(page, page.c.id == page_view.c.page_id)
        .join(agent, agent.c.id == page_view.c.agent_id)
        .where(theirs(page_view))
        .order_by(page_view.c.local_time, page_view.c.id)
    )
    visits = sa.select(visit).where(theirs(visit)).order_by(visit.c.started_at)
    events = sa.select(event).where(theirs(event)).order_by(event.c.local_time)

    return {
        "unt_visit": _read(connection, visits),
        "unt_page_view": _read(connection, views),
        "unt_event": _read(connection, events),
    }


def _of_browsers(connection: sa.Connection, ids: Sequence[int]) -> dict[str, Rows]:
    tables = (leave, visitor_day)

    return {t.name: _rows(connection, t, t.c.visitor_id, ids) for t in tables}


def _set_aside(
    connection: sa.Connection,
    words: Sequence[str],
    emails: Collection[str],
    host_ids: Collection[str] = (),
) -> Rows:
    """Events that the database refused, which name one of these; without the id.

    None of somebody who was signed in with another address than these.
    """
    columns = sa.select(set_aside)
    of_accounts = aside_of_accounts(connection, host_ids)
    rows = [_plain(row._mapping, columns) for row in of_accounts]
    found = {row["id"]: _without_secret(row) for row in rows}

    for word in words:
        about = set_aside.c.payload.contains(word, autoescape=True)

        for row in _read(connection, columns.where(about)):
            shown = _without_secret(row)

            if _address_in(shown["payload"]) in {None, *emails}:
                found[row["id"]] = shown

    return [found[id] for id in sorted(found)]


def _address_in(payload: Any) -> Any:
    who = payload.get("user") if isinstance(payload, dict) else None

    return who.get("email") if isinstance(who, dict) else None


def _without_secret(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "payload": _without_id(row["payload"])}


def _without_id(payload: str) -> Any:
    try:
        named = json.loads(payload)
    except ValueError:
        return None

    if not isinstance(named, dict):
        return None

    return {name: value for name, value in named.items() if name != "visitor"}


def _names(connection: sa.Connection, ids: Sequence[int]) -> list[str]:
    rows = select_in(connection, sa.select(visitor.c.uuid), visitor.c.id, sorted(ids))

    return [str(uuid.UUID(bytes=row.uuid)) for row in rows]


def _rows(
    connection: sa.Connection,
    table: sa.Table,
    column: sa.Column[Any],
    values: Sequence[int],
) -> Rows:
    columns = [c for c in table.columns if c not in SECRET]
    statement = sa.select(*columns).order_by(*table.primary_key.columns)
    found = select_in(connection, statement, column, sorted(values))

    return [_plain(row._mapping, statement) for row in found]


def _read(connection: sa.Connection, statement: sa.Select[Any]) -> Rows:
    rows = connection.execute(statement).mappings()

    return [_plain(row, statement) for row in rows]


def _plain(row: Mapping[Any, Any], statement: sa.Select[Any]) -> dict[str, Any]:
    columns = statement.selected_columns

    return {c.name: _value(row[c.name], c) for c in columns if c.name in row}


def _value(value: Any, column: sa.ColumnElement[Any]) -> Any:
    if isinstance(value, bytes):
        return value.hex()

    if isinstance(value, date):
        return value.isoformat()

    if isinstance(column.type, Moment) and value is not None:
        return f"{(EPOCH + value * MILLISECOND).isoformat(timespec='milliseconds')}Z"

    return value
