"""``flask unt replay``: what was set aside is stored after all."""

from __future__ import annotations

import sys
from collections import Counter

import click

from ..state import get_state
from ..store import Store
from .group import Progress
from .group import now_ms
from .group import sentences
from .group import unt


@unt.command("replay")
@click.option("--reason", default="", metavar="TEXT", help="Only those of this reason.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
def replay(reason: str, yes: bool) -> None:
    """Put events that were set aside back, once the cause is gone.

    An event that fails again stays, with the new reason, and the command then exits
    with 1. It may be stopped at any point, and run again.
    """
    store = get_state().store

    with sentences():
        reasons = store.set_aside_reasons(reason)

    if not reasons:
        click.echo("Nothing is set aside.")
        return

    total = sum(reasons.values())
    _list(Counter(reasons), err=True)

    if not yes:
        click.confirm(f"Put {total:,} back?", abort=True, err=True)

    with sentences(), Progress("Replaying") as progress:
        done, failed = _put_back(store, reason, total, progress)

    click.echo(
        f"Stored: {done['stored']:,}, known before: {done['duplicates']:,},"
        f" of forgotten visitors: {done['forgotten']:,},"
        f" still set aside: {failed.total():,}."
    )

    _list(failed)
    sys.exit(int(bool(failed)))


def _list(reasons: Counter[str], *, err: bool = False) -> None:
    for text, count in reasons.most_common():
        click.echo(f"{count:>8,}  {text}", err=err)


def _put_back(
    store: Store, reason: str, total: int, progress: Progress
) -> tuple[Counter[str], Counter[str]]:
    """What became of events, and for each reason how many are still set aside."""
    done: Counter[str] = Counter()
    failed: Counter[str] = Counter()

    for number, id in enumerate(store.set_aside_ids(reason), start=1):
        replayed = store.replay(id, now_ms())
        progress(min(number, total), total)

        if replayed is None:
            continue

        if replayed.reason is not None:
            failed[replayed.reason] += 1

        done["stored"] += replayed.stored
        done["duplicates"] += replayed.duplicates
        done["forgotten"] += replayed.forgotten

    return done, failed
