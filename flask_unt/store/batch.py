"""Entries sorted out for one write: each event once, by its kind."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from operator import attrgetter
from typing import Any
from typing import NamedTuple
from typing import TypeVar

from flask_unt.events import Custom
from flask_unt.events import Entry
from flask_unt.events import Identify
from flask_unt.events import Identity
from flask_unt.events import Leave
from flask_unt.events import Proof
from flask_unt.events import Tracked
from flask_unt.events import View

from .links import Seen

K = TypeVar("K")
SESSION = "session"
TOKEN = "token"


class Reading(NamedTuple):
    """How a view was read: the highest figures of its leaves, and the last title."""

    engaged: int
    scroll: int
    title: str | None
    time: int

    def joined(self, other: Reading) -> Reading:
        """The highest figures of both, and the later title."""
        titled = [r for r in (self, other) if r.title] or [self, other]
        latest = max(titled, key=lambda reading: (reading.time, reading.title or ""))

        return Reading(
            max(self.engaged, other.engaged),
            max(self.scroll, other.scroll),
            latest.title,
            latest.time,
        )


@dataclass
class Batch:
    """``entries`` are sorted by when they were received, and so is the rest.

    ``views`` and ``customs`` come with their entry, ``readers`` are the visitors of
    ``readings``; all are by key.
    """

    entries: list[Entry] = field(default_factory=list)
    views: dict[bytes, tuple[View, Entry]] = field(default_factory=dict)
    customs: dict[bytes, tuple[Custom, Entry]] = field(default_factory=dict)
    readings: dict[bytes, Reading] = field(default_factory=dict)
    readers: dict[bytes, str] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    signed_in: dict[tuple[str, Identity, str], Seen] = field(default_factory=dict)
    identities: set[Identity] = field(default_factory=set)
    teams: dict[Identity, bool] = field(default_factory=dict)
    events: int = 0
    identifies: int = 0


def sort_out(entries: Iterable[Entry]) -> Batch:
    """One batch of all entries, the earliest received first."""
    batch = Batch(sorted(entries, key=attrgetter("received")))
    seen = batch.seen

    for entry in batch.entries:
        for event in entry.events:
            visitor, moment = event.visitor, event.time
            ADDERS[type(event)](batch, event, entry)

            if visitor is not None:
                known = seen.get(visitor)

                if known is None:
                    seen[visitor] = Seen(moment, moment)
                elif not known.first <= moment <= known.last:
                    seen[visitor] = known.widened(moment)

        batch.events += len(entry.events)

        if entry.impersonator is not None:
            # Whoever they act as was not here: that links nobody.
            batch.identities.add(entry.impersonator)
        elif entry.user is not None:
            _note_user(batch, entry, entry.user)

    return batch


def _add_view(batch: Batch, event: View, entry: Entry) -> None:
    batch.views.setdefault(event.key, (event, entry))


def _add_custom(batch: Batch, event: Custom, entry: Entry) -> None:
    batch.customs.setdefault(event.key, (event, entry))


def _add_tracked(batch: Batch, event: Tracked, entry: Entry) -> None:
    _add_custom(batch, event, entry)

    if event.user is not None:
        batch.identities.add(event.user)


def _add_proof(batch: Batch, event: Proof, entry: Entry) -> None:
    batch.identifies += 1

    if event.user is not None:
        _widen(batch.signed_in, (event.visitor, event.user, TOKEN), event.time)
        batch.identities.add(event.user)


def _add_identify(batch: Batch, event: Identify, entry: Entry) -> None:
    batch.identifies += 1


def _add_reading(batch: Batch, event: Leave, entry: Entry) -> None:
    new = Reading(event.engaged, event.scroll, event.title, event.time)
    known = batch.readings.get(event.key)
    batch.readings[event.key] = new if known is None else known.joined(new)

    if event.visitor is not None:
        batch.readers[event.key] = event.visitor


def _note_user(batch: Batch, entry: Entry, user: Identity) -> None:
    if entry.team is not None:
        batch.teams[user] = entry.team

    for event in entry.events:
        if event.visitor is not None:
            _widen(batch.signed_in, (event.visitor, user, SESSION), entry.received)

        if event.visitor is not None or isinstance(event, Custom):
            batch.identities.add(user)


def _widen(seen: dict[K, Seen], key: K, moment: int) -> None:
    known = seen.get(key)
    seen[key] = Seen(moment, moment) if known is None else known.widened(moment)


# Asked for each event: to find its type here is the quickest.
ADDERS: Mapping[type[Any], Callable[[Batch, Any, Entry], None]] = {
    View: _add_view,
    Leave: _add_reading,
    Custom: _add_custom,
    Tracked: _add_tracked,
    Proof: _add_proof,
    Identify: _add_identify,
}
