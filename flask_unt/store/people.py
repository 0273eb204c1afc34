"""Visitors and users: each once in the table.

Users are locked before visitors, and both in the order of their ids: a write shares its
users with other writes, and forgetting one waits for all of them, or they for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from flask_unt.events import Identity

from .bulk import add_missing
from .bulk import add_new
from .changes import change_rows
from .claims import restore_claim
from .dialect import insert_missing
from .dialect import select_in
from .dialect import update_rows
from .links import Seen
from .links import add_links
from .links import settle
from .schema import user
from .schema import visitor

COLUMNS = ("uuid", "first_seen", "last_seen")


def meet_visitors(
    connection: sa.Connection, seen: Mapping[str, Seen]
) -> dict[str, sa.Row[Any]]:
    """Have these visitors in the table, locked until the transaction ends.

    :param seen: by the visitor's uuid.
    :returns: their rows by uuid, without one that was forgotten meanwhile.
    """
    names = {bytes.fromhex(name.replace("-", "")): name for name in seen}
    ids = _ids(connection, names)
    new = sorted(names.keys() - ids.keys())
    rows = [(key, *seen[names[key]]) for key in new]
    add_missing(connection, visitor, COLUMNS, rows, "uuid")
    ids |= _ids(connection, new)
    known = _lock_visitors(connection, ids.values())
    _widen(connection, known, seen, names)
    settle(connection, _newer_ids(connection, new))

    return {names[row.uuid]: row for row in known}


def hold_users(connection: sa.Connection, identities: Iterable[Identity]) -> set[int]:
    """Keep those of these people who are known from being forgotten until the end.

    :returns: the ids of these users.
    """
    people = set(identities)
    host_ids = sorted({one.id for one in people if one.id})
    emails = sorted({one.email for one in people if one.email})
    by_id = select_in(connection, sa.select(user.c.id), user.c.host_id, host_ids)
    verified = sa.select(user.c.id).where(user.c.verified.is_(True))
    by_email = select_in(connection, verified, user.c.email, emails)

    return lock_users(connection, (row.id for row in (*by_id, *by_email)), shared=True)


def lock_users(
    connection: sa.Connection, ids: Iterable[int], *, shared: bool = False
) -> set[int]:
    """Lock users, in the order of their ids, before any visitor is; who is there."""
    # On PostgreSQL a shared one still lets another write change a name.
    ordered = sa.select(user.c.id).order_by(user.c.id)
    statement = ordered.with_for_update(read=shared, key_share=shared)
    rows = select_in(connection, statement, user.c.id, sorted(set(ids)))

    return {row.id for row in rows}


def wait_for_user(connection: sa.Connection, email: str, now: int) -> None:
    """Wait for whoever makes a verified user of this address just now."""
    row = {"email": email, "verified": True, "created_at": now, "team": False}

    # Where nobody does, the row is ours; who begins now waits for us to end.
    if add_new(connection, user, list(row), [tuple(row.values())], "verified"):
        ours = (user.c.email == email, user.c.verified.is_(True))
        connection.execute(sa.delete(user).where(*ours))


def meet_users(
    connection: sa.Connection, identities: Iterable[Identity], now: int
) -> dict[Identity, int]:
    """Have these signed-in people in the table, locked; their ids."""
    found = {}

    for identity in sorted(set(identities), key=_by_name):
        if identity.email or identity.id:
            found[identity] = _meet_user(connection, identity, now)

    return found


def meet_declared(connection: sa.Connection, email: str, now: int) -> int:
    """Have the user of an address that was typed in the table, locked; its id."""
    row = {
        "email": email,
        "verified": False,
        "host_id": None,
        "name": None,
        "created_at": now,
        "team": False,
    }
    declared = (user.c.email == email, user.c.verified.is_(False))
    found = None

    # Somebody may forget them in between.
    while found is None:
        insert_missing(connection, user, [row], "email")
        found = _locked(connection, *declared)

    return int(found.id)


def declare(connection: sa.Connection, visitor_id: int, user_id: int, now: int) -> None:
    """Link a visitor with the user of an address that was typed in its browser."""
    restore_claim(connection, visitor_id, user_id)
    add_links(connection, {(visitor_id, user_id, "declared"): Seen(now, now)})


def _ids(connection: sa.Connection, keys: Iterable[bytes]) -> dict[bytes, int]:
    statement = sa.select(visitor.c.uuid, visitor.c.id)
    rows = select_in(connection, statement, visitor.c.uuid, keys)

    return {row.uuid: row.id for row in rows}


def _newer_ids(connection: sa.Connection, new: Sequence[bytes]) -> list[int]:
    """Visitors that named one of these, before it was here, as what they were."""
    statement = sa.select(visitor.c.id)

    return [r.id for r in select_in(connection, statement, visitor.c.alias_of, new)]


def _lock_visitors(connection: sa.Connection, ids: Iterable[int]) -> list[Any]:
    """The visitors' rows, locked in the order of their ids: nobody waits crosswise."""
    statement = sa.select(visitor).order_by(visitor.c.id).with_for_update()

    return list(select_in(connection, statement, visitor.c.id, sorted(ids)))


