"""What invented people do on the demo site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace
from datetime import date
from datetime import datetime
from datetime import timedelta
from random import Random
from zoneinfo import ZoneInfo

from flask_unt.events import Entry
from flask_unt.events import Event
from flask_unt.events import Leave
from flask_unt.events import View

from .cast import CONTACT
from .cast import FIRST_PAGE
from .cast import HOME
from .cast import NEXT_PAGE
from .cast import ORIGINS
from .cast import PAGES
from .cast import SIGN_IN
from .cast import Person
from .cast import make_cast
from .entries import Outing
from .entries import entry_of
from .entries import is_signed_in
from .entries import order_of
from .entries import view_of

DAY_MS = 86_400_000
Crowd = tuple[int, ...]
Declared = tuple[int, str, str]
# Known people, anonymous ones, bots, and members of the site's team.
CROWD: Crowd = (40, 400, 12, 2)
# One visit of so many, a member of the team acts as somebody else.
ACTS = 5
LONGEST_WALK = 14
# On which page something is ordered, and by which part of those who are there.
ORDERED_ON, ORDERS = "/test", 0.3
# How busy each hour of a person's own day is.
RHYTHM = (
    *(2, 1, 1, 0, 0, 1, 3, 6, 9, 12, 13, 12),
    *(9, 11, 12, 12, 11, 9, 8, 9, 11, 10, 7, 4),
)


@dataclass(frozen=True, slots=True)
class Story:
    """What happens on the demo site: entries by time, and addresses typed."""

    entries: list[Entry]
    declared: list[Declared]


def tell_story(
    now: int, *, days: int, seed: int, host: str, crowd: Crowd = CROWD
) -> Story:
    """What happens until ``now``, the same for the same day, seed, host and crowd."""
    today = now // DAY_MS
    rng = Random(f"{seed}:{today}")
    first = date(1970, 1, 1) + timedelta(days=today - days + 1)
    story = Story([], [])

    cast = make_cast(rng, *crowd)

    for person in cast:
        own = Random(rng.getrandbits(64))

        for outing in _outings(own, person, first, days, host):
            if person.team and outing.number % ACTS == ACTS - 1:
                outing = replace(outing, acts_as=cast[0])

            _tell(own, outing, story)

    entries = [entry for entry in story.entries if entry.received <= now]
    entries.sort(key=lambda entry: (entry.received, entry.events[0].key))
    return Story(entries, sorted(typed for typed in story.declared if typed[0] <= now))


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
        view = view_of(rng, outing, at, path, title, view)
        events: tuple[Event, ...] = (view,) if leave is None else (leave, view)
        signed_in = is_signed_in(outing, index)
        story.entries.append(entry_of(rng, outing, at, events, signed_in))

        if path == ORDERED_ON and rng.random() < ORDERS:
            ordered = order_of(rng, outing, at + 1_500, view)
            story.entries.append(entry_of(rng, outing, at, (ordered,), signed_in))

        stay = min(600_000, 2_000 + int(rng.lognormvariate(9.7, 1.0)))
        at += stay + rng.randrange(500, 20_000)
        engaged = int(stay * rng.uniform(0.6, 1))
        scroll = min(100, int(rng.triangular(10, 130, 100)))
        leave = Leave(view.key, outing.device.visitor, at, engaged, scroll, None)

    if leave is not None:
        story.entries.append(entry_of(rng, outing, at, (leave,), False))

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
