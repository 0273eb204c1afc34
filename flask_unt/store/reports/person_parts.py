"""What a person's page tells beside log and figures: browsers, beginnings, pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import sqlalchemy as sa

from .. import schema
from ..dialect import chunks
from ..dialect import select_in
from ..links import DERIVED
from ..links import MERGED
from ..merges import in_the_end
from .log_visits import campaign_text
from .shapes import BeforeKnown
from .shapes import Browser
from .shapes import FirstTouch
from .shapes import Link
from .shapes import Member
from .shapes import PageRow
from .shapes import PageShare
from .sources import AT_ONCE
from .sources import Sources
from .sources import count_recent_views
from .sources import spots

MAX_BROWSERS = 50
FAVOURITES = 6
RECENT = 500
BEFORE = 500


class Recently(NamedTuple):
    """Favourite pages, and minutes east of UTC at the newest view."""

    favourites: PageShare
    last_offset: int | None


def members(rows: Iterable[Any]) -> tuple[Member, ...]:
    """The users who are one person, the one that they are in the end first."""
    rows = sorted(rows, key=lambda row: (row.merged_into is not None, row.id))
    return tuple(
        Member(
            id=row.id,
            email=row.email,
            name=row.name,
            verified=row.verified,
            host_id=row.host_id,
            created_at=row.created_at,
            merged_with=row.merged_with,
            merged_at=row.merged_at,
            merged_by=row.merged_by,
        )
        for row in rows
    )


def browsers_of(
    conn: sa.Connection, members: Sequence[int]
) -> tuple[tuple[Browser, ...], int]:
    """The browsers that are linked with these users, and how many more there are."""
    link, visitor = schema.link, schema.visitor
    linked = sa.select(link.c.visitor_id).where(link.c.user_id.in_(members)).distinct()
    ids = conn.scalars(
        sa.select(visitor.c.id)
        .where(visitor.c.id.in_(linked))
        .order_by(visitor.c.last_seen.desc(), visitor.c.id.desc())
    ).all()
    return describe_browsers(conn, ids[:MAX_BROWSERS], members), len(ids[MAX_BROWSERS:])


def describe_browsers(
    conn: sa.Connection, ids: Sequence[int], members: Sequence[int] | None = None
) -> tuple[Browser, ...]:
    """These browsers in this order, and what links them with these users, or any."""
    visitor = schema.visitor
    seen = sa.select(visitor.c.id, visitor.c.first_seen, visitor.c.last_seen)
    rows = {row.id: row for row in select_in(conn, seen, visitor.c.id, ids)}
    newest = _newest_visits(conn, ids)
    links = _links(conn, ids)
    return tuple(
        Browser(
            visitor_id=id,
            first_seen=rows[id].first_seen,
            last_seen=rows[id].last_seen,
            browser=getattr(newest.get(id), "browser", None),
            system=getattr(newest.get(id), "system", None),
            device=getattr(newest.get(id), "device", None),
            country=getattr(newest.get(id), "country", None),
            links=tuple(_link(r) for r in links.get(id, ()) if _is_told(r, members)),
            others=_others(links.get(id, ()), members),
        )
        for id in ids
        if id in rows
    )


def first_touch(
    conn: sa.Connection, visitor_id: int, first_seen: int
) -> FirstTouch | None:
    """Where the visit of this browser, at this moment, came from."""
    visit, page, view = schema.visit, schema.page, schema.page_view
    row = conn.execute(
        sa.select(visit, page.c.title, page.c.path, view.c.utc_offset)
        .outerjoin(page, page.c.id == visit.c.entry_page_id)
        .outerjoin(view, view.c.id == visit.c.id)
        .where(visit.c.visitor_id == visitor_id, visit.c.last_at >= first_seen)
        .order_by(visit.c.last_at)
        .limit(1)
    ).first()

    if row is None:
        # A view that came late has just renamed the visit.
        return None

    return FirstTouch(
        at=first_seen,
        utc_offset=row.utc_offset,
        referrer=row.referrer,
        campaign=campaign_text(row.utm_source, row.utm_medium, row.utm_campaign),
        page_id=row.entry_page_id,
        page_title=row.title,
        page_path=row.path,
    )


def before_known(
    conn: sa.Connection, sources: Sources, known_at: int, bots: str
) -> BeforeKnown:
    """What somebody saw until they first signed in, or typed an address."""
    place = known_at, bytes(16)
    seen = spots(conn, sources, BEFORE + 1, bots, older_than=place, anonymous=True)
    view, page = schema.page_view, schema.page
    last = None

    if seen:
        last = conn.execute(
            sa.select(page.c.id, page.c.title, page.c.path)
            .join(view, view.c.page_id == page.c.id)
            .where(view.c.id == seen[0][1])
        ).first()

    return BeforeKnown(
        known_at=known_at,
        views=len(seen[:BEFORE]),
        is_more=len(seen) > BEFORE,
        page_id=last.id if last else None,
        page_title=last.title if last else None,
        page_path=last.path if last else None,
    )


def known_at(conn: sa.Connection, members: Sequence[int]) -> int | None:
    """When something first said who the person is."""
    link = schema.link
    said = sa.select(sa.func.min(link.c.since)).where(
        link.c.user_id.in_(members),
        link.c.reason.not_in(DERIVED),
        link.c.undone_at.is_(None),
    )
    found: int | None = conn.scalar(said)
    return found


def recently(conn: sa.Connection, sources: Sources, bots: str) -> Recently:
    """What the newest views tell: favourite pages, and the visitor's clock."""
    view, page = schema.page_view, schema.page
    columns = [view.c.page_id, view.c.utc_offset]
    newest = count_recent_views(conn, sources, columns, RECENT, bots)

    if not newest:
        return Recently(PageShare(0, ()), None)

    counts: Counter[int] = Counter()

    for row in newest:
        counts[row.page_id] += row.views

    total = counts.total()
    order = sorted(counts, key=lambda id: (-counts[id], id))[:FAVOURITES]
    names = {
        row.id: row
        for row in conn.execute(
            sa.select(page.c.id, page.c.title, page.c.host, page.c.path).where(
                page.c.id.in_(order)
            )
        )
    }
    shown = [
        PageRow(*names[id], counts[id], counts[id] / total)
        for id in order
        if id in names
    ]
    rest = total - sum(row.views for row in shown)

    if rest:
        shown.append(PageRow(None, "Other", "", "", rest, rest / total))

    return Recently(PageShare(total, tuple(shown)), newest[0].utc_offset)


