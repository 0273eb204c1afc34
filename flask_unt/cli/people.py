"""``flask unt forget`` and ``flask unt export``: one person's data."""

from __future__ import annotations

import json

import click

from ..state import State
from ..state import forget_email
from ..state import forget_visitor
from ..state import get_state
from ..state import parse_who
from .group import now_ms
from .group import sentences
from .group import unt

UNKNOWN = "Nobody is known as {who}."
DROPPED = f"{UNKNOWN} What still waits of them is dropped when its turn comes."


@unt.command("forget")
@click.argument("who")
@click.option("--yes", is_flag=True, help="Do not ask first.")
def forget(who: str, yes: bool) -> None:
    """Erase a person for good. WHO is an email, or a visitor's uuid.

    With an email all their browsers go, and what of these still comes is dropped. On a
    browser that somebody else signed in on, only their own views go. What waits to be
    written is dropped, too, also of an address that nobody is known by yet.
    """
    state = get_state()

    with sentences():
        visitor, email = parse_who(who)
        question = _visitor_question() if visitor else _email_question(state, email)

        if not yes:
            click.confirm(question, abort=True, err=True)

        click.echo(_forget(state, visitor, email))


@unt.command("export")
@click.argument("who")
def export(who: str) -> None:
    """Print all that is kept of a person as JSON. WHO is an email, or a visitor's uuid.

    All and only their rows, by table. Times are UTC. The ids of browsers are left out.
    """
    store = get_state().store

    with sentences():
        visitor, email = parse_who(who)
        found = store.export_visitor(visitor) if visitor else store.export_email(email)

    if found is None:
        raise click.ClickException(UNKNOWN.format(who=who))

    click.echo(json.dumps(found, indent=2, ensure_ascii=False))


def _visitor_question() -> str:
    return "Erase this visitor and all their views for good?"


def _email_question(state: State, email: str) -> str:
    person = state.store.person_of_email(email)

    if person is None:
        return f"{UNKNOWN.format(who=email)} Drop what may still wait of them?"

    alone, shared = len(person.alone), len(person.shared)
    others = ", ".join(other for other in person.emails if other != email)
    merged = f", who is also {others}," if others else ""
    also = f", and their own views on {shared} shared" if shared else ""
    return f"Erase {email}{merged} with all views of {alone} browsers{also}, for good?"


def _forget(state: State, visitor: str | None, email: str) -> str:
    if visitor is not None:
        forget_visitor(state, visitor, now_ms())
        return "The visitor is forgotten."

    forgotten = forget_email(state, email, now_ms())

    if forgotten is None:
        raise click.ClickException(DROPPED.format(who=email))

    return (
        f"{email} is forgotten, with {len(forgotten.visitors)} browsers;"
        f" on {forgotten.shared} shared ones only their own views."
    )
