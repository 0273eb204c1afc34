"""Visitors and users: each once in the table."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from flask_unt.events import Identity

from .bulk import add_missing
from .bulk import change_rows
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


def meet_users(
    connection: sa.Connection, identities: Iterable[Identity], now: int
) -> dict[Identity, int]:
    """Have these signed-in people in the table; their ids."""
    found = {}

    for identity in sorted(set(identities), key=_by_name):
        if identity.email or identity.id:
            found[identity] = _meet_user(connection, identity, now)

    return found


def declare(connection: sa.Connection, visitor_id: int, email: str, now: int) -> None:
    """Link a visitor with the address that was typed in its browser."""
    row = {
        "email": email,
        "verified": False,
        "host_id": None,
        "name": None,
        "created_at": now,
        "team": False,
    }
    insert_missing(connection, user, [row], "email")
    found = connection.scalar(
        sa.select(user.c.id).where(user.c.email == email, user.c.verified.is_(False))
    )
    restore_claim(connection, visitor_id, int(found or 0))
    add_links(connection, {(visitor_id, int(found or 0), "declared"): Seen(now, now)})


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
        by_id = sa.select(user).where(user.c.host_id == identity.id)
        found = connection.execute(by_id).one_or_none()

        if found is not None:
            return found

    if identity.email is None:
        return None

    found = _holder(connection, identity.email)

    if found is not None and identity.id and found.host_id:
        return None

    return found


def _holder(connection: sa.Connection, email: str) -> Any:
    statement = sa.select(user).where(user.c.email == email, user.c.verified.is_(True))

    return connection.execute(statement).one_or_none()


def _free_email(connection: sa.Connection, identity: Identity) -> str | None:
    """The address, unless another account of the site has it."""
    if identity.email is None or _holder(connection, identity.email) is not None:
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
