"""People, in any order: visits, links, owners and team equal a plain model's.

Their figures, made anew in parts as things come, equal those that are made at once.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from happenings import ANN
from happenings import BEN
from happenings import MARK_KEY
from happenings import MINUTE
from happenings import START
from happenings import empty
from happenings import entry
from happenings import open_store
from happenings import person
from happenings import view
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from flask_unt.events import Proof
from flask_unt.events import make_tracked
from flask_unt.events import mark_of
from flask_unt.events import stored_key
from flask_unt.store import schema

NOW = START + 10_000 * MINUTE
TIMEOUT = 30 * MINUTE
ADA, BOB, BOSS = (person(f"{name}@site.example") for name in ("ada", "bob", "boss"))
USERS = st.sampled_from([ADA, BOB, BOSS])
VISITORS = st.sampled_from([ANN, BEN])
KINDS = st.sampled_from(["view"] * 5 + ["tracked"] * 3 + ["token", "typed"])


@dataclass(frozen=True)
class Step:
    """Something that happens: who does what, where and when."""

    number: int
    kind: str
    time: int
    visitor: Any
    user: Any

    @property
    def key(self) -> bytes:
        return stored_key(self.visitor, f"s{self.number}", self.time)

    def entry(self) -> Any:
        if self.kind == "token":
            known = (self.user.email, self.user.id)
            proof = Proof(self.key, f"s{self.number}", self.visitor, self.time, *known)
            return entry(proof)

        if self.kind == "tracked":
            who = {"visitor": self.visitor, "user": self.user}
            made = make_tracked("t", None, id=f"s{self.number}", now=self.time, **who)
            return entry(made)

        mark = mark_of(MARK_KEY, self.visitor, self.user)
        one = view(f"s{self.number}", self.visitor, self.time, mark=mark)
        team = None if self.user is None else self.user is BOSS
        return entry(one, user=self.user, asked=True, team=team)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Step], list[list[Step]]]:
    """Steps, and the batches they come in: shuffled, cut, and some of them twice."""
    count = draw(st.integers(1, 14))
    minutes = draw(
        st.lists(st.integers(0, 99), min_size=count, max_size=count, unique=True)
    )
    steps = [_step(draw, number, at) for number, at in enumerate(minutes)]
    again = draw(st.lists(st.sampled_from(steps), max_size=5))
    order = draw(st.permutations([*steps, *again]))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=4)))
    borders = [0, *cuts, len(order)]
    batches = [order[a:b] for a, b in pairwise(borders)]
    return steps, [batch for batch in batches if batch]


def _step(draw: st.DrawFn, number: int, minute: int) -> Step:
    kind = draw(KINDS)
    time = START + minute * MINUTE
    nobody = kind in ("view", "tracked")
    user = draw(st.none() | USERS) if nobody else draw(USERS)
    visitor = draw(st.none() | VISITORS) if kind == "tracked" else draw(VISITORS)
    return Step(number, kind, time, visitor, user)


class Model:
    """All steps at once, in the order in which they happened."""

    def __init__(self, steps: list[Step]) -> None:
        self.steps = sorted(steps, key=lambda step: step.time)
        self.team = {s.user for s in steps if s.kind == "view"} & {BOSS}
        self.views = [step for step in self.steps if step.kind == "view"]
        self.visits = [v for name in (ANN, BEN) for v in self._visits_of(name)]

    def _visits_of(self, visitor: str) -> list[list[Step]]:
        visits: list[list[Step]] = []

        for step in (s for s in self.views if s.visitor == visitor):
            last = visits[-1] if visits else []
            users = {one.user for one in last} - {None}
            goes_on = last and step.time - last[-1].time <= TIMEOUT

            if goes_on and (step.user is None or users <= {step.user}):
                last.append(step)
            else:
                visits.append([step])

        return visits

    def links(self) -> dict[Any, tuple[int, int]]:
        times = defaultdict(list)
        reasons = {"view": "session", "token": "token", "typed": "declared"}

        for step in self.steps:
            if step.user is not None and step.kind in reasons:
                key = step.visitor, step.user.email, reasons[step.kind]
                times[key].append(step.time)

        return {key: (min(some), max(some)) for key, some in times.items()}

    def owners(self) -> dict[str, tuple[Any, Any]]:
        """Of each visitor whose browser it is, and whose its anonymous views are."""
        return {
            visitor: (self._current(visitor), self._owner(visitor))
            for visitor in (ANN, BEN)
            if any(step.visitor == visitor for step in self.steps)
        }

    def _known(self, visitor: str, verified: bool) -> list[tuple[int, int, str]]:
        return [
            (since, until, email)
            for (name, email, reason), (since, until) in self.links().items()
            if name == visitor and (reason != "declared") == verified
        ]

    def _current(self, visitor: str) -> Any:
        for verified in (True, False):
            known = self._known(visitor, verified)

            if known:
                return max(known, key=lambda one: one[1])[2], verified

        return None

    def _owner(self, visitor: str) -> Any:
        known = self._known(visitor, True)
        return (min(known)[2], True) if known else self._current(visitor)

    def is_team(self, step: Step) -> bool:
        whose = step.user and (step.user.email, True)
        return (whose or self._owner(step.visitor)) in {
            (u.email, True) for u in self.team
        }

    def visit_rows(self) -> dict[bytes, Any]:
        return {visit[0].key: self._visit_row(visit) for visit in self.visits}

    def _visit_row(self, visit: list[Step]) -> Any:
        users = [step.user for step in visit if step.user is not None]
        return (
            users[0].email if users else None,
            visit[0].time,
            visit[-1].time,
            len(visit),
            all(self.is_team(step) for step in visit),
        )

    def view_rows(self) -> dict[bytes, Any]:
        return {
            step.key: (visit[0].key, step.user and step.user.email, self.is_team(step))
            for visit in self.visits
            for step in visit
        }

    def tracked_rows(self) -> dict[bytes, Any]:
        return {
            step.key: (step.user and step.user.email, self._visit_of(step))
            for step in self.steps
            if step.kind == "tracked"
        }

    def _visit_of(self, step: Step) -> bytes | None:
        def is_theirs(visit: list[Step]) -> bool:
            if step.visitor is not None:
                return bool(visit[0].visitor == step.visitor)

            return step.user is not None and step.user in [one.user for one in visit]

        open_then = [
            (visit[0].time, visit[0].key)
            for visit in self.visits
            if is_theirs(visit)
            and visit[0].time <= step.time <= visit[-1].time + TIMEOUT
        ]
        return max(open_then)[1] if open_then else None


def found(store: Any) -> dict[str, Any]:
    with store._database.reading() as connection:
        read = {
            name: connection.execute(sa.select(getattr(schema, name))).all()
            for name in ("user", "visitor", "link", "visit", "page_view", "event")
        }

    users = {row.id: row.email for row in read["user"]}
    kinds = {row.id: (row.email, row.verified) for row in read["user"]}
    names = {bytes.fromhex(name.replace("-", "")): name for name in (ANN, BEN)}
    visitors = {row.id: names[row.uuid] for row in read["visitor"]}
    return {
        "links": {
            (visitors[r.visitor_id], users[r.user_id], r.reason): (r.since, r.until)
            for r in read["link"]
        },
        "owners": {
            names[r.uuid]: (kinds.get(r.user_id), kinds.get(r.owner_id))
            for r in read["visitor"]
        },
        "visits": {
            r.id: (users.get(r.user_id), r.started_at, r.last_at, r.views, r.team)
            for r in read["visit"]
        },
        "views": {
            r.id: (r.visit_id, users.get(r.user_id), r.team) for r in read["page_view"]
        },
        "tracked": {r.id: (users.get(r.user_id), r.visit_id) for r in read["event"]},
    }


FIGURES = (
    *(schema.visitor_figures, schema.user_figures),
    *(schema.page_visitor, schema.event_visitor),
)


def noted(store: Any) -> dict[str, set[Any]]:
    """All figures of people, brought up to date."""
    while store.recompute_figures():
        pass

    with store._database.reading() as connection:
        return {
            table.name: set(map(tuple, connection.execute(sa.select(table))))
            for table in FIGURES
        }


def forget_figures(store: Any) -> None:
    """Have all of them made from the first row on."""
    with store._database.writing() as connection:
        for table in FIGURES:
            connection.execute(sa.delete(table))

        connection.execute(sa.update(schema.visitor).values(marked_from=0))


def deliver(store: Any, batch: list[Step]) -> None:
    """Typed addresses are written live, the rest as one batch."""
    entries = [step.entry() for step in batch if step.kind != "typed"]

    if entries:
        store.write(entries, NOW)

    for step in batch:
        if step.kind == "typed":
            store.declare_email(step.visitor, step.user.email, step.time)


def test_whatever_comes_late_twice_or_shuffled_equals_the_model() -> None:
    with open_store("sqlite://") as store:

        @settings(max_examples=120, deadline=None, derandomize=True, database=None)
        @given(deliveries())
        def run(delivery: tuple[list[Step], list[list[Step]]]) -> None:
            steps, batches = delivery
            store.prepare()
            empty(store)

            for batch in batches:
                deliver(store, batch)
                noted(store)

            model, stored = Model(steps), found(store)
            assert stored["links"] == model.links()
            assert stored["owners"] == model.owners()
            assert stored["views"] == model.view_rows()
            assert stored["visits"] == model.visit_rows()
            assert stored["tracked"] == model.tracked_rows()
            figures = noted(store)
            forget_figures(store)
            assert noted(store) == figures

        run()
