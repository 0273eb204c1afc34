"""One request to the tracking addresses, checked before its body is read."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
from typing import Any

from ..config import Settings
from ..errors import RequestRefused
from ..events import Entry
from ..events import Event
from ..events import Rules
from ..events import View
from ..events import last_made
from ..identity import Asked
from ..identity import can_identify
from ..identity import resolve_identity
from ..limits import Limits
from ..state import State
from .cookie import Cookie
from .origin import Origin

GPC = "gpc"
OTHER_PAGE = "(other)"
LONGEST_WAIT = 3600
AGENT_LIMIT = 1024
NOT_ASKED = Asked()


@dataclass(frozen=True, slots=True)
class Request:
    """A request, judged. ``client`` is ``None`` behind a proxy nobody told us of.

    ``country`` is that of the client's address, None where it is not known.
    """

    state: State
    limits: Limits
    environ: Mapping[str, Any]
    origin: Origin
    now: int
    client: bytes | None
    country: str | None = None

    @property
    def rules(self) -> Rules:
        """What the events of this request may report."""
        state = self.state
        root = self.environ.get("SCRIPT_NAME", "").rstrip("/")
        return Rules(
            hosts=self.origin.hosts,
            keep_query=state.settings.keep_query,
            exempt=lambda host, path: state.is_exempt(host, path, root),
        )

    @property
    def wants_privacy(self) -> bool:
        """Whether the browser asks not to be recorded, and the site honours it."""
        return asks_for_privacy(self.environ, self.state.settings)

    def entry(self, events: Iterable[Event], **details: Any) -> Entry:
        """The entry to accept: the events, who sent them, who is signed in."""
        state = self.state
        kept = tuple([self._without_endless_pages(event) for event in events])
        agent = self.environ.get("HTTP_USER_AGENT", "")[:AGENT_LIMIT]
        may_ask = self.origin.own and can_identify(state)
        asks = may_ask and last_made(kept) is not None
        asked = resolve_identity(state.app, self.environ) if asks else NOT_ASKED
        return Entry(
            received=self.now,
            agent=agent,
            user=asked.user,
            events=kept,
            # Where the site fails to answer, nobody known is not nobody signed in.
            asked=asked.told,
            team=asked.team,
            impersonator=asked.impersonator,
            country=self.country,
            **details,
        )

    @property
    def cookie(self) -> Cookie:
        """The visitor's cookie."""
        return Cookie(self.environ, self.origin, self.state.settings)

    def limit_visitors(self, visitors: Iterable[str | None]) -> None:
        """Count the visitors of this request.

        :raises RequestRefused: 429, the client sends too much, or too many visitors.
        """
        limits = self.limits

        for visitor in set(visitors) - {None}:
            if self.client is None:
                _wait(limits.request(str(visitor).encode(), self.now), "rate")
            else:
                wait = limits.visitor(self.client, str(visitor), self.now)
                _wait(wait, "new-visitors")

    def limit_rate(self) -> None:
        """Count this request of the client.

        :raises RequestRefused: 429.
        """
        if self.client is not None:
            _wait(self.limits.request(self.client, self.now), "rate")

    def limit_client_emails(self) -> None:
        """Count an email of this client, right or wrong.

        :raises RequestRefused: 429.
        """
        if self.client is not None:
            _wait(self.limits.client_email(self.client, self.now), "emails")

    def limit_visitor_emails(self, visitor: str) -> None:
        """Count an email for this visitor.

        :raises RequestRefused: 429.
        """
        _wait(self.limits.visitor_email(visitor, self.now), "emails")

    def _without_endless_pages(self, event: Event) -> Event:
        if self.client is None or not isinstance(event, View):
            return event

        limits = self.limits

        if limits.page(self.client, event.host, event.path, self.now) is None:
            return event

        return replace(event, path=OTHER_PAGE, title="")


def asks_for_privacy(environ: Mapping[str, Any], settings: Settings) -> bool:
    """Whether a browser asks not to be recorded, and the site honours it."""
    asked = "1" in (environ.get("HTTP_SEC_GPC"), environ.get("HTTP_DNT"))
    return asked and settings.respect_gpc


def _wait(seconds: int | None, reason: str) -> None:
    if seconds is not None:
        raise RequestRefused(429, reason, min(seconds, LONGEST_WAIT))
