"""Who is on the site now: a page, and the same for its script to ask again.

Each answer comes at once: the page asks every few seconds, and holds no worker.
"""

from __future__ import annotations

from flask import Response
from flask import request

from ..store.reports import Live
from ..store.reports import LiveView
from .clock import Clock
from .format import counted
from .page import figures
from .page import part
from .views import asked
from .views import show


def live() -> Response:
    state, clock = asked()
    found = state.store.live(now=clock.now, team=_with_team())
    return show("live.html", clock, tab="live", live=found, sentence=sentence_of(found))


def live_figures() -> Response:
    """The lists as HTML, beside the sentence over them and the one to be read out."""
    state, clock = asked()
    found = state.store.live(now=clock.now, team=_with_team())
    return figures(
        {
            "total": found.total,
            "sentence": sentence_of(found),
            "said": said_of(found, clock),
            "html": part("_live.html", live=found, clock=clock),
        }
    )


def _with_team() -> bool:
    return request.args.get("team") == "1"


def sentence_of(live: Live) -> str:
    if not live.total:
        return "Nobody is here now"

    people = counted(live.total, "person is", "people are")
    return f"{people} here now"


def said_of(live: Live, clock: Clock) -> str:
    """What a screen reader says when something changed."""
    if not live.newest:
        return f"{sentence_of(live)}."

    newest = live.newest[0]
    page = newest.title or newest.path
    return f"{sentence_of(live)}. {_name(newest)}: {page}, {clock.time(newest.at)}."


def _name(view: LiveView) -> str:
    if view.user_id is None:
        return "An anonymous visitor"

    return view.email or view.name or f"User {view.user_id}"
