"""Some weeks of invented people on the example site."""

from __future__ import annotations

import json
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace
from datetime import date
from datetime import datetime
from datetime import timedelta
from itertools import groupby
from random import Random
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_unt.events import Custom
from flask_unt.events import Entry
from flask_unt.events import Event
from flask_unt.events import Identity
from flask_unt.events import Leave
from flask_unt.events import View
from flask_unt.events import stored_key

from .demo_cast import CONTACT
from .demo_cast import FIRST_PAGE
from .demo_cast import HOME
from .demo_cast import NEXT_PAGE
from .demo_cast import ORIGINS
from .demo_cast import PAGES
from .demo_cast import SIGN_IN
from .demo_cast import Campaign
from .demo_cast import Device
from .demo_cast import Person
from .demo_cast import make_cast

if TYPE_CHECKING:
    from . import Store

DAY_MS = 86_400_000
Crowd = tuple[int, int, int]
Declared = tuple[int, str, str]
# Known people, anonymous ones, bots.
CROWD: Crowd = (40, 400, 12)
LONGEST_WALK = 14
# On which page something is ordered, and by which part of those who are there.
ORDERED_ON, ORDERS = "/test", 0.3
# How busy each hour of a person's own day is.
RHYTHM = (
    2,
    1,
    1,
    0,
    0,
    1,
    3,
    6,
    9,
    12,
    13,
    12,
    9,
    11,
    12,
    12,
    11,
    9,
    8,
    9,
    11,
    10,
    7,
    4,
)


@dataclass(frozen=True, slots=True)
class Story:
    """What happens on the demo site: entries by time, and addresses typed."""

    entries: list[Entry]
    declared: list[Declared]


@dataclass(frozen=True, slots=True)
class Outing:
    """One visit to come: who, with what, from where, and when."""

    person: Person
    device: Device
    host: str
    number: int
    start: int
    referrer: str | None
    campaign: Campaign


