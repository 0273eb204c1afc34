"""Reports on the visits of a period: where they came from, and what they led to."""

from __future__ import annotations

from collections import Counter
from typing import Any

import sqlalchemy as sa

from .. import schema
from ..merges import in_the_end
from ..ownership import counted
from ..ownership import is_counted
from .log_visits import campaign_text
from .pages import host_of
from .pages import steps_of
from .shapes import BecameKnown
from .shapes import Origins
from .shapes import Part
from .spans import within

VISITS_LOOKED_AT = 20_000
PEOPLE_LOOKED_AT = 1_000


def origins(
    conn: sa.Connection,
    *,
    since: int,
    until: int,
    limit: int = 5,
    bots: str = "apart",
) -> Origins:
    """The last visits that began from ``since`` until just before ``until``."""
    visit = last_visits(
        *("referrer", "utm_source", "utm_medium", "utm_campaign", "device", "country"),
        since=since,
        until=until,
        bots=bots,
    )
    columns = list(visit.c)
    rows = conn.execute(
        sa.select(*columns, sa.func.count().label("visits")).group_by(*columns)
    ).all()
    everything = sum(row.visits for row in rows)
    counts: dict[str, Counter[str | None]] = {
        name: Counter() for name in ("sites", "campaigns", "devices", "countries")
    }

    for row in rows:
        campaign = campaign_text(row.utm_source, row.utm_medium, row.utm_campaign)
        counts["sites"][host_of(row.referrer)] += row.visits
        counts["campaigns"][campaign] += row.visits
        counts["devices"][row.device] += row.visits
        counts["countries"][row.country] += row.visits

    # A visit without a campaign is no news, one without a referrer came directly.
    del counts["campaigns"][None]
    parts = {name: _parts(count, everything, limit) for name, count in counts.items()}
    return Origins(visits=everything, **parts)


def became_known(
    conn: sa.Connection,
    *,
    since: int,
    until: int,
    limit: int = 5,
    bots: str = "apart",
) -> BecameKnown:
    """Pages that lead to becoming known, beside those where others leave.

    Of the last people who became known in the period, the last page that was seen
    before on the browser that they became known with; of the last visits of browsers
    of nobody, the exit page.
    """
    led = Counter(conn.scalars(_pages_before(since, until, bots)).all())
    people = sum(led.values())
    del led[None]
    names, visitor = ("visitor_id", "exit_page_id"), schema.visitor
    visit = last_visits(*names, since=since, until=until, bots=bots)
    exits = conn.execute(
        sa.select(visit.c.exit_page_id, sa.func.count())
        .join(visitor, visitor.c.id == visit.c.visitor_id)
        .where(visitor.c.owner_id.is_(None))
        .group_by(visit.c.exit_page_id)
    )
    left = Counter({page_id: count for page_id, count in exits})
    return BecameKnown(
        people=people,
        visits=sum(left.values()),
        led=steps_of(conn, led, limit),
        left=steps_of(conn, left, limit),
    )


def last_visits(*names: str, since: int, until: int, bots: str) -> sa.Subquery:
    """These columns of the last visits that began then, as many as are looked at."""
    visit = schema.visit
    return (
        sa.select(*(visit.c[name] for name in names))
        .where(within(visit.c.started_at, [(since, until)]), counted(visit, bots))
        .order_by(visit.c.started_at.desc())
        .limit(VISITS_LOOKED_AT)
        .subquery("visits")
    )


def _pages_before(since: int, until: int, bots: str) -> sa.Select[Any]:
    """For each of the last people who became known, a page or NULL."""
    link, user, view = schema.link, schema.user, schema.page_view
    first = sa.func.row_number().over(
        partition_by=in_the_end(), order_by=(link.c.since, link.c.id)
    )
    known = (
        sa.select(link.c.visitor_id, link.c.since, first.label("place"))
        .join(user, user.c.id == link.c.user_id)
        .where(within(user.c.created_at, [(since, until)]), link.c.undone_at.is_(None))
        .where(is_counted(in_the_end(), bots))
        .subquery("known")
    )
    latest = (
        sa.select(known)
        .where(known.c.place == 1)
        .order_by(known.c.since.desc())
        .limit(PEOPLE_LOOKED_AT)
        .subquery("latest")
    )
    # Written as IS NULL, SQLite would take the index on user_id.
    nobodys = sa.func.coalesce(view.c.user_id, 0) == 0
    before = (
        sa.select(view.c.page_id)
        .where(
            view.c.visitor_id == latest.c.visitor_id,
            view.c.local_time <= latest.c.since,
            nobodys,
            counted(view, bots),
        )
        .order_by(view.c.local_time.desc(), view.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return sa.select(before).select_from(latest)


def _parts(
    counts: Counter[str | None], everything: int, limit: int
) -> tuple[Part, ...]:
    order = sorted(counts, key=lambda name: (-counts[name], name or ""))[:limit]
    return tuple(Part(name, counts[name], counts[name] / everything) for name in order)
