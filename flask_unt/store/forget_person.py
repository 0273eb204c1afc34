"""Forget somebody by their address, on their own browsers and on shared ones."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from flask_unt.events import Identity

from .aside_of import aside_of_accounts
from .attach import attach_events
from .dialect import chunks
from .dialect import select_in
from .dialect import update_rows
from .forget import forget_visitor
from .forgotten import remember_people
from .links import settle
from .merges import leave_merges
from .people import lock_users
from .people import wait_for_user
from .person import Person
from .person import is_of
from .person import quoted
from .regroup import regroup
from .rules import Rules
from .schema import event
from .schema import leave
from .schema import link
from .schema import page_view
from .schema import set_aside
from .schema import user
from .schema import user_figures
from .schema import visit
from .schema import visitor
from .schema import visitor_figures
from .stored_visits import singles
from .visitor_marks import mark_anew
from .write import mark_hours

SOMEBODY = "somebody who was forgotten"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """``visitors`` were forgotten as a whole; of ``shared`` ones only the person."""

    visitors: tuple[str, ...] = ()
    shared: int = 0
    users: int = 0


def forget_person(
    connection: sa.Connection, person: Person, rules: Rules, now: int
) -> Forgotten:
    """Erase somebody. On a browser that another user signed in on, only their rows."""
    _lock(connection, (*person.alone, *person.shared))
    names = _names(connection, person.alone)
    remember_people(connection, person.identities, rules.mark_keys, now)
    moments = set()

    for id in person.shared:
        moments |= _erase_from(connection, id, person.user_ids, rules.timeout_ms)

    _unlink(connection, person)
    _erase_figures(connection, person)

    for name in names:
        moments |= forget_visitor(connection, name, now)

    _erase_users(connection, person)
    mark_hours(connection, moments, rules.timezone)

    return Forgotten(tuple(names), len(person.shared), len(person.user_ids))


def remember_address(
    connection: sa.Connection, email: str, keys: Sequence[bytes], now: int
) -> None:
    """Have what came of an address until now dropped, whoever knows it so far."""
    wait_for_user(connection, email, now)
    remember_people(connection, [Identity(email, None, None)], keys, now)


def lock_users_of(connection: sa.Connection, person: Person | None) -> None:
    """Hold off writes of this person, and of all who are known on their browsers."""
    if person is not None:
        linked = sa.select(link.c.user_id)
        rows = select_in(connection, linked, link.c.visitor_id, person.alone)
        lock_users(connection, {*person.user_ids, *(row.user_id for row in rows)})


def _lock(connection: sa.Connection, visitor_ids: Sequence[int]) -> None:
    """Hold off writes of these browsers, in the order in which these lock them."""
    statement = sa.select(visitor.c.id).order_by(visitor.c.id).with_for_update()
    list(select_in(connection, statement, visitor.c.id, sorted(visitor_ids)))


def _names(connection: sa.Connection, visitor_ids: Sequence[int]) -> list[str]:
    statement = sa.select(visitor.c.uuid).order_by(visitor.c.id)
    rows = select_in(connection, statement, visitor.c.id, sorted(visitor_ids))

    return [str(uuid.UUID(bytes=row.uuid)) for row in rows]


def _erase_from(
    connection: sa.Connection,
    visitor_id: int,
    user_ids: Sequence[int],
    timeout_ms: int,
) -> set[int]:
    """Erase the views and events of these users; times whose hours changed."""
    owner = sa.select(visitor.c.owner_id).where(visitor.c.id == visitor_id)
    theirs = is_of(page_view, user_ids, owner.scalar_subquery())
    views = connection.execute(
        sa.select(page_view.c.id, page_view.c.visit_id, page_view.c.local_time).where(
            page_view.c.visitor_id == visitor_id, theirs
        )
    ).all()
    connection.execute(
        sa.delete(event).where(
            event.c.visitor_id == visitor_id,
            is_of(event, user_ids, owner.scalar_subquery()),
        )
    )
    # A title that came before its view: nobody knows whose it was.
    connection.execute(sa.delete(leave).where(leave.c.visitor_id == visitor_id))
    _erase_views(connection, visitor_id, [row.id for row in views])
    mark_anew(connection, [visitor_id])
    visit_ids = {row.visit_id for row in views} - {None}
    moments = {row.local_time for row in views}

    return moments | _rebuild(connection, visitor_id, visit_ids, timeout_ms)


def _erase_views(
    connection: sa.Connection, visitor_id: int, keys: Sequence[bytes]
) -> None:
    for chunk in chunks(sorted(keys)):
        connection.execute(sa.delete(page_view).where(page_view.c.id.in_(chunk)))

        for table, name in ((page_view, "from_id"), (event, "page_view_id")):
            led_here = sa.update(table).where(
                table.c.visitor_id == visitor_id, table.c[name].in_(chunk)
            )
            connection.execute(led_here.values({name: None}))


def _rebuild(
    connection: sa.Connection, visitor_id: int, visit_ids: set[bytes], timeout_ms: int
) -> set[int]:
    """Make visits anew from the views that are left in them and next to them.

    Two that the erased views parted are one now.
    """
    if not visit_ids:
        return set()

    near = _near(connection, visitor_id, visit_ids, timeout_ms)
    moments = set(near.values())
    left = [part._replace(visit_id=None) for part in singles(connection, set(near))]

    for chunk in chunks(sorted(near)):
        connection.execute(sa.delete(visit).where(visit.c.id.in_(chunk)))

    regrouped = regroup(connection, left, timeout_ms)
    changes = [
        (key, {"visit_id": group.id, "bot": group.visit.bot})
        for key, group in sorted(regrouped.new.items())
    ]
    update_rows(connection, page_view, "id", changes)
    attach_events(
        connection,
        event_ids=(),
        view_ids=regrouped.new,
        visit_ids=near.keys() | regrouped.gone,
        spans=regrouped.spans,
        user_ids=regrouped.users,
        timeout_ms=timeout_ms,
    )

    return moments | regrouped.moments | {part.first[0] for part in left}


def _near(
    connection: sa.Connection, visitor_id: int, visit_ids: set[bytes], timeout_ms: int
) -> dict[bytes, int]:
    """These visits and those next to them, with when they started."""
    columns = (visit.c.id, visit.c.started_at, visit.c.last_at)
    statement = sa.select(*columns).where(visit.c.visitor_id == visitor_id)
    rows = connection.execute(statement.order_by(visit.c.started_at)).all()
    spans = [
        (row.started_at - timeout_ms, row.last_at + timeout_ms)
        for row in rows
        if row.id in visit_ids
    ]

    return {
        row.id: row.started_at
        for row in rows
        if any(row.last_at >= low and row.started_at <= high for low, high in spans)
    }


def _unlink(connection: sa.Connection, person: Person) -> None:
    """Take the users off all browsers at once: each lends them to its other ids."""
    ids = person.user_ids
    connection.execute(sa.delete(link).where(link.c.user_id.in_(ids)))
    signed_in = sa.update(visitor).where(visitor.c.signed_in_id.in_(ids))
    connection.execute(signed_in.values(signed_in_id=None))
    settle(connection, person.shared)


def _erase_users(connection: sa.Connection, person: Person) -> None:
    user_ids = person.user_ids
    leave_merges(connection, user_ids)
    # Custom events may be a user's without any browser.
    connection.execute(sa.delete(event).where(event.c.user_id.in_(user_ids)))
    connection.execute(sa.delete(user).where(user.c.id.in_(user_ids)))
    connection.execute(
        sa.delete(user_figures).where(user_figures.c.user_id.in_(user_ids))
    )

    for column in (user.c.merged_by, link.c.undone_by):
        said = sa.update(column.table).where(column.in_(person.emails))
        connection.execute(said.values({column: SOMEBODY}))

    for word in {word for email in person.emails for word in quoted(email)}:
        about = set_aside.c.payload.contains(word, autoescape=True)
        connection.execute(sa.delete(set_aside).where(about))

    theirs = [row.id for row in aside_of_accounts(connection, person.host_ids)]

    for chunk in chunks(theirs):
        connection.execute(sa.delete(set_aside).where(set_aside.c.id.in_(chunk)))


def _erase_figures(connection: sa.Connection, person: Person) -> None:
    """Those of shared browsers name them, and are made anew only later."""
    theirs = visitor_figures.c.user_id.in_(person.user_ids)
    connection.execute(sa.delete(visitor_figures).where(theirs))
