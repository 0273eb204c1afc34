"""Every report and every visit, recounted from the rows in plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import recount
import sqlalchemy as sa

from flask_unt.store import Store
from flask_unt.store import schema

HOUR_MS = 3_600_000
DAY_MS = 86_400_000
VISIT_TIMEOUT_MS = 1_800_000


def differences(url: str, now: int) -> Iterator[str]:
    """Name what a report, a visit or a waiting leave has other than the rows."""
    rows = recount.Rows(url)

    with recount.opened(url) as store:
        yield from _overview(store, rows, now)
        yield from _shares(store, rows)
        yield from _users(store, rows, now)

    yield from _visits(rows)
    yield from _leftovers(url)


def _overview(store: Store, rows: Any, now: int) -> Iterator[str]:
    while store.overview(since=now, until=now, now=now).hours_behind:
        pass

    ends = now + HOUR_MS
    periods = [(ends - 7 * DAY_MS, ends), (now - 3 * HOUR_MS - 1234, now - 777_777)]

    for since, until in periods:
        found = store.overview(since=since, until=until, now=now)
        wanted = rows.figures(since, until)
        series = [(day.day, day.visitors, day.views) for day in found.series]

        for name, value in wanted.items():
            if getattr(found, name) != value:
                yield f"overview {name} is {getattr(found, name)}, not {value}"

        if series != rows.series(since, until):
            yield "overview by day"


def _shares(store: Store, rows: Any) -> Iterator[str]:
    for user_id in (None, *rows.user):
        views = rows.views if user_id is None else rows.views_of(user_id)
        found = store.page_share(user_id=user_id, limit=3)
        shares = [(row.page_id, row.path, row.views) for row in found.rows]

        if (found.total, shares) != (len(views), rows.share(views, 3)):
            yield f"pages of {'everybody' if user_id is None else user_id}"


def _users(store: Store, rows: Any, now: int) -> Iterator[str]:
    found = store.users(now=now, per_page=200).rows

    if len(found) != len(rows.user):
        yield f"{len(found)} users, not {len(rows.user)}"

    for row in found:
        views = rows.views_of(row.id)
        wanted = (len(views), len({view.visit_id for view in views}))

        if (row.views, row.visits) != wanted:
            yield f"user {row.id} has {row.views} views, {row.visits} visits: {wanted}"


def _visits(rows: Any) -> Iterator[str]:
    stored = {
        (row.visitor_id, row.started_at, row.last_at, row.views)
        for row in rows.visit.values()
    }
    recounted = set(_recounted_visits(rows))

    if stored != recounted:
        yield f"{len(stored ^ recounted)} visits"

    for row in rows.page_view.values():
        visit = rows.visit.get(row.visit_id)

        if visit is None or not visit.started_at <= row.local_time <= visit.last_at:
            yield "a view is not in its visit"
            return


def _recounted_visits(rows: Any) -> Iterator[tuple[int, int, int, int]]:
    times = defaultdict(list)

    for row in rows.page_view.values():
        times[row.visitor_id].append(row.local_time)

    for visitor_id, moments in times.items():
        visit: list[int] = []

        for moment in sorted(moments):
            if visit and moment - visit[-1] > VISIT_TIMEOUT_MS:
                yield visitor_id, visit[0], visit[-1], len(visit)
                visit = []

            visit.append(moment)

        yield visitor_id, visit[0], visit[-1], len(visit)


def _leftovers(url: str) -> Iterator[str]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    met = sa.select(sa.func.count()).select_from(
        schema.leave.join(schema.page_view, schema.leave.c.id == schema.page_view.c.id)
    )

    with engine.connect() as connection:
        if connection.scalar(met):
            yield "a leave waits for a view that is there"

    engine.dispose()
