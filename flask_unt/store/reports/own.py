"""What somebody may see of themselves, who has nothing but a cookie or a sign-in.

Less than an owner sees: a browser may be shared, so a cookie shows only what was seen
while nobody was signed in, and a sign-in nobody who was merged by hand, which may have
been a mistake.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from flask_unt.events import Identity

from ..export import export_anonymous
from ..export import export_person
from ..links import DERIVED
from ..links import MERGED
from ..person import visitor_id_of
from ..person import without_merges
from ..schema import link
from ..schema import user
from ..schema import visitor
from .logs import log_of
from .person_parts import describe_browsers
from .shapes import Browser
from .shapes import Log
from .sources import Source
from .sources import Sources

PRIVATE = ("merged_into", "merged_with", "merged_at", "merged_by", "undone_by")
MAX_BROWSERS = 50


@dataclass(frozen=True, slots=True)
class OwnData:
    """What is known of who asks; ``addresses`` were typed in this browser.

    ``email`` and ``name`` are those of the account that is signed in.
    """

    email: str | None
    name: str | None
    addresses: tuple[str, ...]
    browsers: tuple[Browser, ...]
    log: Log


@dataclass(frozen=True, slots=True)
class _Self:
    user: Any
    visitor_id: int | None
    browsers: tuple[int, ...]

    @property
    def sources(self) -> Sources:
        parts = [Source("visitor_id", id) for id in self.browsers]

        if self.user is None:
            return Sources(tuple(parts), ())

        return Sources((Source("user_id", self.user.id), *parts), (self.user.id,))


def own_data(
    conn: sa.Connection,
    identity: Identity | None,
    visitor: str | None,
    *,
    before: str | None = None,
    after: str | None = None,
    limit: int = 100,
) -> OwnData | None:
    """What is known of this account and browser; None if nothing is.

    :raises ValueError: ``before`` or ``after`` is not a place in the log.
    """
    own = _find(conn, identity, visitor)

    if own is None:
        return None

    shown = own.browsers[:MAX_BROWSERS]
    return OwnData(
        email=own.user and own.user.email,
        name=own.user and own.user.name,
        addresses=_typed(conn, own),
        browsers=tuple(
            # Without a word of anybody else who used one.
            replace(browser, links=(), others=())
            for browser in describe_browsers(conn, shown)
        ),
        log=log_of(conn, own.sources, before, after, limit, "count"),
    )


def export_own(
    conn: sa.Connection, identity: Identity | None, visitor: str | None
) -> dict[str, Any] | None:
    """The same as rows, by table, whole; None if nothing is known."""
    own = _find(conn, identity, visitor)

    if own is None:
        return None

    if own.user is None:
        return export_anonymous(conn, own.visitor_id or 0)

    return {
        name: [{k: v for k, v in row.items() if k not in PRIVATE} for row in rows]
        for name, rows in _rows_of(conn, own).items()
    }


def _find(
    conn: sa.Connection, identity: Identity | None, visitor: str | None
) -> _Self | None:
    account = None if identity is None else _account(conn, identity)
    id = visitor_id_of(conn, uuid.UUID(visitor).bytes) if visitor else None

    if account is None:
        return None if id is None else _Self(None, id, (id,))

    return _Self(account, id, _browsers(conn, account.id, id))


def _account(conn: sa.Connection, identity: Identity) -> Any:
    """The user who is signed in: by the site's id, else by the address."""
    known = [(user.c.host_id, identity.id), (user.c.email, identity.email)]
    found = sa.select(user).where(user.c.verified.is_(True))

    for column, value in known:
        if value is not None:
            row = conn.execute(found.where(column == value)).first()

            # An account that has another id now has another's address.
            if row is not None and (column is user.c.host_id or row.host_id is None):
                return row

    return None


def _browsers(conn: sa.Connection, user_id: int, here: int | None) -> tuple[int, ...]:
    """Whose anonymous views are theirs, and this one if these are nobody's."""
    is_theirs = visitor.c.owner_id == user_id

    if here is not None:
        nobodys = sa.and_(visitor.c.id == here, visitor.c.owner_id.is_(None))
        is_theirs = sa.or_(is_theirs, nobodys)

    newest = sa.select(visitor.c.id).where(is_theirs)
    return tuple(conn.scalars(newest.order_by(visitor.c.last_seen.desc())))


def _typed(conn: sa.Connection, own: _Self) -> tuple[str, ...]:
    """Addresses that were typed in this browser, as far as they are shown."""
    # On somebody's browser they typed it, not another who is signed in there now.
    if own.visitor_id not in own.browsers:
        return ()

    statement = (
        sa.select(user.c.email)
        .join(link, link.c.user_id == user.c.id)
        .where(
            link.c.visitor_id == own.visitor_id,
            link.c.reason.not_in(DERIVED),
            link.c.undone_at.is_(None),
            user.c.verified.is_(False),
            user.c.email.is_not(None),
        )
    )
    return tuple(sorted(set(conn.scalars(statement))))


def _rows_of(conn: sa.Connection, own: _Self) -> dict[str, Any]:
    """The rows of the account alone, and of this browser where it is nobody's."""
    person = without_merges(conn, own.user.id)
    found = export_person(conn, person)
    found["unt_link"] = [row for row in found["unt_link"] if row["reason"] != MERGED]
    here = own.visitor_id

    if here in own.browsers and here not in (*person.alone, *person.shared):
        for name, rows in export_anonymous(conn, here).items():
            found[name] = [*found[name], *rows]

    return found
