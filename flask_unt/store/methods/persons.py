"""What a store can do for one person: forget them, and give them their data."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from .. import claims
from .. import export
from .. import forget_person
from .. import merges
from ..forget_person import Forgotten
from ..person import Person
from ..person import find_person
from ..person import person_of
from ..person import uuid_of
from ..person import visitor_id_of
from .opened import Opened


class Persons(Opened):
    """The part of a store that knows who is who."""

    def forget_email(self, email: str, now: int) -> Forgotten | None:
        """Erase everybody of this address, and who is merged with them.

        In one transaction; None if nobody is. What came of them until now and is not
        written yet is dropped, also where nobody is known by that address so far.

        :raises StoreUnavailable: the database cannot be written to now.
        """
        keys = self._rules().mark_keys

        return self._forget(
            lambda c: find_person(c, email),
            now,
            lambda c: forget_person.remember_address(c, email, keys, now),
        )

    def forget_user(self, id: int, now: int) -> Forgotten | None:
        """Erase a user and who is merged with them; None if there is no such user.

        :raises StoreUnavailable: the database cannot be written to now.
        """
        return self._forget(lambda connection: person_of(connection, [id]), now)

    def person_of_email(self, email: str) -> Person | None:
        """Who an address means: all their users and browsers; None if nobody is."""
        with self._reading() as connection:
            return find_person(connection, email)

    def person_of_user(self, id: int) -> Person | None:
        """The same of one user, None if there is no such user."""
        with self._reading() as connection:
            return person_of(connection, [id])

    def visitor_uuid(self, id: int) -> str | None:
        """The id that a visitor's browser keeps, which is a secret, by its number."""
        with self._transactions.reading() as connection:
            return uuid_of(connection, id)

    def merge_users(self, id: int, into: int, now: int, by: str) -> None:
        """Make a user one person with another, whose page is theirs from now on.

        Nothing is rewritten, and :meth:`take_back_merge` parts them again.

        :param by: who says so.
        :raises MergeRefused: one is not there, or they are one person already.
        :raises StoreUnavailable: the database cannot be written to now.
        """
        self._transactions.write(lambda c: merges.merge(c, id, into, now, by))

    def take_back_merge(self, id: int) -> None:
        """Part a user from the one it was merged into.

        :raises MergeRefused: it is not merged.
        :raises StoreUnavailable: the database cannot be written to now.
        """
        self._transactions.write(lambda c: merges.take_back(c, id))

    def undo_claim(self, visitor_id: int, user_id: int, now: int, by: str) -> bool:
        """Say that an address typed in a browser is not that browser's.

        :returns: whether it was until now.
        :raises StoreUnavailable: the database cannot be written to now.
        """
        return self._transactions.write(
            lambda c: claims.undo_claim(c, visitor_id, user_id, now, by)
        )

    def restore_claim(self, visitor_id: int, user_id: int) -> bool:
        """Take :meth:`undo_claim` back; whether there was anything to take back.

        :raises StoreUnavailable: the database cannot be written to now.
        """
        return self._transactions.write(
            lambda c: claims.restore_claim(c, visitor_id, user_id)
        )

    def export_email(self, email: str) -> dict[str, Any] | None:
        """All rows of this address, by table; None if nobody has it."""
        with self._reading() as connection:
            person = find_person(connection, email)

            return export.export_person(connection, person) if person else None

    def export_user(self, id: int) -> dict[str, Any] | None:
        """All rows of this user and who is merged with it; None if there is none."""
        with self._reading() as connection:
            person = person_of(connection, [id])

            return export.export_person(connection, person) if person else None

    def export_visitor(self, visitor: str) -> dict[str, Any] | None:
        """All rows of this browser, by table; None if it is not known."""
        with self._reading() as connection:
            id = visitor_id_of(connection, uuid.UUID(visitor).bytes)

            return None if id is None else export.export_visitor(connection, id)

    def _forget(
        self,
        find: Callable[[sa.Connection], Person | None],
        now: int,
        begin: Callable[[sa.Connection], None] = lambda connection: None,
    ) -> Forgotten | None:
        def erase(connection: sa.Connection) -> Forgotten | None:
            begin(connection)
            # Locked as they are found; what was written meanwhile is found, too.
            forget_person.lock_users_of(connection, find(connection))
            person = find(connection)

            if person is None:
                return None

            return forget_person.forget_person(connection, person, self._rules(), now)

        self.catch_up()

        return self._transactions.write(erase)
