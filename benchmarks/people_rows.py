"""A year of a site's rows, made up: 200,000 visitors, of whom 40,000 users came.

One user has 100,000 views of their own. Everything follows from a row's number, so
that each database gets the same.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

import sqlalchemy as sa

from flask_unt.store import Store
from flask_unt.store import schema
from flask_unt.store.bulk import add_rows
from flask_unt.store.partitions import ensure_months

VISITORS = 200_000
USERS = VISITORS // 5
PAGES = 201
RARE_PAGE = PAGES
VIEWS_A_VISIT = 4
HEAVY_VISITS = 25_000
YEAR_MS = 365 * 86_400_000
STEP_MS = 30_000
AT_ONCE = 20_000
GOLDEN = 0x9E3779B97F4A7C15F39CC0605CEDC835
COUNTRIES = ("PT", "DE", "BR", "US", "GB", "IN", "JP", "AU")
PLANS = ("free", "free", "free", "pro", "team")
NO_REFERRER = (None, None, None, None)
Row = tuple[Any, ...]
COUNTRY = "country" if "country" in schema.visit.c else "'PT'"
# What recompute_figures makes of these rows, all at once.
FIGURES = (
    f"""
    INSERT INTO unt_visitor_figures (user_id, visitor_id, first_seen, last_seen,
      visits, views, devices, countries)
    SELECT coalesce(owner_id, 0), visitor_id, min(started_at), max(last_at), count(*),
      sum(views), ',' || max(device) || ',', ',' || max({COUNTRY}) || ','
    FROM unt_visit JOIN unt_visitor ON unt_visitor.id = visitor_id
    GROUP BY owner_id, visitor_id
    """,
    """
    INSERT INTO unt_user_figures (user_id, name, verified, team, known_at, first_seen,
      last_seen, visits, views, devices, countries, words)
    SELECT u.id, u.email, u.verified, u.team, u.created_at, min(f.first_seen),
      max(f.last_seen), coalesce(sum(f.visits), 0), coalesce(sum(f.views), 0),
      coalesce(max(f.devices), ''), coalesce(max(f.countries), ''),
      u.email || ' ' || lower(u.name)
    FROM unt_user u LEFT JOIN unt_visitor_figures f ON f.user_id = u.id
    GROUP BY u.id, u.email, u.verified, u.team, u.created_at, u.name
    """,
    """
    INSERT INTO unt_page_visitor (page_id, visitor_id, user_id, whose_id, last_at)
    SELECT page_id, visitor_id, coalesce(v.user_id, 0), coalesce(owner_id, 0),
      max(local_time)
    FROM unt_page_view v JOIN unt_visitor ON unt_visitor.id = visitor_id
    GROUP BY page_id, visitor_id, v.user_id, owner_id
    """,
    """
    INSERT INTO unt_event_visitor (name, visitor_id, user_id, whose_id, last_at)
    SELECT name, visitor_id, coalesce(e.user_id, 0), coalesce(owner_id, 0),
      max(local_time)
    FROM unt_event e JOIN unt_visitor ON unt_visitor.id = visitor_id
    GROUP BY name, visitor_id, e.user_id, owner_id
    """,
    """
    INSERT INTO unt_page_day (day, page_id, views)
    SELECT date(local_time), page_id, count(*) FROM unt_page_view GROUP BY 1, 2
    """,
)


def fill(store: Store, views: int, now: int) -> None:
    """Write it all, indexes last, and say how long that took."""
    begin = time.monotonic()
    store.prepare()
    visits = views // VIEWS_A_VISIT

    with store._database.writing() as connection:
        for month in range(14):
            ensure_months(connection, now - YEAR_MS + month * YEAR_MS // 13)

    with store._database.writing() as connection:
        _each_index(connection, "drop")

        for table, names, rows in _tables(visits, now):
            while chunk := list(islice(rows, AT_ONCE)):
                add_rows(connection, table, names, chunk)

        for statement in FIGURES:
            connection.execute(sa.text(statement))

        _each_index(connection, "create")

    _analyze(store)
    print(f"{views:,} views written in {time.monotonic() - begin:.0f} s", flush=True)


def _each_index(connection: sa.Connection, what: str) -> None:
    for table in (schema.page_view, schema.visit, schema.page_visitor):
        for index in table.indexes:
            getattr(index, what)(connection)


def _analyze(store: Store) -> None:
    vacuum = "VACUUM ANALYZE" if store._database.backend == "postgresql" else "ANALYZE"

    with store._database.reading() as connection:
        raw = connection.connection.dbapi_connection
        connection.rollback()

        if store._database.backend == "postgresql":
            raw.autocommit = True

        raw.execute(vacuum)


def owner_of(visitor: int) -> int | None:
    """Whose a visitor is: every fifth is a user's, some users have two."""
    return visitor // 5 + 1 if visitor % 5 == 1 or visitor % 25 == 2 else None


