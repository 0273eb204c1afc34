"""What is wrong with an app's tracking now, in sentences that say what to do."""

from __future__ import annotations

from ..errors import UNTError
from .state import State


def troubles(state: State, now: int) -> tuple[str, ...]:
    """Look at database and Redis; never raises. Empty when all is well."""
    return (*_of_database(state), *_of_stream(state, now))


def _of_database(state: State) -> tuple[str, ...]:
    try:
        state.store.prepare()
        set_aside = state.store.status().set_aside

        if not state.store.canary():
            return ("The database takes no writes now: look at its log.",)
    except UNTError as error:
        return (str(error),)

    if not set_aside:
        return ()

    events = "event is" if set_aside == 1 else "events are"
    return (
        f"{set_aside} {events} set aside, as the database refused them:"
        " the table unt_set_aside has each with its reason.",
    )


def _of_stream(state: State, now: int) -> tuple[str, ...]:
    stream = state.stream

    if stream is None:
        return ()

    site = state.site_id()

    try:
        if site is not None and not stream.claim_site(site):
            return (
                f"The queue {state.settings.queue!r} in Redis belongs to another"
                " site: set UNT_QUEUE to a name of this site's own. Until then views"
                " are written in the request.",
            )
    except UNTError as error:
        return (str(error),)

    return stream.status(now).troubles()