def _widen(
    connection: sa.Connection,
    known: list[Any],
    seen: Mapping[str, Seen],
    names: Mapping[bytes, str],
) -> None:
    """Note when they were seen, and that their figures are to be made anew."""
    changes = []

    for row in known:
        was = Seen(row.first_seen, row.last_seen)
        first, last = seen[names[row.uuid]]
        now = was.widened(first).widened(last)
        marked = first if row.marked_from is None else min(first, row.marked_from)

        if now is not was or marked != row.marked_from:
            changes.append((row.id, *now, marked))

    change_rows(connection, visitor, ("id", *COLUMNS[1:], "marked_from"), changes)


def _by_name(identity: Identity) -> tuple[str, str, str]:
    return identity.id or "", identity.email or "", identity.name or ""


def _meet_user(connection: sa.Connection, identity: Identity, now: int) -> int:
    found = _find_user(connection, identity)

    if found is None:
        row = {
            "email": _free_email(connection, identity),
            "verified": True,
            "host_id": identity.id,
            "name": identity.name,
            "created_at": now,
            "team": False,
        }
        insert_missing(connection, user, [row], "verified")
        found = _find_user(connection, identity)

    if found is None:
        raise LookupError("A user that was just inserted is not there.")

    _bring_up_to_date(connection, found, identity)

    return int(found.id)


def _find_user(connection: sa.Connection, identity: Identity) -> Any:
    if identity.id is not None:
        found = _locked(connection, user.c.host_id == identity.id)

        if found is not None:
            return found

    if identity.email is None:
        return None

    found = _locked(
        connection, user.c.email == identity.email, user.c.verified.is_(True)
    )

    if found is not None and identity.id and found.host_id:
        return None

    return found


def _locked(connection: sa.Connection, *known_by: sa.ColumnElement[bool]) -> Any:
    statement = sa.select(user).where(*known_by)
    statement = statement.with_for_update(read=True, key_share=True)

    return connection.execute(statement).one_or_none()


def _free_email(connection: sa.Connection, identity: Identity) -> str | None:
    """The address, unless another account of the site has it."""
    holder = sa.select(user.c.id).where(
        user.c.email == identity.email, user.c.verified.is_(True)
    )

    if identity.email is None or connection.scalar(holder) is not None:
        return None

    return identity.email


def _bring_up_to_date(connection: sa.Connection, found: Any, new: Identity) -> None:
    """Follow the site: an account may get an id, another address, another name."""
    row: dict[str, Any] = {
        "email": found.email,
        "host_id": new.id or found.host_id,
        "name": new.name or found.name,
    }

    if new.email is not None and new.email != found.email:
        row["email"] = _free_email(connection, new) or found.email

    if row != {name: getattr(found, name) for name in row}:
        update_rows(connection, user, "id", [(found.id, row)])
