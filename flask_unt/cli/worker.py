"""``flask unt-worker``."""

from __future__ import annotations

import sys

import click
from flask.cli import with_appcontext

from ..state import get_state
from ..worker import run
from .group import sentences


@click.command("unt-worker")
@click.option("--burst", is_flag=True, help="Drain what waits, then end.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many processes drain.",
)
@click.option(
    "--health-port",
    type=click.IntRange(1, 65535),
    metavar="PORT",
    help="Answer /health and /metrics there.",
)
@click.option(
    "--health-host",
    default="127.0.0.1",
    show_default=True,
    help="For others than this machine: anybody who reaches it may read the figures.",
)
@with_appcontext
def unt_worker(
    burst: bool, workers: int, health_port: int | None, health_host: str
) -> None:
    """Move views from Redis into the database, until SIGTERM or Ctrl-C."""
    state = get_state()

    if state.stream is None:
        raise click.ClickException(
            "There is no Redis, so views go straight into the database and no worker"
            " is needed. To use one, set UNT_REDIS_URL or REDIS_URL."
        )

    health = None if health_port is None else (health_host, health_port)

    with sentences():
        sys.exit(run(state, burst=burst, workers=workers, health=health))
