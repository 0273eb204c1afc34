"""Who was forgotten, known by hashes: nothing of them is stored again.

Of a visitor everything is dropped, whenever it comes. A person may come back: of them
only what was received before they were forgotten is.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import sqlalchemy as sa

from flask_unt.events import Entry
from flask_unt.events import Event
from flask_unt.events import Identity
from flask_unt.events import Proof
from flask_unt.events import Tracked
from flask_unt.events import forgotten_hash
from flask_unt.events import forgotten_name_hashes
from flask_unt.events import is_acting_mark_of
from flask_unt.events import is_mark_of

from .batch import Batch
from .dialect import chunks
from .dialect import insert_missing
from .dialect import select_in
from .dialect import upsert
from .schema import forgotten
from .schema import visitor

Keys = Sequence[bytes]


def remember_visitor(connection: sa.Connection, name: str, now: int) -> None:
    """Have whatever comes of a visitor dropped."""
    row = {"hash": forgotten_hash(name), "at": now, "person": False}
    insert_missing(connection, forgotten, [row], "hash")


def remember_people(
    connection: sa.Connection, people: Iterable[Identity], keys: Keys, now: int
) -> None:
    """Have what came of these people until now, and is not written yet, dropped."""
    hashes = {h for who in people for h in forgotten_name_hashes(who, keys[:1])}
    rows = [{"hash": h, "at": now, "person": True} for h in sorted(hashes)]
    upsert(connection, forgotten, rows, ("hash",), {"at": "greatest"})


def forgotten_hashes(connection: sa.Connection) -> Sequence[bytes]:
    """What all forgotten visitors are known by."""
    of_visitors = sa.select(forgotten.c.hash).where(forgotten.c.person.is_(False))

    return connection.scalars(of_visitors).all()


def forgotten_among(
    connection: sa.Connection, names: Iterable[str | None]
) -> frozenset[str]:
    """Those of these visitors that were forgotten; their rows are deleted again."""
    hashes = {forgotten_hash(name): name for name in names if name is not None}
    statement = sa.select(forgotten.c.hash)
    rows = select_in(connection, statement, forgotten.c.hash, sorted(hashes))
    gone = frozenset(hashes[row.hash] for row in rows)

    for chunk in chunks(sorted(UUID(name).bytes for name in gone)):
        connection.execute(sa.delete(visitor).where(visitor.c.uuid.in_(chunk)))

    return gone


def without_visitors(entries: Iterable[Entry], gone: frozenset[str]) -> list[Entry]:
    """The entries without any word of these visitors."""
    return [
        replace(
            entry,
            events=tuple(e for e in entry.events if e.visitor not in gone),
            cookie=None if entry.cookie in gone else entry.cookie,
        )
        for entry in entries
    ]


def without_people(connection: sa.Connection, batch: Batch, keys: Keys) -> list[Entry]:
    """The entries of a batch without what came of people before they were forgotten.

    Of such an entry only what is surely somebody else's stays. The very list of the
    batch where nothing is theirs.
    """
    gone = _gone(connection, batch, keys)

    if not gone:
        return batch.entries

    left = [_without(entry, gone, keys) for entry in batch.entries]

    return batch.entries if left == batch.entries else left


def _gone(connection: sa.Connection, batch: Batch, keys: Keys) -> dict[Identity, int]:
    """Who of a batch was forgotten since it came, and when."""
    gone: dict[Identity, int] = {}

    if not batch.identities:
        return gone

    since = (forgotten.c.person.is_(True), forgotten.c.at >= batch.entries[0].received)
    rows = connection.execute(sa.select(forgotten.c.hash, forgotten.c.at).where(*since))
    found = {row.hash: row.at for row in rows}

    for who in batch.identities if found else ():
        hashes = found.keys() & forgotten_name_hashes(who, keys)

        if hashes:
            gone[who] = max(found[hash] for hash in hashes)

    return gone


def _without(entry: Entry, gone: Mapping[Identity, int], keys: Keys) -> Entry:
    out = {who for who, at in gone.items() if entry.received <= at}
    proofs = [e for e in entry.events if isinstance(e, Proof) and e.user in out]
    proven = {proof.visitor for proof in proofs}
    is_theirs = (entry.impersonator or entry.user) in out

    def stays(event: Event) -> bool:
        if isinstance(event, Proof | Tracked) and event.user is not None:
            return event.user not in out

        if is_theirs or event.visitor in proven:
            return _is_anothers(event, out, keys)

        return True

    events = tuple(event for event in entry.events if stays(event))

    if not is_theirs:
        return replace(entry, events=events)

    return replace(
        entry, events=events, user=None, impersonator=None, team=None, asked=False
    )


def _is_anothers(event: Event, out: Iterable[Identity], keys: Keys) -> bool:
    """Whether its mark is of somebody who is not one of these."""
    mark = getattr(event, "mark", None)

    if not mark or event.visitor is None:
        return False

    return not any(
        is_mark(mark, key, event.visitor, who)
        for is_mark in (is_mark_of, is_acting_mark_of)
        for key in keys
        for who in out
    )
