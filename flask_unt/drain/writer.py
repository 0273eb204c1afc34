"""Write entries into the database, however often it takes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from typing import TypeVar

from ..errors import SchemaOutdated
from ..errors import StoreUnavailable
from ..errors import UNTError
from ..events import Entry
from ..events import event_payload
from ..outage import SHORTEST_WAIT
from ..outage import Outage
from ..outage import one_line
from ..store import Store
from .drained import Drained

T = TypeVar("T")

TRIES_ALONE = 3

log = logging.getLogger("flask_unt")


@dataclass(frozen=True, slots=True)
class Item:
    """An entry, or one event of it, and the id that the stream knows it by."""

    id: bytes
    entry: Entry


class Writer:
    """Stores what the database takes, and finds the one event that it refuses.

    Only an event that fails alone, several times, while the database takes another
    one, is set aside. ``pause(seconds)`` sleeps, and raises when a stop is asked for.
    Of the visitors ``gone`` something came that was not stored, as they are forgotten.
    """

    def __init__(
        self,
        store: Store,
        now: Callable[[], int],
        pause: Callable[[float], None],
        drained: Drained,
    ) -> None:
        self._store = store
        self._now = now
        self._pause = pause
        self._drained = drained
        self.gone: set[str] = set()
        self._outage = Outage(
            "The database cannot be written to, entries wait",
            "The database can be written to again.",
        )

    def write(self, items: Sequence[Item]) -> set[bytes]:
        """Store or set aside all of these; the ids of those that somebody locks."""
        if not items:
            return set()

        error = self._attempt([item.entry for item in items], _is_alone(items))

        if error is None:
            return set()

        if _is_alone(items):
            return self._give_up(items[0], error)

        self._pause(0)
        first, second = _halves(items)

        return self.write(first) | self.write(second)

    def set_aside(self, payload: str, reason: str, events: int = 1) -> None:
        """Keep what cannot be stored, with the reason; it stands for so many events.

        What is kept already was counted, or its worker ended before it could be.
        """
        kept = self.insist(
            lambda: self._store.set_aside([payload], reason, self._now(), events)
        )

        if not kept:
            self._drained.duplicates += events
            return

        self._drained.set_aside += events
        log.error("An event was set aside: see flask unt status.")

    def insist(self, call: Callable[[], T]) -> T:
        """Call until it works, however long that takes."""
        while True:
            try:
                result = call()
            except Exception as error:
                self._pause(self._outage.wait(error))
            else:
                self._outage.end()
                return result

    def wait_for_database(self) -> None:
        """Return once the database takes an event."""
        self.insist(self._try_canary)

    def _try_canary(self) -> None:
        if not self._store.canary():
            raise StoreUnavailable("The database does not take an event.")

    def _attempt(self, entries: Sequence[Entry], alone: bool) -> Exception | None:
        """Write until it works; the error, if it is these that do not work."""
        failures = 0

        while True:
            try:
                written = self._store.write(entries, self._now())
            except Exception as error:
                if not self._database_works(error):
                    self._pause(self._outage.wait(error))
                    continue

                failures += 1

                if failures >= _tries(error, alone):
                    return error

                self._pause(SHORTEST_WAIT * 2**failures)
            else:
                self._outage.end()
                self._drained.stored += written.stored
                self._drained.duplicates += written.duplicates
                self._drained.forgotten += written.forgotten
                self.gone |= written.gone
                return None

    def _give_up(self, item: Item, error: Exception) -> set[bytes]:
        # The database works, but not for this one: somebody holds a lock on its rows.
        if isinstance(error, StoreUnavailable):
            log.warning("An entry is locked in the database and tried again later.")
            return {item.id}

        entry = item.entry

        for event in entry.events:
            self.set_aside(event_payload(event, entry), _reason(error))

        return set()

    def _database_works(self, error: Exception) -> bool:
        if isinstance(error, SchemaOutdated):
            return False

        try:
            return self._store.canary()
        except Exception:
            return False


def _is_alone(items: Sequence[Item]) -> bool:
    return len(items) == 1 and len(items[0].entry.events) <= 1


def _halves(items: Sequence[Item]) -> tuple[Sequence[Item], Sequence[Item]]:
    if len(items) == 1:
        id, entry = items[0].id, items[0].entry
        items = [Item(id, replace(entry, events=(e,))) for e in entry.events]

    middle = len(items) // 2

    return items[:middle], items[middle:]


def _tries(error: Exception, alone: bool) -> int:
    # The store itself has waited for a lock several times.
    return TRIES_ALONE if alone and not isinstance(error, StoreUnavailable) else 1


def _reason(error: Exception) -> str:
    # Other messages may quote what must not be kept, such as the user agent.
    return one_line(str(error)) if isinstance(error, UNTError) else type(error).__name__
