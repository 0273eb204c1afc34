"""What a visit to come sends: its views, orders and leaves, as entries."""

from __future__ import annotations

import json
from dataclasses import dataclass
from dataclasses import replace
from datetime import datetime
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_unt.events import Custom
from flask_unt.events import Entry
from flask_unt.events import Event
from flask_unt.events import Identity
from flask_unt.events import View
from flask_unt.events import stored_key

from .cast import Campaign
from .cast import Device
from .cast import Person


@dataclass(frozen=True, slots=True)
class Outing:
    """One visit to come: who, with what, from where, and when.

    ``acts_as``: on whose behalf one of the team looks.
    """

    person: Person
    device: Device
    host: str
    number: int
    start: int
    referrer: str | None
    campaign: Campaign
    acts_as: Person | None = None


def view_of(
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


def order_of(rng: Random, outing: Outing, at: int, view: View) -> Custom:
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


def entry_of(
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

    who = Identity(person.email, None, person.name)

    if outing.acts_as is None:
        return replace(entry, user=who, team=person.team or None)

    other = Identity(outing.acts_as.email, None, outing.acts_as.name)
    return replace(entry, user=other, impersonator=who)


def is_signed_in(outing: Outing, index: int) -> bool:
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
