"""Page views to report on, and a recount of all rows in plain Python."""

from __future__ import annotations

import statistics
import uuid
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import sqlalchemy as sa

from flask_unt.events import Entry
from flask_unt.events import Identity
from flask_unt.events import View
from flask_unt.events import stored_key
from flask_unt.store import Store
from flask_unt.store import StoreSettings
from flask_unt.store import schema
from flask_unt.store.demo import make_demo
from flask_unt.store.hours import day_of

NOW = 1_790_000_000_000
DAY_MS = 86_400_000
MINUTE_MS = 60_000
HOST = "www.example.com"
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/138.0.0.0 Safari/537.36"
)
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
ADA = Identity("ada@example.com", "1", "Ada")
BEN = Identity("ben@example.com", "2", "Ben")
ZONES = ("UTC", "Asia/Kolkata", "America/Sao_Paulo")


def visitor(number):
    return str(uuid.UUID(int=number, version=4))


def view(number, ago, path="/", title="", **changes):
    """One page view in an entry of its own, ``ago`` milliseconds before NOW."""
    time = NOW - ago
    id = f"{number}-{ago}-{path}"
    fields = {
        "key": stored_key(visitor(number), id, time),
        "id": id,
        "visitor": visitor(number),
        "time": time,
        "tz": -180,
        "host": HOST,
        "path": path,
        "title": title or path,
        "referrer": None,
        "campaign": (),
        "from_key": None,
        "kind": "load",
        "width": 1280,
        "lang": "en",
        "status": None,
        "skewed": False,
        "mark": None,
    }
    entry = {
        "received": time + 200,
        "agent": CHROME,
        "zone": "America/Sao_Paulo",
        "webdriver": False,
        "user": None,
    }
    fields |= {name: changes[name] for name in changes if name in fields}
    entry |= {name: changes[name] for name in changes if name in entry}

    return Entry(**entry, events=(View(**fields),))


def shared_browser():
    """Ada's browser, to which Ben signs in while some views are nobody's."""
    return [
        view(9001, 50 * MINUTE_MS, "/", user=ADA),
        view(9001, 49 * MINUTE_MS, "/info"),
        view(9001, 15 * MINUTE_MS, "/"),
        view(9001, 14 * MINUTE_MS, "/contact"),
        view(9001, 13 * MINUTE_MS, "/ben", user=BEN),
        view(9001, 12 * MINUTE_MS, "/bens"),
        view(9001, 11 * MINUTE_MS, "/ben", user=BEN),
        view(9002, 2 * MINUTE_MS, "/now"),
        view(9003, 1 * MINUTE_MS, "/now", agent=GOOGLEBOT),
        view(9004, 70 * MINUTE_MS, "/counted", visitor=None),
    ]


@contextmanager
def opened(url, **settings):
    """A store on this database, closed at the end."""
    store = Store(url, StoreSettings(**settings))

    try:
        yield store
    finally:
        store.dispose()


def fill(store):
    make_demo(store, NOW - 3 * 60 * MINUTE_MS, weeks=3, host=HOST, crowd=(10, 40, 3))
    store.write(shared_browser(), NOW)
    store.declare_email(visitor(9005), "idle@example.com", NOW)


def fill_whole(url):
    """Fill a database, and make all that is summed up of its rows."""
    with opened(url) as store:
        fill(store)

        while store.recompute_figures() or store.recompute_marks(24, NOW):
            pass


class Rows:
    """All rows, and the rule of whose they are."""

    def __init__(self, url, bots="apart", zone="UTC", team=False):
        engine = sa.create_engine(url)

        with engine.connect() as connection:
            for name in ("page_view", "visit", "visitor", "user", "page", "link"):
                found = connection.execute(sa.select(getattr(schema, name)))
                rows = [SimpleNamespace(**row) for row in found.mappings()]
                setattr(self, name, {row.id: row for row in rows})

        engine.dispose()
        self.zone, self.team = zone, team

        others = set()

        for row in self.page_view.values():
            row.team = self.is_team(row)
            others |= set() if row.team else {row.visit_id}

        for row in self.visit.values():
            row.team = row.id not in others

        self.views, self.visits = (
            [
                row
                for row in rows.values()
                if (bots == "count" or not row.bot) and (team or not row.team)
            ]
            for rows in (self.page_view, self.visit)
        )

    def whose(self, row):
        if row.user_id is not None or row.visitor_id is None:
            return row.user_id

        return self.visitor[row.visitor_id].owner_id

    def is_team(self, row):
        """Whoever sees a page as somebody else is of the team, for that page."""
        whose = self.whose(row)
        ends = {user.merged_into or user.id for user in self.user.values() if user.team}
        mine = whose and (self.user[whose].merged_into or whose)

        return row.impersonator_id is not None or mine in ends

    def views_of(self, user_id):
        found = [row for row in self.views if self.whose(row) == user_id]

        return sorted(found, key=lambda row: (row.local_time, row.id), reverse=True)

    def figures(self, since, until):
        views = [row for row in self.views if since <= row.local_time < until]
        visits = [row for row in self.visits if since <= row.started_at < until]
        engaged = [row.engaged_ms for row in visits]

        return {
            "visitors": len({row.visitor_id for row in views} - {None}),
            "views": len(views),
            "visits": len(visits),
            "engaged_ms_median": int(statistics.median(engaged)) if engaged else 0,
            "newly_known": sum(
                since <= row.created_at < until and (self.team or not row.team)
                for row in self.user.values()
            ),
        }

    def series(self, since, until):
        views, visitors = Counter(), {}

        for row in self.views:
            day = day_of(row.local_time, self.zone)
            visitors.setdefault(day, set()).add(row.visitor_id)
            views[day] += since <= row.local_time < until

        day, last = day_of(since, self.zone), day_of(until - 1, self.zone)
        series = []

        while day <= last:
            series.append((day, len(visitors.get(day, set()) - {None}), views[day]))
            day += timedelta(days=1)

        return series

    def bot_views(self, since, until):
        """Views of visits that count nowhere."""
        return self._left_out(since, until, lambda row: row.bot)

    def team_views(self, since, until):
        return self._left_out(since, until, lambda row: row.team and not row.bot)

    def _left_out(self, since, until, of):
        counted = {row.id for row in self.visits}

        return sum(
            row.views
            for row in self.visit.values()
            if row.id not in counted and of(row) and since <= row.started_at < until
        )

    def share(self, views, limit):
        counts = Counter(row.page_id for row in views)
        order = sorted(counts, key=lambda id: (-counts[id], id))[:limit]
        rows = [(id, self.page[id].path, counts[id]) for id in order]
        rest = len(views) - sum(row[2] for row in rows)

        return rows + ([(None, "", rest)] if rest else [])
