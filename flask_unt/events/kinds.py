"""What events are once they are cleaned, and the entry that holds them.

Nobody changes one. They are made for each event, and to be made frozen would take them
three times as long: a twentieth of all that a worker does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Pairs: TypeAlias = "tuple[tuple[str, str], ...]"


@dataclass(slots=True)
class View:
    """A page shown once. ``mark`` says who was signed in: ``""`` nobody."""

    key: bytes
    id: str
    visitor: str | None
    time: int
    tz: int
    host: str
    path: str
    title: str
    referrer: str | None
    campaign: Pairs
    from_key: bytes | None
    kind: str
    width: int | None
    lang: str | None
    status: int | None
    skewed: bool
    mark: str | None


@dataclass(slots=True)
class Leave:
    """How long and how far a view was read; ``key`` is that view's."""

    key: bytes
    visitor: str | None
    time: int
    engaged: int
    scroll: int
    title: str | None


@dataclass(slots=True)
class Custom:
    """An event that the site names; ``props`` is flat JSON."""

    key: bytes
    id: str
    visitor: str | None
    time: int
    tz: int
    view_key: bytes | None
    name: str
    props: str
    skewed: bool
    mark: str | None


@dataclass(slots=True)
class Tracked(Custom):
    """A custom event from the server, whose user the site itself has named."""

    email: str | None
    host_id: str | None
    user_name: str | None

    @property
    def user(self) -> Identity | None:
        """Whose it is, None where the site does not know."""
        return _known(self.email, self.host_id, self.user_name)


@dataclass(slots=True)
class Identify:
    """A signed token that says who the visitor is, as it came."""

    key: bytes
    id: str
    visitor: str
    time: int
    token: str


@dataclass(slots=True)
class Proof:
    """Who the visitor is, by a token that was found to be the site's own."""

    key: bytes
    id: str
    visitor: str
    time: int
    email: str | None
    host_id: str | None

    @property
    def user(self) -> Identity | None:
        """Who it is; None names nobody."""
        return _known(self.email, self.host_id, None)


Event: TypeAlias = "View | Leave | Custom | Tracked | Identify | Proof"


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody known to be signed in."""

    email: str | None
    id: str | None
    name: str | None


@dataclass(slots=True)
class Entry:
    """What one accepted request brings, as it waits in the stream.

    ``asked``: the site was asked who is signed in, so ``user`` None is nobody.
    ``fresh``: the visitor was made on purpose. ``cookie``: the visitor that this
    browser was before, where its cookie names another one than the events.
    ``team``: whether the user is of the site's team; None is unknown.
    ``impersonator``: who acts as the user, and so is the one who sees the pages.
    ``country``: where the request came from, by its address; None is unknown.
    """

    received: int
    agent: str
    zone: str | None
    webdriver: bool
    user: Identity | None
    events: tuple[Event, ...]
    fresh: bool = False
    asked: bool = False
    cookie: str | None = None
    team: bool | None = None
    impersonator: Identity | None = None
    country: str | None = None


def _known(email: str | None, id: str | None, name: str | None) -> Identity | None:
    return None if email is None and id is None else Identity(email, id, name)
