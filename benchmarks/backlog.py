"""A made-up backlog: what a site's visitors send within a day, as stream entries."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator

from flask_unt.events import Entry
from flask_unt.events import Event
from flask_unt.events import Leave
from flask_unt.events import View
from flask_unt.events import encode_entry
from flask_unt.events import stored_key

VISITORS = 20_000
PAGES = 200
DAY_MS = 86_400_000
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/{}.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_{} like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/{}.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:{0}.0) Gecko/20100101 Firefox/{0}.0",
)
PLACES = (("Europe/Berlin", "de", 120), ("America/Sao_Paulo", "pt-BR", -180))
REFERRERS = (None, None, "https://www.google.com/", "https://news.example/item")


def backlog(views: int, until: int, seed: int = 7) -> Iterator[tuple[int, bytes]]:
    """Entries in the order of their arrival, each with the views in it.

    Visits of 3 to 5 views by ``VISITORS`` people over a day that ends at ``until``. A
    view comes together with the leave of the one before; the last leave comes alone.
    """
    chance = random.Random(seed)
    made: list[tuple[int, int, Entry]] = []
    left = views

    while left > 0:
        length = min(left, chance.randint(3, 5))
        left -= length
        made += _visit(chance, length, until)

    made.sort(key=lambda one: one[0])

    for _, count, entry in made:
        yield count, encode_entry(entry)


def _visit(
    chance: random.Random, length: int, until: int
) -> Iterator[tuple[int, int, Entry]]:
    number = chance.randrange(VISITORS)
    person = random.Random(number)
    visitor = str(uuid.UUID(int=person.getrandbits(128), version=4))
    agent = person.choice(AGENTS).format(person.randrange(1, 40))
    zone, language, tz = person.choice(PLACES)
    width = person.choice((390, 768, 1440, 1920))
    time = until - DAY_MS + chance.randrange(DAY_MS - 3_600_000)
    before: View | None = None

    for index in range(length + 1):
        events: tuple[Event, ...] = ()

        if before is not None:
            engaged = chance.randrange(1000, 60_000)
            time += engaged + 500
            events = (
                Leave(before.key, visitor, time, engaged, chance.randrange(101), None),
            )

        if index < length:
            before = _view(chance, visitor, time, tz, width, language, before)
            events = (*events, before)

        yield (
            time,
            int(index < length),
            Entry(time + 40, agent, zone, False, None, events, asked=False),
        )


def _view(
    chance: random.Random,
    visitor: str,
    time: int,
    tz: int,
    width: int,
    language: str,
    before: View | None,
) -> View:
    page = int(PAGES * chance.random() ** 3)
    random_part = chance.getrandbits(80).to_bytes(10, "big")
    id = uuid.UUID(bytes=time.to_bytes(6, "big") + random_part)
    id = uuid.UUID(int=(id.int & ~(0xF << 76)) | (0x7 << 76))

    return View(
        key=stored_key(visitor, str(id), time),
        id=str(id),
        visitor=visitor,
        time=time,
        tz=tz,
        host="shop.example",
        path=f"/products/{page}",
        title=f"Product number {page} – Shop",
        referrer=chance.choice(REFERRERS) if before is None else None,
        campaign=(),
        from_key=None if before is None else before.key,
        kind="load",
        width=width,
        lang=language,
        status=None,
        skewed=False,
        mark=None,
    )
