"""Commands that set up, let in, and bring data over."""

from __future__ import annotations

import click
from flask import current_app

from ..dashboard.access import make_login_link
from ..ingest.inject import script_tag
from ..state import get_state
from .group import Progress
from .group import now_ms
from .group import sentences
from .group import unt


@unt.command("init-db")
def init_db() -> None:
    """Create our tables, or migrate them to this release."""
    state = get_state()

    with sentences():
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


@unt.command("tag")
def tag() -> None:
    """Print the script tag, for static HTML and other sites' pages."""
    root = (current_app.config.get("APPLICATION_ROOT") or "/").rstrip("/")
    click.echo(script_tag(get_state(), root))


@unt.command("prune")
def prune() -> None:
    """Delete what is older than UNT_RETENTION_DAYS. A worker does it daily."""
    with sentences():
        pruned = get_state().store.prune(now_ms())

    click.echo(f"Deleted {pruned.rows} rows, and {pruned.months} months as a whole.")


@unt.command("rebuild")
def rebuild() -> None:
    """Add up all figures anew, as after a change of UNT_TIMEZONE.

    Hours older than UNT_RETENTION_DAYS stay as they are: their views are gone.
    """
    state = get_state()

    with sentences(), Progress("Adding up") as progress:
        hours = state.store.rebuild(now_ms(), progress)

    click.echo(f"Added up {hours} hours in the time zone {state.settings.timezone}.")


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

    with sentences(), Progress("Importing") as progress:
        imported = state.store.import_2017(
            url, zone=zone, scheme=scheme, now=now_ms(), progress=progress
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

    with sentences(), Progress("Inventing") as progress:
        views = state.store.make_demo(
            now_ms(), weeks=weeks, seed=seed, host=host, progress=progress
        )

    click.echo(f"The database has {views} views of made-up people.")


def _site_address() -> str | None:
    """The site's address as far as the app's own settings tell it."""
    host = current_app.config.get("SERVER_NAME")

    if not host:
        return None

    root = (current_app.config.get("APPLICATION_ROOT") or "/").rstrip("/")
    return f"{current_app.config['PREFERRED_URL_SCHEME']}://{host}{root}"
