"""``flask unt tail``: views as they land."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from datetime import timezone

import click

from ..errors import UNTError
from ..state import get_state
from ..state import parse_email
from ..store import LandedView
from ..store import Store
from .group import now_ms
from .group import sentences
from .group import unt

LOOKS = 10
LOOK_SECONDS = 0.1
# A view may wait in the stream, or in a browser, before it lands.
LATE_MS = 120_000


@unt.command("tail")
@click.argument("email", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def tail(email: str | None, as_json: bool) -> None:
    """Follow page views as they land, of all or of the user with EMAIL.

    The newest is last. Ctrl-C ends it. Times are UTC.
    """
    store = get_state().store

    with sentences():
        user_id = None if email is None else _find(store, email)

        try:
            with _hearing_interrupts() as is_over:
                for view in _landing(store, user_id, now_ms(), is_over):
                    click.echo(_as_json(view) if as_json else _as_line(view))
        except (KeyboardInterrupt, BrokenPipeError):
            return


@contextmanager
def _hearing_interrupts() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed; pressed twice, it ends whatever is being done.

    As an exception it may come where Python ignores it, as in a finalizer.
    """
    came: list[int] = []

    def hear(number: int, _: object) -> None:
        if came:
            raise KeyboardInterrupt

        came.append(number)

    before = signal.signal(signal.SIGINT, hear)

    try:
        yield lambda: bool(came)
    finally:
        signal.signal(signal.SIGINT, before)


def _find(store: Store, email: str) -> int:
    found = store.find_user(parse_email(email))

    if found is None:
        raise UNTError(f"Nobody is known as {email}.")

    return found.id


def _landing(
    store: Store, user_id: int | None, start: int, is_over: Callable[[], bool]
) -> Iterator[LandedView]:
    shown: set[bytes] = set()

    while not is_over():
        store.catch_up()
        now = now_ms()
        landed = store.landed_since(max(start, now - LATE_MS), user_id)
        yield from (view for view in landed if view.key not in shown)
        shown = {view.key for view in landed}

        for _ in range(LOOKS):
            if not is_over():
                time.sleep(LOOK_SECONDS)


def _as_line(view: LandedView) -> str:
    who = view.email or view.name or "somebody"
    title = f"  {view.title}" if view.title else ""
    return f"{_clock(view.local_time)}  {who}  {view.host}{view.path}{title}"


def _as_json(view: LandedView) -> str:
    fields = {
        "time": _clock(view.local_time),
        "server_time": _clock(view.server_time),
        "email": view.email,
        "name": view.name,
        "host": view.host,
        "path": view.path,
        "title": view.title,
    }
    return json.dumps(fields, ensure_ascii=False)


def _clock(at: int) -> str:
    moment = datetime.fromtimestamp(at / 1000, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
