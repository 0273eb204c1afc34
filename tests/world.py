"""What the tables must hold, told in plain Python from all entries at once."""

from __future__ import annotations

from collections import Counter
from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from happenings import CRAWLER
from happenings import HOUR

from flask_unt.events import Custom
from flask_unt.events import Entry
from flask_unt.events import Leave
from flask_unt.events import View
from flask_unt.store import Store
from flask_unt.store import schema
from flask_unt.store.hours import day_of

TIMEOUT = 1_800_000


def expected(entries: Iterable[Entry]) -> dict[str, Any]:
    """Views, visits, custom events, people and rollups of these entries."""
    world = _World(entries)

    return {
        "views": world.view_rows(),
        "visits": world.visit_rows(),
        "customs": world.custom_rows(),
        "early": sorted(world.leaves.keys() - world.views.keys()),
        "visitors": world.visitor_rows(),
        "hours": world.hours(),
        "page_hours": world.page_hours(),
        "page_days": world.page_days(),
        "days": world.days(),
    }


def found(store: Store) -> dict[str, Any]:
    """The same of what is in the tables."""
    with store._database.reading() as connection:
        return {
            "views": _views(connection),
            "visits": _visits(connection),
            "customs": dict(_all(connection, schema.event, "id", "visit_id")),
            "early": sorted(connection.scalars(sa.select(schema.leave.c.id))),
            "visitors": _visitors(connection),
            "hours": {row[0]: tuple(row[1:]) for row in _all(connection, schema.hour)},
            "page_hours": _page_counts(connection, schema.page_hour, "hour"),
            "page_days": _page_counts(connection, schema.page_day, "day"),
            "days": _days(connection),
        }


