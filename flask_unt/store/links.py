"""The links that say who is whom.

Rows are never rewritten: whose a view is follows from ``unt_page_view.user_id`` and
``unt_visitor.owner_id``, and both ids of a visitor follow from its links and those of
the visitors that are one browser with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

import sqlalchemy as sa

from .aliases import browsers
from .dialect import delete_in
from .dialect import select_in
from .dialect import update_rows
from .dialect import upsert
from .listening import NEWS
from .listening import NewLink
from .listening import News
from .schema import link
from .schema import user
from .schema import visitor
from .team import review_visitors
from .visitor_marks import mark_visitors

ALIAS = "alias"
MERGED = "merged"
# Worked out from the other links.
DERIVED = (ALIAS, MERGED)


class Seen(NamedTuple):
    """When something was seen first and last, in ms since 1970."""

    first: int
    last: int

    def widened(self, moment: int) -> Seen:
        """The same, with one more moment in it."""
        if moment > self.last:
            return Seen(self.first, moment)

        return self if moment >= self.first else Seen(moment, self.last)


def add_links(
    connection: sa.Connection, links: Mapping[tuple[int, int, str], Seen]
) -> None:
    """Add or widen links, keyed by visitor's id, user's id and reason."""
    _note_news(connection, links)
    upsert(
        connection,
        link,
        _rows(links),
        ("visitor_id", "user_id", "reason"),
        {"since": "least", "until": "greatest"},
    )
    settle(connection, {visitor_id for visitor_id, _, _ in links})


def _note_news(
    connection: sa.Connection, links: Mapping[tuple[int, int, str], Seen]
) -> None:
    """Note those of these links that are not there yet."""
    news: News | None = connection.info.get(NEWS)

    if news is None or not links:
        return

    columns = (link.c.visitor_id, link.c.user_id, link.c.reason)
    ids = sorted({visitor_id for visitor_id, _, _ in links})
    rows = select_in(connection, sa.select(*columns), link.c.visitor_id, ids)
    known = {tuple(row) for row in rows}
    news.links += [
        NewLink(key[1], key[2], seen.last)
        for key, seen in sorted(links.items())
        if key not in known
    ]


def settle(connection: sa.Connection, visitor_ids: Iterable[int]) -> None:
    """Set whose browser each visitor is, and whose its anonymous views are.

    Visitors that are one browser have the same users.
    """
    groups = browsers(connection, visitor_ids)
    ids = sorted(groups)
    links: dict[int, list[Any]] = {id: [] for id in ids}
    derived: dict[tuple[int, int, str], Any] = {}
    statement = sa.select(link, user.c.verified, user.c.merged_into).join(
        user, user.c.id == link.c.user_id
    )

    for row in select_in(connection, statement, link.c.visitor_id, ids):
        if row.reason in DERIVED:
            derived[row.visitor_id, row.user_id, row.reason] = row
        elif row.undone_at is None:
            links[row.visitor_id].append(row)

    all_links = {
        id: [row for member in groups[id] for row in links[member]] for id in ids
    }
    wanted = _shared(links, all_links) | _merged(all_links)
    _store_derived(connection, derived, wanted)
    owners = {id: _owner(all_links[id]) for id in ids}
    others = _changed(connection, owners)
    changes = [
        (id, {"user_id": _current(all_links[id]), "owner_id": owners[id]}) for id in ids
    ]
    update_rows(connection, visitor, "id", changes)
    mark_visitors(connection, ids)
    review_visitors(connection, others)


def _changed(
    connection: sa.Connection, owners: Mapping[int, int | None]
) -> dict[int, int | None]:
    """The new owners of those visitors that had another one."""
    statement = sa.select(visitor.c.id, visitor.c.owner_id)
    rows = select_in(connection, statement, visitor.c.id, sorted(owners))

    return {row.id: owners[row.id] for row in rows if row.owner_id != owners[row.id]}


def _shared(
    links: Mapping[int, list[Any]], all_links: Mapping[int, list[Any]]
) -> dict[tuple[int, int, str], Seen]:
    """The users that visitors have by their browser's other ids alone, and since when.

    By visitor's and user's id.
    """
    shared: dict[tuple[int, int, str], Seen] = {}

    for id, rows in all_links.items():
        own = {row.user_id for row in links[id]}

        for row in rows:
            if row.user_id not in own:
                _widen(shared, (id, row.user_id, ALIAS), row)

    return shared


def _merged(all_links: Mapping[int, list[Any]]) -> dict[tuple[int, int, str], Seen]:
    """The users that visitors have because theirs were merged into these."""
    merged: dict[tuple[int, int, str], Seen] = {}

    for id, rows in all_links.items():
        known = {row.user_id for row in rows}

        for row in rows:
            if row.merged_into is not None and row.merged_into not in known:
                _widen(merged, (id, row.merged_into, MERGED), row)

    return merged


def _widen(
    seen: dict[tuple[int, int, str], Seen], key: tuple[int, int, str], row: Any
) -> None:
    known = seen.get(key, Seen(row.since, row.until))
    seen[key] = known.widened(row.since).widened(row.until)


def _store_derived(
    connection: sa.Connection,
    stored: Mapping[tuple[int, int, str], Any],
    wanted: Mapping[tuple[int, int, str], Seen],
) -> None:
    new = {"since": "new", "until": "new"}
    upsert(connection, link, _rows(wanted), ("visitor_id", "user_id", "reason"), new)
    gone = sorted(row.id for key, row in stored.items() if key not in wanted)
    delete_in(connection, link.c.id, gone)


def _rows(links: Mapping[tuple[int, int, str], Seen]) -> list[dict[str, Any]]:
    return [
        {
            "visitor_id": visitor_id,
            "user_id": user_id,
            "reason": reason,
            "since": seen.first,
            "until": seen.last,
        }
        for (visitor_id, user_id, reason), seen in sorted(links.items())
    ]


def _owner(links: list[Any]) -> int | None:
    """The first verified user; until there is one, the latest declared."""
    verified = [row for row in links if row.verified]

    if verified:
        return int(min(verified, key=lambda row: (row.since, row.user_id)).user_id)

    return _current(links)


def _current(links: list[Any]) -> int | None:
    """The latest user, a verified one where there is any."""
    if not links:
        return None

    latest = max(links, key=lambda row: (row.verified, row.until, -row.user_id))

    return int(latest.user_id)
