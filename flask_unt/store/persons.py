"""What a store can do for one person: forget them, and give them their data."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from . import export
from . import forget_person
from .forget_person import Forgotten
from .person import find_person
from .person import visitor_id_of
from .transactions import Transactions
from .write import Rules


class Persons:
    """The part of a store that knows who is who."""

    _transactions: Transactions
    _rules: Callable[[], Rules]

    def forget_email(self, email: str, now: int) -> Forgotten | None:
        """Erase everybody of this address, in one transaction; None if nobody is.

        :raises StoreUnavailable: the database cannot be written to now.
        """

        def erase(connection: Any) -> Forgotten | None:
            person = find_person(connection, email)

            if person is None:
                return None

            return forget_person.forget_person(
                connection, person, email, self._rules(), now
            )

        return self._transactions.write(erase)

    def browsers_of(self, email: str) -> tuple[int, int] | None:
        """How many browsers are theirs alone, and how many are shared."""
        with self._transactions.reading() as connection:
            person = find_person(connection, email)

        return None if person is None else (len(person.alone), len(person.shared))

    def export_email(self, email: str) -> dict[str, Any] | None:
        """All rows of this address, by table; None if nobody has it."""
        with self._transactions.reading() as connection:
            person = find_person(connection, email)

            if person is None:
                return None

            return export.export_person(connection, person, email)

    def export_visitor(self, visitor: str) -> dict[str, Any] | None:
        """All rows of this browser, by table; None if it is not known."""
        with self._transactions.reading() as connection:
            id = visitor_id_of(connection, uuid.UUID(visitor).bytes)

            return None if id is None else export.export_visitor(connection, id)
