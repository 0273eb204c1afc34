"""``flask unt-worker``."""

from __future__ import annotations

import sys

import click
from flask.cli import with_appcontext

from ..state import get_state
from ..worker import run


@click.command("unt-worker")
@click.option("--burst", is_flag=True, help="Drain what waits, then end.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many processes drain.",
)
@with_appcontext
def unt_worker(burst: bool, workers: int) -> None:
    """Move views from Redis into the database, until SIGTERM or Ctrl-C."""
    state = get_state()

    if state.stream is None:
        raise click.ClickException(
            "There is no Redis, so views are written in the request and no worker is"
            " needed. To use one, set UNT_REDIS_URL or REDIS_URL."
        )

    sys.exit(run(state, burst=burst, workers=workers))
