"""Who comes to the demo site: invented people, their browsers and their ways."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from random import Random

SITE = "Lantern Hill"
PAGES = (
    ("/", f"Home · {SITE}"),
    ("/info", f"Info · {SITE}"),
    ("/contact", f"Contact · {SITE}"),
    ("/test", f"Test page · {SITE}"),
    ("/sign-in", f"Sign in · {SITE}"),
)
HOME, _, CONTACT, _, SIGN_IN = PAGES
FIRST_PAGE = (20, 7, 3, 4, 0)
# From each page, how likely each of PAGES is the next one; the rest leaves.
NEXT_PAGE = {
    "/": (0.0, 0.45, 0.2, 0.15, 0.02),
    "/info": (0.2, 0.05, 0.3, 0.2, 0.0),
    "/contact": (0.25, 0.1, 0.0, 0.1, 0.0),
    "/test": (0.3, 0.15, 0.1, 0.2, 0.0),
    "/sign-in": (0.5, 0.2, 0.0, 0.1, 0.0),
}
# fmt: off
NAMES = (
    "Alice", "Amir", "Anna", "Bruno", "Carla", "Chen", "Daniel", "Dina", "Elena",
    "Emil", "Fatima", "Felix", "Greta", "Hana", "Hugo", "Ines", "Ivan", "Jonas",
    "Julia", "Kofi", "Lara", "Leo", "Lucia", "Malik", "Marta", "Mei", "Milan",
    "Nadia", "Nina", "Noah", "Olga", "Omar", "Paula", "Rafael", "Rosa", "Sofia",
    "Tariq", "Vera", "Yuki", "Zoe",
)
# fmt: on
TEAM = ("Ruth", "Theo")
HOMES = (
    ("Europe/Lisbon", "pt-PT", 9),
    ("Europe/Berlin", "de-DE", 7),
    ("America/Sao_Paulo", "pt-BR", 6),
    ("America/New_York", "en-US", 6),
    ("Europe/London", "en-GB", 5),
    ("America/Los_Angeles", "en-US", 3),
    ("Asia/Kolkata", "en-IN", 3),
    ("Asia/Tokyo", "ja-JP", 2),
    ("Australia/Sydney", "en-AU", 1),
)
MOZILLA = "Mozilla/5.0 "
WEBKIT = " AppleWebKit/537.36 (KHTML, like Gecko) "
SAFARI = " AppleWebKit/605.1.15 (KHTML, like Gecko) "
IPHONE = "(iPhone; CPU iPhone OS 18_5 like Mac OS X)"
DESKTOPS = (
    f"{MOZILLA}(Windows NT 10.0; Win64; x64){WEBKIT}Chrome/138.0.0.0 Safari/537.36",
    f"{MOZILLA}(Macintosh; Intel Mac OS X 10_15_7){WEBKIT}Chrome/138.0.0.0 "
    "Safari/537.36",
    f"{MOZILLA}(Macintosh; Intel Mac OS X 10_15_7){SAFARI}Version/18.5 Safari/605.1.15",
    f"{MOZILLA}(Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
    f"{MOZILLA}(X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    f"{MOZILLA}(Windows NT 10.0; Win64; x64){WEBKIT}Chrome/138.0.0.0 Safari/537.36 "
    "Edg/138.0.0.0",
)
MOBILES = (
    f"{MOZILLA}{IPHONE}{SAFARI}Version/18.5 Mobile/15E148 Safari/604.1",
    f"{MOZILLA}(Linux; Android 10; K){WEBKIT}Chrome/138.0.0.0 Mobile Safari/537.36",
    f"{MOZILLA}(Linux; Android 14; SM-S921B){WEBKIT}SamsungBrowser/28.0 "
    "Chrome/130.0.0.0 Mobile Safari/537.36",
)
BOTS = (
    f"{MOZILLA}(compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    f"{MOZILLA}(compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    f"{MOZILLA}(compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
)
Campaign = tuple[tuple[str, str], ...]
ORIGINS: tuple[tuple[str | None, Campaign, int], ...] = (
    (None, (), 12),
    ("https://www.google.com/", (), 9),
    ("https://duckduckgo.com/", (), 3),
    ("https://www.bing.com/", (), 2),
    ("https://blog.example.org/reading-list", (), 3),
    ("https://forum.example.org/t/which-tracker", (), 2),
    (None, (("utm_source", "newsletter"), ("utm_medium", "email")), 3),
    (
        "https://social.example.com/",
        (
            ("utm_source", "social"),
            ("utm_medium", "post"),
            ("utm_campaign", "launch"),
        ),
        2,
    ),
)


@dataclass(frozen=True, slots=True)
class Device:
    visitor: str
    agent: str
    width: int


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who comes; ``known_on`` is the visit at which they become known."""

    name: str | None
    email: str | None
    verified: bool
    zone: str
    language: str
    devices: tuple[Device, ...]
    visits: int
    known_on: int
    bot: bool = False
    team: bool = False


def make_cast(
    rng: Random, known: int, anonymous: int, bots: int, team: int = 0
) -> list[Person]:
    """The people of the demo; equal random numbers give equal people."""
    cast = [_known(rng, number) for number in range(known)]
    cast += [_anonymous(rng) for _ in range(anonymous)]
    cast += [_bot(rng) for _ in range(bots)]
    cast += [_member(rng, number) for number in range(team)]
    return cast


def _known(rng: Random, number: int) -> Person:
    name = NAMES[number % len(NAMES)]
    again = number // len(NAMES)
    domain = rng.choice(("example.com", "example.org"))
    verified = number % 5 < 3
    visits = 1 + min(30, int(rng.expovariate(1 / 8)))
    zone, language = _home(rng)
    devices = (_device(rng), _device(rng)) if rng.random() < 0.4 else (_device(rng),)
    return Person(
        name=name,
        email=f"{name.lower()}{again or ''}@{domain}",
        verified=verified,
        zone=zone,
        language=language,
        devices=devices if verified else devices[:1],
        visits=visits,
        known_on=rng.randrange(min(visits, 3)),
    )


def _anonymous(rng: Random) -> Person:
    zone, language = _home(rng)
    visits = 1 + min(6, int(rng.expovariate(1.6)))
    return Person(None, None, False, zone, language, (_device(rng),), visits, 0)


def _bot(rng: Random) -> Person:
    device = Device(_uuid(rng), rng.choice(BOTS), 1024)
    return Person(None, None, False, "UTC", "en-US", (device,), 12, 0, bot=True)


def _member(rng: Random, number: int) -> Person:
    """One of the site's own team, at the site's desk."""
    name = TEAM[number % len(TEAM)]
    device = Device(_uuid(rng), rng.choice(DESKTOPS), 1920)
    email = f"{name.lower()}@example.com"
    home = ("Europe/Lisbon", "pt-PT")
    return Person(name, email, True, *home, (device,), 14, 0, team=True)


def _home(rng: Random) -> tuple[str, str]:
    weights = [weight for _, _, weight in HOMES]
    zone, language, _ = rng.choices(HOMES, weights)[0]
    return zone, language


def _device(rng: Random) -> Device:
    if rng.random() < 0.42:
        return Device(_uuid(rng), rng.choice(MOBILES), rng.choice((360, 390, 412)))

    width = rng.choice((1280, 1440, 1536, 1920))
    return Device(_uuid(rng), rng.choice(DESKTOPS), width)


def _uuid(rng: Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))