def _tables(visits: int, now: int) -> Iterator[tuple[sa.Table, Row, Iterator[Row]]]:
    start = now - YEAR_MS
    yield (
        schema.page,
        ("id", "hash", "host", "path", "title", "title_at"),
        (
            (n, _key(0, n), "www.example.com", f"/page/{n}", f"Page {n}", start)
            for n in range(1, PAGES + 1)
        ),
    )
    yield (
        schema.agent,
        ("id", "hash", "bot"),
        iter([(1, _key(0, 1), False)]),
    )
    yield (
        schema.user,
        (
            "id",
            "email",
            "verified",
            "name",
            "created_at",
            "team",
            "host_columns",
            "host_columns_at",
        ),
        (
            (
                n,
                f"person{n}@example.com",
                n % 2 == 1,
                f"Person {n}",
                start,
                False,
                json.dumps({"plan": PLANS[n % 5]}),
                now,
            )
            for n in range(1, USERS + 1)
        ),
    )
    yield (
        schema.visitor,
        ("id", "uuid", "user_id", "owner_id", "first_seen", "last_seen"),
        (
            (n, _key(n, n), owner_of(n), owner_of(n), start, now)
            for n in range(1, VISITORS + 1)
        ),
    )
    yield (
        schema.link,
        ("visitor_id", "user_id", "reason", "since", "until"),
        (
            (n, owner_of(n), "session" if owner_of(n) % 2 else "declared", start, now)
            for n in range(1, VISITORS + 1)
            if owner_of(n)
        ),
    )
    yield (schema.visit, *_visits(visits, start))
    yield (schema.page_view, *_views(visits, start))
    yield (
        schema.event,
        (
            "id",
            "visit_id",
            "visitor_id",
            "user_id",
            "name",
            "props",
            "local_time",
            "utc_offset",
            "server_time",
            "skewed",
        ),
        (
            (
                _key(at, n),
                id,
                visitor,
                user,
                "refund" if n % 5_000 == 0 else "order",
                "{}",
                at,
                0,
                at,
                False,
            )
            for n, id, visitor, user, at in _all(visits, start)
            if n % 20 == 0
        ),
    )


def _all(visits: int, start: int) -> Iterator[tuple[int, bytes, int, int | None, int]]:
    """Each visit's number, key, visitor, signed-in user and beginning."""
    every = max(visits // HEAVY_VISITS, 1)
    step = YEAR_MS / visits

    for n in range(visits):
        at = start + int(n * step)
        visitor = 1 if n % every == 0 else n * 7_919 % (VISITORS - 1) + 2
        owner = owner_of(visitor)
        yield n, _key(at, n), visitor, owner if owner and owner % 2 else None, at


def _visits(visits: int, start: int) -> tuple[Row, Iterator[Row]]:
    names: Row = (
        "id",
        "visitor_id",
        "user_id",
        "started_at",
        "last_at",
        "last_id",
        "views",
        "user_views",
        "entry_page_id",
        "exit_page_id",
        "engaged_ms",
        "bot",
        "team",
        "browser",
        "system",
        "device",
        "referrer",
    )
    more = ("country",) if "country" in schema.visit.c else ()
    last = VIEWS_A_VISIT - 1
    return names + more, (
        (
            id,
            visitor,
            user,
            at,
            at + last * STEP_MS,
            _key(at, n),
            VIEWS_A_VISIT,
            VIEWS_A_VISIT if user else 0,
            _page(n, 0),
            _page(n, last),
            40_000,
            False,
            False,
            "Firefox",
            "Linux",
            _device(visitor),
            "https://www.google.com/" if n % 3 else None,
            *([COUNTRIES[visitor % 8]] if more else []),
        )
        for n, id, visitor, user, at in _all(visits, start)
    )


def _views(visits: int, start: int) -> tuple[Row, Iterator[Row]]:
    names: Row = (
        "id",
        "visit_id",
        "visitor_id",
        "user_id",
        "page_id",
        "local_time",
        "utc_offset",
        "server_time",
        "engaged_ms",
        "scroll",
        "kind",
        "skewed",
        "bot",
        "team",
        "width",
        "agent_id",
        "referrer",
        "utm_source",
        "utm_medium",
        "utm_campaign",
    )
    return names, (
        (
            _key(at + place * STEP_MS, n * VIEWS_A_VISIT + place),
            id,
            visitor,
            user,
            _page(n, place),
            at + place * STEP_MS,
            60,
            at + place * STEP_MS + 200,
            9_000,
            70,
            "load",
            False,
            False,
            False,
            1280,
            1,
            *NO_REFERRER,
        )
        for n, id, visitor, user, at in _all(visits, start)
        for place in range(VIEWS_A_VISIT)
    )


def _key(at: int, number: int) -> bytes:
    return (at << 80 | number * GOLDEN % 2**80).to_bytes(16, "big")


def _page(visit: int, place: int) -> int:
    """A few pages have most views, and one has hardly any."""
    if visit % 5_000 == 0 and place == 0:
        return RARE_PAGE

    part = (visit * VIEWS_A_VISIT + place) * 2_654_435_761 % 2**32 / 2**32
    return int((PAGES - 1) * part**3) + 1


def _device(visitor: int) -> str:
    return "tablet" if visitor % 50 == 3 else ("desktop", "mobile")[visitor % 2]