def _newest_visits(conn: sa.Connection, ids: Sequence[int]) -> dict[int, Any]:
    visit = schema.visit
    found = {}

    for some in chunks(ids, AT_ONCE):
        selects = [
            sa.select(
                sa.select(visit)
                .where(visit.c.visitor_id == id)
                .order_by(visit.c.last_at.desc())
                .limit(1)
                .subquery()
            )
            for id in some
        ]
        rows = conn.execute(sa.union_all(*selects))
        found.update({row.visitor_id: row for row in rows})

    return found


def _links(conn: sa.Connection, ids: Sequence[int]) -> Mapping[int, Sequence[Any]]:
    link, user = schema.link, schema.user
    statement = (
        sa.select(
            link,
            user.c.email,
            user.c.name,
            user.c.host_id,
            user.c.verified,
            in_the_end().label("whose"),
        )
        .join(user, user.c.id == link.c.user_id)
        .order_by(link.c.since, link.c.id)
    )
    found: dict[int, list[Any]] = {}

    for row in select_in(conn, statement, link.c.visitor_id, ids):
        found.setdefault(row.visitor_id, []).append(row)

    return found


def _is_told(row: Any, members: Sequence[int] | None) -> bool:
    # That users are merged is said of them, not of each of their browsers.
    is_theirs = members is None or row.user_id in members
    return is_theirs and row.reason != MERGED


def _link(row: Any) -> Link:
    return Link(
        user_id=row.user_id,
        reason=row.reason,
        since=row.since,
        until=row.until,
        name=row.email or row.name or row.host_id,
        verified=row.verified,
        undone_at=row.undone_at,
    )


def _others(
    rows: Iterable[Any], members: Sequence[int] | None
) -> tuple[tuple[int, str], ...]:
    """Other people who signed in on a browser, by who they are in the end."""
    if members is None:
        return ()

    names: dict[int, str] = {}

    for row in rows:
        if row.user_id not in members and row.verified and row.reason not in DERIVED:
            name = row.email or row.name or row.host_id or f"User {row.whose}"
            names.setdefault(row.whose, name)

    return tuple(sorted(names.items()))
