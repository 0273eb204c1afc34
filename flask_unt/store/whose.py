"""Whose an event is: decided here, once, when it is written.

A marked event is its mark's user's, whoever is signed in when it arrives. An unmarked
one is the session's, unless somebody else may have been signed in when it was made.
Where no session can be asked for, it is whose token came last before it. What somebody
sees who is signed in as somebody else is their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from typing import Any
from typing import NamedTuple

import sqlalchemy as sa

from flask_unt.events import Custom
from flask_unt.events import Entry
from flask_unt.events import Identity
from flask_unt.events import Proof
from flask_unt.events import Tracked
from flask_unt.events import View
from flask_unt.events import is_acting_mark_of
from flask_unt.events import is_mark_of

from .batch import TOKEN
from .dialect import select_in
from .dialect import update_rows
from .schema import link
from .schema import user
from .schema import visitor

Owned = View | Custom
Owners = dict[tuple[type[Any], bytes], int | None]


class Decided(NamedTuple):
    """The user of each event by its type and key, and which are of one who acted."""

    owners: Owners
    acted: set[tuple[type[Any], bytes]]


@dataclass(frozen=True, slots=True)
class SignIn:
    """What was seen of a visitor's sign-ins, as far as entries have come.

    ``user_id``: who was signed in when it was last looked at, at ``checked_at``.
    ``changed_at``: since when they were seen; None while nobody ever was.
    ``before_at``: when somebody else, or nobody any more, was last seen.
    """

    user_id: int | None
    changed_at: int | None
    checked_at: int | None
    before_at: int | None

    def seen(self, user_id: int | None, at: int) -> SignIn:
        """The same after one more look, which may come late."""
        if self.changed_at is None and user_id is None:
            return self

        if self.checked_at is None or at >= self.checked_at:
            if self.user_id != user_id:
                return SignIn(user_id, at, at, self.checked_at)

            return replace(self, checked_at=at)

        if not self._is_before_change(at):
            return self

        if self.user_id == user_id:
            return replace(self, changed_at=at)

        return replace(self, before_at=at)

    def is_sure_of(self, moment: int, user_id: int | None, received: int) -> bool:
        """Whether nobody else can have been signed in then, as far as was seen.

        :param user_id: who was when that was received.
        """
        if self.changed_at is None:
            return True

        if received >= self.changed_at:
            return moment > self.changed_at

        return user_id == self.user_id and moment > (self.before_at or 0)

    def _is_before_change(self, at: int) -> bool:
        return (self.before_at or 0) < at < (self.changed_at or 0)


@dataclass
class _Whose:
    users: Mapping[Identity, int]
    linked: Mapping[str, Sequence[tuple[int, Identity]]]
    keys: Sequence[bytes]
    sign_ins: dict[str, SignIn]
    proven: dict[str, list[tuple[int, int]]]
    owners: Owners = field(default_factory=dict)
    acted: set[tuple[type[Any], bytes]] = field(default_factory=set)

    def decide(self, entry: Entry) -> None:
        self._note_proofs(entry)

        for event in entry.events:
            if isinstance(event, Owned):
                self._own(event, entry)

        if entry.asked or entry.user is not None:
            self._look(entry)

    def _own(self, event: Owned, entry: Entry) -> None:
        key = type(event), event.key

        if key not in self.owners:
            self.owners[key] = self._owner(event, entry)

            if self.owners[key] is not None and self._is_acted(event, entry):
                self.acted.add(key)

    def _is_acted(self, event: Owned, entry: Entry) -> bool:
        """Whether its user saw it as somebody else."""
        if isinstance(event, Tracked) or event.visitor is None or not event.mark:
            return entry.impersonator is not None and not isinstance(event, Tracked)

        return any(
            is_acting_mark_of(event.mark, key, event.visitor, identity)
            for _, identity in self._candidates(event.visitor, entry)
            for key in self.keys
        )

    def _note_proofs(self, entry: Entry) -> None:
        for event in entry.events:
            user = event.user if isinstance(event, Proof) else None

            if user is not None and event.visitor is not None:
                proof = event.time, self.users[user]
                self.proven.setdefault(event.visitor, []).append(proof)

    def _owner(self, event: Owned, entry: Entry) -> int | None:
        if isinstance(event, Tracked):
            return None if event.user is None else self.users.get(event.user)

        user_id = self._session(entry)

        if event.visitor is None:
            return user_id if isinstance(event, Custom) else None

        if event.mark is not None:
            return self._marked(event.mark, event.visitor, entry)

        if user_id is None and not entry.asked:
            return self._proven(event.visitor, event.time)

        sign_in = self.sign_ins[event.visitor]
        is_sure = sign_in.is_sure_of(event.time, user_id, entry.received)
        return user_id if is_sure else None

    def _proven(self, visitor: str, moment: int) -> int | None:
        before = [one for one in self.proven.get(visitor, ()) if one[0] <= moment]
        return max(before)[1] if before else None

    def _marked(self, mark: str, visitor: str, entry: Entry) -> int | None:
        for user_id, identity in self._candidates(visitor, entry):
            for key in self.keys:
                if is_mark_of(mark, key, visitor, identity) or is_acting_mark_of(
                    mark, key, visitor, identity
                ):
                    return user_id

        return None

    def _candidates(self, visitor: str, entry: Entry) -> Iterator[tuple[int, Identity]]:
        session, who = self._session(entry), entry.impersonator or entry.user

        if session is not None and who is not None:
            yield session, who

        yield from self.linked.get(visitor, ())

    def _session(self, entry: Entry) -> int | None:
        who = entry.impersonator or entry.user
        return None if who is None else self.users.get(who)

    def _look(self, entry: Entry) -> None:
        user_id = self._session(entry)

        for name in {event.visitor for event in entry.events if event.visitor}:
            known = self.sign_ins[name]
            self.sign_ins[name] = known.seen(user_id, entry.received)


def decide_owners(
    connection: sa.Connection,
    entries: Iterable[Entry],
    visitors: Mapping[str, sa.Row[Any]],
    users: Mapping[Identity, int],
    mark_keys: Sequence[bytes],
) -> Decided:
    """The user of each view and custom event, None for nobody known.

    :param entries: the earliest received first.
    :param visitors: their rows, locked; what is seen of their sign-ins is noted.
    """
    entries = list(entries)
    before = {
        name: SignIn(row.signed_in_id, row.changed_at, row.checked_at, row.before_at)
        for name, row in visitors.items()
    }
    marked = {
        str(event.visitor)
        for entry in entries
        for event in entry.events
        if isinstance(event, Owned) and event.mark
    }
    linked = _linked(connection, {n: visitors[n].id for n in marked if n in visitors})
    known = {row.id: n for n, row in visitors.items() if row.user_id is not None}
    proven = _proven(connection, known)
    whose = _Whose(users, linked, mark_keys, dict(before), proven)

    for entry in entries:
        whose.decide(entry)

    changes = [
        (visitors[name].id, _row(now))
        for name, now in whose.sign_ins.items()
        if now != before[name]
    ]
    update_rows(connection, visitor, "id", sorted(changes, key=lambda c: c[0]))

    return Decided(whose.owners, whose.acted)


def _row(sign_in: SignIn) -> dict[str, int | None]:
    return {
        "signed_in_id": sign_in.user_id,
        "changed_at": sign_in.changed_at,
        "checked_at": sign_in.checked_at,
        "before_at": sign_in.before_at,
    }


def _linked(
    connection: sa.Connection, visitor_ids: Mapping[str, int]
) -> dict[str, list[tuple[int, Identity]]]:
    """The verified users of these visitors."""
    names = {id: name for name, id in visitor_ids.items()}
    found: dict[str, list[tuple[int, Identity]]] = {name: [] for name in visitor_ids}
    statement = (
        sa.select(link.c.visitor_id, user.c.id, user.c.email, user.c.host_id)
        .join(user, user.c.id == link.c.user_id)
        .where(user.c.verified.is_(True))
        .order_by(link.c.id)
    )

    for row in select_in(connection, statement, link.c.visitor_id, sorted(names)):
        identity = Identity(row.email, row.host_id, None)
        found[names[row.visitor_id]].append((row.id, identity))

    return found


def _proven(
    connection: sa.Connection, names: Mapping[int, str]
) -> dict[str, list[tuple[int, int]]]:
    """When tokens said who these visitors are, and who: the first and last of each."""
    found: dict[str, list[tuple[int, int]]] = {}
    statement = sa.select(
        link.c.visitor_id, link.c.user_id, link.c.since, link.c.until
    ).where(link.c.reason == TOKEN)

    for row in select_in(connection, statement, link.c.visitor_id, sorted(names)):
        seen = found.setdefault(names[row.visitor_id], [])
        seen += [(row.since, row.user_id), (row.until, row.user_id)]

    return found
