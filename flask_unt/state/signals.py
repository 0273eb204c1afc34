"""Signals: what the site may do something about, sent after it is committed.

They are sent by the process that writes views: the worker, or, without Redis or while
it is away, a web process. At most once: a process that ends in between sends none.
"""

from __future__ import annotations

from typing import Any

from blinker import Namespace
from blinker import Signal

from ..errors import UNTError
from ..store import Identified
from ..store import News
from ..store import Store
from .state import State

signals = Namespace()
visit_started = signals.signal("visit_started")
identified = signals.signal("identified")


def connect_signals(state: State, store: Store) -> None:
    """Have the signals sent for what this store writes."""
    news = store.listening
    news.listens = lambda: _is_listened_to(state)
    news.tell = lambda news: _tell(state, store, news)


def _is_listened_to(state: State) -> bool:
    return any(
        signal.has_receivers_for(state.app) for signal in (visit_started, identified)
    )


def _tell(state: State, store: Store, news: News) -> None:
    try:
        found = store.describe_news(news)
    except UNTError:
        return

    for one in found:
        if isinstance(one, Identified):
            _send(state, identified, user=one)
        else:
            _send(state, visit_started, visit=one)


def _send(state: State, signal: Signal, **about: Any) -> None:
    for receiver in signal.receivers_for(state.app):
        # Whatever it does, what was written stays written, and others are told.
        try:
            with state.app.app_context():
                state.app.ensure_sync(receiver)(state.app, **about)
        except Exception as error:
            state.failures.note(error)