class _World:
    def __init__(self, entries: Iterable[Entry]) -> None:
        self.views: dict[bytes, tuple[View, Entry]] = {}
        self.customs: dict[bytes, Custom] = {}
        self.leaves: dict[bytes, list[Leave]] = defaultdict(list)
        self.seen: dict[str, list[int]] = defaultdict(list)
        self.users: dict[str, list[tuple[int, str]]] = defaultdict(list)

        for entry in entries:
            for event in entry.events:
                self._add(event, entry)

        self.visits = [visit for name in self.seen for visit in self._visits_of(name)]
        self.visit_of = {view.key: visit for visit in self.visits for view in visit}

    def _add(self, event: Any, entry: Entry) -> None:
        if isinstance(event, View):
            self.views[event.key] = (event, entry)
        elif isinstance(event, Custom):
            self.customs[event.key] = event
        else:
            self.leaves[event.key].append(event)

        if event.visitor is not None:
            self.seen[event.visitor].append(event.time)

            if entry.user is not None:
                self.users[event.visitor].append((entry.received, entry.user.email))

    def _visits_of(self, visitor: str) -> list[list[View]]:
        own = [view for view, _ in self.views.values() if view.visitor == visitor]
        visits: list[list[View]] = []

        for view in sorted(own, key=lambda view: (view.time, view.key)):
            user = self.user(view)
            open_visit = visits and view.time - visits[-1][-1].time <= TIMEOUT
            known = {self.user(v) for v in visits[-1]} - {None} if visits else set()

            if open_visit and (user is None or known <= {user}):
                visits[-1].append(view)
            else:
                visits.append([view])

        return visits

    def user(self, view: View) -> str | None:
        entry = self.views[view.key][1]
        return None if entry.user is None or view.visitor is None else entry.user.email

    def engaged(self, key: bytes) -> int:
        return max((leave.engaged for leave in self.leaves.get(key, ())), default=0)

    def scroll(self, key: bytes) -> int:
        return max((leave.scroll for leave in self.leaves.get(key, ())), default=0)

    def bot(self, view: View) -> bool:
        visit = self.visit_of.get(view.key, [view])
        return any(self.views[v.key][1].agent == CRAWLER for v in visit)

    def view_rows(self) -> dict[bytes, Any]:
        return {
            key: (
                self.visit_of[key][0].key if key in self.visit_of else None,
                view.visitor,
                self.user(view),
                view.path,
                view.time,
                self.engaged(key),
                self.scroll(key),
                self.bot(view),
            )
            for key, (view, _) in self.views.items()
        }

    def visit_rows(self) -> dict[bytes, Any]:
        return {visit[0].key: self._visit_row(visit) for visit in self.visits}

    def _visit_row(self, visit: list[View]) -> Any:
        users = [self.user(view) for view in visit if self.user(view)]
        return (
            visit[0].visitor,
            users[0] if users else None,
            visit[0].time,
            visit[-1].time,
            visit[-1].key,
            len(visit),
            len(users),
            visit[0].path,
            visit[-1].path,
            sum(self.engaged(view.key) for view in visit),
            self.bot(visit[0]),
            visit[0].lang,
            visit[0].referrer,
        )

    def custom_rows(self) -> dict[bytes, bytes | None]:
        return {
            key: self._visit_of_custom(event) for key, event in self.customs.items()
        }

    def _visit_of_custom(self, event: Custom) -> bytes | None:
        if event.visitor is None:
            return None

        if event.view_key in self.visit_of:
            return self.visit_of[event.view_key][0].key

        open_then = [
            (visit[0].time, visit[0].key)
            for visit in self.visits
            if visit[0].visitor == event.visitor
            and visit[0].time <= event.time <= visit[-1].time + TIMEOUT
        ]
        return max(open_then)[1] if open_then else None

    def visitor_rows(self) -> dict[str, Any]:
        return {
            name: (
                min(times),
                max(times),
                max(self.users[name])[1] if self.users[name] else None,
                min(self.users[name])[1] if self.users[name] else None,
            )
            for name, times in self.seen.items()
        }

    def _people(self) -> list[View]:
        return [view for view, _ in self.views.values() if not self.bot(view)]

    def hours(self) -> dict[int, Any]:
        figures: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])

        for view in self._people():
            of_hour = figures[view.time // HOUR * HOUR]
            of_hour[0] += 1
            of_hour[3] += self.engaged(view.key)

        for visit in self.visits:
            if not self.bot(visit[0]):
                of_hour = figures[visit[0].time // HOUR * HOUR]
                of_hour[1] += 1
                of_hour[2] += len(visit) == 1

        return {hour: tuple(row) for hour, row in figures.items()}

    def page_hours(self) -> dict[Any, int]:
        return dict(Counter((v.time // HOUR * HOUR, v.path) for v in self._people()))

    def page_days(self) -> dict[Any, int]:
        return dict(Counter((day_of(v.time, "UTC"), v.path) for v in self._people()))

    def days(self) -> set[Any]:
        people = self._people()
        return {(day_of(v.time, "UTC"), v.visitor) for v in people if v.visitor}


def _all(connection: sa.Connection, table: sa.Table, *names: str) -> list[Any]:
    columns = [table.c[name] for name in names] or [table]
    return [tuple(row) for row in connection.execute(sa.select(*columns))]


def _views(connection: sa.Connection) -> dict[bytes, Any]:
    t = schema.page_view
    who, whose, page = schema.visitor, schema.user, schema.page
    statement = (
        sa.select(
            t.c.id,
            t.c.visit_id,
            who.c.uuid,
            whose.c.email,
            page.c.path,
            t.c.local_time,
            t.c.engaged_ms,
            t.c.scroll,
            t.c.bot,
        )
        .join(page, page.c.id == t.c.page_id)
        .outerjoin(who, who.c.id == t.c.visitor_id)
        .outerjoin(whose, whose.c.id == t.c.user_id)
    )
    return {r[0]: (r[1], _name(r[2]), *r[3:]) for r in connection.execute(statement)}


def _visits(connection: sa.Connection) -> dict[bytes, Any]:
    t = schema.visit
    who, whose = schema.visitor, schema.user
    first, last = schema.page.alias(), schema.page.alias()
    statement = (
        sa.select(
            t.c.id,
            who.c.uuid,
            whose.c.email,
            t.c.started_at,
            t.c.last_at,
            t.c.last_id,
            t.c.views,
            t.c.user_views,
            first.c.path,
            last.c.path,
            t.c.engaged_ms,
            t.c.bot,
            t.c.language,
            t.c.referrer,
        )
        .join(who, who.c.id == t.c.visitor_id)
        .join(first, first.c.id == t.c.entry_page_id)
        .join(last, last.c.id == t.c.exit_page_id)
        .outerjoin(whose, whose.c.id == t.c.user_id)
    )
    return {r[0]: (_name(r[1]), *r[2:]) for r in connection.execute(statement)}


def _visitors(connection: sa.Connection) -> dict[str, Any]:
    t = schema.visitor
    now, owner = schema.user.alias(), schema.user.alias()
    statement = (
        sa.select(t.c.uuid, t.c.first_seen, t.c.last_seen, now.c.email, owner.c.email)
        .outerjoin(now, now.c.id == t.c.user_id)
        .outerjoin(owner, owner.c.id == t.c.owner_id)
    )
    return {_name(r[0]): tuple(r[1:]) for r in connection.execute(statement)}


def _page_counts(connection: sa.Connection, t: sa.Table, time: str) -> Any:
    page = schema.page
    statement = sa.select(t.c[time], page.c.path, t.c.views).join(
        page, page.c.id == t.c.page_id
    )
    return {(r[0], r[1]): r[2] for r in connection.execute(statement)}


def _days(connection: sa.Connection) -> set[Any]:
    t, who = schema.visitor_day, schema.visitor
    statement = sa.select(t.c.day, who.c.uuid).join(who, who.c.id == t.c.visitor_id)
    return {(r[0], _name(r[1])) for r in connection.execute(statement)}


def _name(key: bytes | None) -> str | None:
    return None if key is None else str(UUID(bytes=key))