def make_demo(
    store: Store,
    now: int,
    *,
    weeks: int = 4,
    seed: int = 1,
    host: str = "127.0.0.1:5000",
    crowd: Crowd = CROWD,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write ``weeks`` of visits to ``host`` that end ``now``; how many views they have.

    Run again on the same day with the same ``seed``, it adds only what happened since.
    """
    story = tell_story(now, days=weeks * 7, seed=seed, host=host, crowd=crowd)
    done = 0

    for entries, declared in _days(story):
        store.write(entries, entries[-1].received)
        done += len(entries)

        for at, visitor, email in declared:
            store.declare_email(visitor, email, at)

        if progress is not None:
            progress(done, len(story.entries))

    return sum(
        isinstance(event, View) for entry in story.entries for event in entry.events
    )


def tell_story(
    now: int, *, days: int, seed: int, host: str, crowd: Crowd = CROWD
) -> Story:
    """What happens until ``now``, the same for the same day, seed, host and crowd."""
    today = now // DAY_MS
    rng = Random(f"{seed}:{today}")
    first = date(1970, 1, 1) + timedelta(days=today - days + 1)
    story = Story([], [])

    for person in make_cast(rng, *crowd):
        own = Random(rng.getrandbits(64))

        for outing in _outings(own, person, first, days, host):
            _tell(own, outing, story)

    entries = [entry for entry in story.entries if entry.received <= now]
    entries.sort(key=lambda entry: (entry.received, entry.events[0].key))
    return Story(entries, sorted(typed for typed in story.declared if typed[0] <= now))


def _days(story: Story) -> Iterator[tuple[list[Entry], list[Declared]]]:
    for day, entries in groupby(story.entries, lambda entry: entry.received // DAY_MS):
        yield list(entries), [one for one in story.declared if one[0] // DAY_MS == day]


def _outings(
    rng: Random, person: Person, first: date, days: int, host: str
) -> Iterator[Outing]:
    offsets = sorted(_offset_days(rng, first, days) for _ in range(person.visits))

    for number, offset in enumerate(offsets):
        # Who is to be known must be so by now.
        early = person.email is not None and number <= person.known_on
        day = first + timedelta(days=min(offset, days - 3) if early else offset)
        referrer, campaign, _ = rng.choices(ORIGINS, [row[2] for row in ORIGINS])[0]
        yield Outing(
            person=person,
            device=rng.choice(person.devices),
            host=host,
            number=number,
            start=_moment(rng, day, person.zone),
            referrer=referrer,
            campaign=campaign,
        )


def _offset_days(rng: Random, first: date, days: int) -> int:
    """A day of the period: the later the busier, and weekends are quieter."""
    offset = int(days * rng.random() ** 0.7)
    is_weekend = (first + timedelta(days=offset)).weekday() >= 5
    return max(0, offset - 2) if is_weekend and rng.random() < 0.45 else offset


def _moment(rng: Random, day: date, zone: str) -> int:
    hour = rng.choices(range(24), RHYTHM)[0]
    second = rng.randrange(3600)
    local = datetime(
        day.year,
        day.month,
        day.day,
        hour,
        second // 60,
        second % 60,
        tzinfo=ZoneInfo(zone),
    )
    return int(local.timestamp() * 1000) + rng.randrange(1000)


def _tell(rng: Random, outing: Outing, story: Story) -> None:
    person = outing.person
    becomes_known = person.email is not None and outing.number == person.known_on
    at = outing.start
    view: View | None = None
    leave: Leave | None = None

    for index, (path, title) in enumerate(_walk(rng, person, becomes_known)):
        view = _view(rng, outing, at, path, title, view)
        events: tuple[Event, ...] = (view,) if leave is None else (leave, view)
        signed_in = _signed_in(outing, index)
        story.entries.append(_entry(rng, outing, at, events, signed_in))

        if path == ORDERED_ON and rng.random() < ORDERS:
            ordered = _ordered(rng, outing, at + 1_500, view)
            story.entries.append(_entry(rng, outing, at, (ordered,), signed_in))

        stay = min(600_000, 2_000 + int(rng.lognormvariate(9.7, 1.0)))
        at += stay + rng.randrange(500, 20_000)
        engaged = int(stay * rng.uniform(0.6, 1))
        scroll = min(100, int(rng.triangular(10, 130, 100)))
        leave = Leave(view.key, outing.device.visitor, at, engaged, scroll, None)

    if leave is not None:
        story.entries.append(_entry(rng, outing, at, (leave,), False))

    if becomes_known and person.email is not None and not person.verified:
        story.declared.append((at, outing.device.visitor, person.email))


def _walk(rng: Random, person: Person, becomes_known: bool) -> list[tuple[str, str]]:
    pages = [rng.choices(PAGES, FIRST_PAGE)[0]]

    if becomes_known:
        pages += [SIGN_IN, HOME] if person.verified else [CONTACT]

    while len(pages) < LONGEST_WALK:
        weights = NEXT_PAGE[pages[-1][0]]
        following = rng.choices((*PAGES, None), (*weights, 1 - sum(weights)))[0]

        if following is None:
            break

        pages.append(following)

    return pages


def _view(
    rng: Random, outing: Outing, at: int, path: str, title: str, before: View | None
) -> View:
    id = _uuid7(rng, at)
    visitor = outing.device.visitor
    came_from = outing.referrer if before is None else f"http://{outing.host}/"
    return View(
        key=stored_key(visitor, id, at),
        id=id,
        visitor=visitor,
        time=at,
        tz=_offset(at, outing.person.zone),
        host=outing.host,
        path=path,
        title=title,
        referrer=came_from,
        campaign=outing.campaign if before is None else (),
        from_key=None if before is None else before.key,
        kind="load",
        width=outing.device.width,
        lang=outing.person.language,
        status=None,
        skewed=False,
        mark=None,
    )


def _ordered(rng: Random, outing: Outing, at: int, view: View) -> Custom:
    id = _uuid7(rng, at)
    props = json.dumps({"total": rng.randrange(9, 90)})
    return Custom(
        key=stored_key(outing.device.visitor, id, at),
        id=id,
        visitor=outing.device.visitor,
        time=at,
        tz=view.tz,
        view_key=view.key,
        name="order",
        props=props,
        skewed=False,
        mark=None,
    )


def _entry(
    rng: Random, outing: Outing, at: int, events: tuple[Event, ...], signed_in: bool
) -> Entry:
    person = outing.person
    entry = Entry(
        received=at + rng.randrange(40, 900),
        agent=outing.device.agent,
        zone=person.zone,
        webdriver=False,
        user=None,
        events=events,
    )
    if not signed_in:
        return entry

    return replace(entry, user=Identity(person.email, None, person.name))


def _signed_in(outing: Outing, index: int) -> bool:
    if not outing.person.verified or outing.number < outing.person.known_on:
        return False

    # Home, the sign-in page, and from the third page on they are signed in.
    return outing.number > outing.person.known_on or index > 1


def _offset(at: int, zone: str) -> int:
    offset = datetime.fromtimestamp(at / 1000, ZoneInfo(zone)).utcoffset()
    return 0 if offset is None else int(offset.total_seconds()) // 60


def _uuid7(rng: Random, at: int) -> str:
    number = at << 80 | 7 << 76 | rng.getrandbits(12) << 64 | 2 << 62
    return str(UUID(int=number | rng.getrandbits(62)))
