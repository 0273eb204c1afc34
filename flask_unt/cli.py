"""The commands ``flask unt …`` and ``flask unt-worker``."""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import click
from flask import Flask
from flask import current_app
from flask.cli import AppGroup
from flask.cli import with_appcontext

from .dashboard.access import make_login_link
from .errors import UNTError
from .state import State
from .state import get_state
from .state import troubles
from .worker import run

unt = AppGroup("unt", help="Navigation tracking: set up, look in, bring data over.")


def register(app: Flask) -> None:
    """Add our commands to the app's ``flask`` command."""
    app.cli.add_command(unt)
    app.cli.add_command(unt_worker)


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


@unt.command("init-db")
def init_db() -> None:
    """Create our tables, or migrate them to this release."""
    state = get_state()

    with _sentences():
        state.store.migrate()

    click.echo(f"The tables are at revision {state.store.status().revision}.")


@unt.command("login-link")
@click.option("--site", metavar="URL", help="The site's address, to print a whole URL.")
def login_link(site: str | None) -> None:
    """Print a link that opens the dashboard, valid 10 minutes."""
    link = make_login_link(get_state())
    base = site or _site_address()

    if base is None:
        click.echo("Put it behind your site's address:", err=True)

    click.echo((base or "").rstrip("/") + link)


@unt.command("status")
@click.option("--json", "as_json", is_flag=True, help="For a script.")
def status(as_json: bool) -> None:
    """Say what is stored, what waits, and what is wrong (then exit with 1)."""
    report = _status(get_state(), _now())

    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        _print_status(report)

    sys.exit(1 if report["trouble"] else 0)


@unt.command("prune")
def prune() -> None:
    """Delete what is older than UNT_RETENTION_DAYS. A worker does it daily."""
    with _sentences():
        pruned = get_state().store.prune(_now())

    click.echo(f"Deleted {pruned.rows} rows, and {pruned.months} months as a whole.")


@unt.command("import-2017")
@click.argument("url")
@click.option(
    "--zone",
    default="UTC",
    show_default=True,
    help="The time zone of the old server's clock, such as America/Sao_Paulo.",
)
@click.option(
    "--scheme",
    type=click.Choice(["https", "http"]),
    default="https",
    show_default=True,
    help="For page addresses that were stored without one.",
)
def import_2017(url: str, zone: str, scheme: str) -> None:
    """Bring users, pages and accesses of a 2017 database at URL over.

    Running it twice changes nothing.
    """
    state = get_state()

    with _sentences(), _Progress("Importing") as progress:
        imported = state.store.import_2017(
            url, zone=zone, scheme=scheme, now=_now(), progress=progress
        )

    click.echo(
        f"Brought over: {imported.users} users, {imported.pages} pages,"
        f" {imported.views} views."
    )

    for reason, count in sorted(imported.skipped.items()):
        click.echo(f"Skipped {count}: {reason}.")

    if imported.warning:
        click.echo(imported.warning, err=True)


@unt.command("demo-data")
@click.option("--weeks", type=click.IntRange(1, 52), default=4, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--host", default="127.0.0.1:5000", show_default=True, help="The pages' host."
)
def demo_data(weeks: int, seed: int, host: str) -> None:
    """Fill the database with the visits of made-up people."""
    state = get_state()

    with _sentences(), _Progress("Inventing") as progress:
        views = state.store.make_demo(
            _now(), weeks=weeks, seed=seed, host=host, progress=progress
        )

    click.echo(f"The database has {views} views of made-up people.")


def _status(state: State, now: int) -> dict[str, Any]:
    """What ``status`` prints, as plain data; ``trouble`` lists what is wrong."""
    trouble = list(troubles(state, now))
    report: dict[str, Any] = {
        "prefix": state.settings.prefix,
        "dashboard": state.settings.dashboard_prefix + "/dashboard",
        "database": None,
        "stream": None,
        "trouble": trouble,
    }

    with suppress(UNTError):
        report["database"] = asdict(state.store.status())

    if state.stream is not None:
        report["stream"] = asdict(state.stream.status(now))

    return report


def _print_status(report: dict[str, Any]) -> None:
    click.echo(f"prefix     {report['prefix']}")
    click.echo(f"dashboard  {report['dashboard']}")

    for part in ("database", "stream"):
        for name, value in (report[part] or {}).items():
            click.echo(f"{part + ' ' + name:<24} {value}")

    if report["stream"] is None:
        click.echo("There is no Redis: views are written in the request.")

    for sentence in report["trouble"]:
        click.secho(sentence, fg="red")


def _site_address() -> str | None:
    """The site's address as far as the app's own settings tell it."""
    host = current_app.config.get("SERVER_NAME")

    if not host:
        return None

    root = (current_app.config.get("APPLICATION_ROOT") or "/").rstrip("/")
    return f"{current_app.config['PREFERRED_URL_SCHEME']}://{host}{root}"


def _now() -> int:
    return int(time.time() * 1000)


class _sentences:
    """Show our own errors as a sentence instead of a traceback."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: object, error: BaseException | None, trace: object
    ) -> None:
        if isinstance(error, UNTError):
            raise click.ClickException(str(error)) from error


class _Progress:
    """A progress bar that is told ``(done, total)``."""

    def __init__(self, label: str) -> None:
        self._bar = click.progressbar(length=1, label=label, file=sys.stderr)

    def __enter__(self) -> _Progress:
        self._bar.__enter__()
        return self

    def __call__(self, done: int, total: int) -> None:
        self._bar.length = max(total, 1)
        self._bar.update(done - self._bar.pos)

    def __exit__(self, *exc_info: Any) -> None:
        self._bar.__exit__(*exc_info)
