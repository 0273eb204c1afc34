"""Navigation logs: page views in order, newest first, grouped by visit."""

from __future__ import annotations

import re
from functools import partial

import sqlalchemy as sa

from .log_visits import visits_shown
from .shapes import Log
from .sources import Sources
from .sources import Spot
from .sources import sources_of_user
from .sources import sources_of_visitor
from .sources import spots

CURSOR = re.compile(r"(\d{1,14})\.([0-9a-f]{32})", re.ASCII)
MAX_LIMIT = 1000


def navigation_log(
    conn: sa.Connection,
    user_id: int,
    *,
    before: str | None = None,
    after: str | None = None,
    limit: int = 100,
    bots: str = "apart",
) -> Log:
    """A page of a user's log: the newest, or the one next to a place in it.

    :param before: a ``Log.next``, or what :func:`place_before` gives.
    :param after: a ``Log.previous``.
    :raises ValueError: that is not a place in a log.
    """
    sources = sources_of_user(conn, user_id)
    return log_of(conn, sources, before, after, limit, bots)


def visitor_log(
    conn: sa.Connection,
    visitor_id: int,
    *,
    before: str | None = None,
    after: str | None = None,
    limit: int = 100,
    bots: str = "apart",
) -> Log:
    """The same of one browser, whoever used it."""
    sources = sources_of_visitor(visitor_id)
    return log_of(conn, sources, before, after, limit, bots)


def place_before(moment: int) -> str:
    """The place in any log from which on all is older than a moment."""
    return _cursor((max(0, moment), bytes(16)))


def log_of(
    conn: sa.Connection,
    sources: Sources,
    before: str | None,
    after: str | None,
    limit: int,
    bots: str,
) -> Log:
    """A page of the log of any views: see :func:`navigation_log`."""
    limit = min(max(limit, 1), MAX_LIMIT)
    older_than = None if before is None else _read_cursor(before)
    newer_than = None if after is None else _read_cursor(after)

    next_to = partial(spots, conn, sources, bots=bots)

    if newer_than is not None:
        near = next_to(limit=limit + 1, newer_than=newer_than)
        shown = sorted(near[:limit], reverse=True)
        end = shown[-1] if shown else newer_than
        is_older = bool(next_to(limit=1, older_than=end))
        is_newer = len(near) > limit
    else:
        near = next_to(limit=limit + 1, older_than=older_than)
        shown = near[:limit]
        is_older = len(near) > limit
        start = shown[0] if shown else older_than
        is_newer = older_than is not None and bool(next_to(limit=1, newer_than=start))

    edge = older_than or newer_than
    return Log(
        visits=tuple(visits_shown(conn, sources, shown)),
        next=_cursor(shown[-1] if shown else edge) if is_older else None,
        previous=_cursor(shown[0] if shown else edge) if is_newer else None,
    )


def _cursor(spot: Spot | None) -> str:
    moment, id = spot or (0, bytes(16))
    return f"{moment}.{id.hex()}"


def _read_cursor(text: str) -> Spot:
    found = CURSOR.fullmatch(text)

    if found is None:
        raise ValueError("This is not a place in the log: follow a link of the log.")

    return int(found[1]), bytes.fromhex(found[2])
