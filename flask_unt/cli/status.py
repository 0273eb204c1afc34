"""``flask unt status`` and ``flask unt doctor``: how it does, and what to mend."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from datetime import timezone
from typing import Any

import click

from ..doctor import BAD
from ..doctor import OK
from ..doctor import RUNNING
from ..doctor import SET_UP
from ..doctor import THOROUGH
from ..doctor import WARN
from ..doctor import Finding
from ..doctor import Look
from ..doctor import examine
from ..state import get_state
from .group import now_ms
from .group import unt

COLOURS = {BAD: "red", WARN: "yellow", OK: "green"}
WIDTH = 20
UNKNOWN = "not known now"

as_json = click.option("--json", "as_json", is_flag=True, help="For a script.")


@unt.command("status")
@as_json
def status(as_json: bool) -> None:
    """Say what is stored, what waits, and what is wrong (then exit with 1).

    Wrong is: the database cannot be reached or written to, its tables are those of an
    older release, Redis cannot be used, or something waits for more than a minute. A
    warning (events set aside, no worker running) exits with 0.
    """
    look = Look(get_state(), now_ms())
    findings = examine(look, RUNNING)

    if as_json:
        click.echo(json.dumps(_report(look, findings), indent=2))
    else:
        for name, value in _lines(look):
            click.echo(f"{name:<{WIDTH}}{value}")

        _print(finding for finding in findings if finding.level != OK)

    sys.exit(_code(findings))


@unt.command("doctor")
@click.option(
    "--page",
    "pages",
    metavar="PATH",
    multiple=True,
    default=("/",),
    show_default=True,
    help="A page that should carry the tag; the app is asked for it once.",
)
@as_json
def doctor(pages: tuple[str, ...], as_json: bool) -> None:
    """Check how tracking is set up; for each finding say what to do.

    Exits with 1 when something is bad, with 0 when there are but warnings.
    """
    look = Look(get_state(), now_ms(), pages)
    findings = examine(look, (*RUNNING, *SET_UP, *THOROUGH))

    if as_json:
        found = [asdict(finding) for finding in findings]
        click.echo(json.dumps({"findings": found}, indent=2))
    else:
        _print(findings)

    sys.exit(_code(findings))


def _code(findings: Iterable[Finding]) -> int:
    return int(any(finding.level == BAD for finding in findings))


def _print(findings: Iterable[Finding]) -> None:
    for finding in findings:
        level = click.style(f"{finding.level:<5}", fg=COLOURS[finding.level])
        click.echo(f"{level}{finding.problem}")

        if finding.cure:
            click.echo(f"     {finding.cure}")


def _lines(look: Look) -> Iterator[tuple[str, str]]:
    settings, figures, stored = look.settings, look.figures, look.stored
    yield "prefix", settings.prefix
    yield "dashboard", f"{settings.dashboard_prefix}/dashboard"
    yield "tables", _tables(look)
    yield "views", _size(look, "views")
    yield "visitors, users", _people(look)
    yield "accepted", f"{figures.accepted:,}{_since(figures.since)}"
    yield "stored", f"{figures.stored:,}"
    yield "duplicates", f"{figures.duplicates:,}"
    yield "forgotten", f"{figures.forgotten:,}"
    yield "set aside", f"{stored.set_aside:,}" if stored else UNKNOWN
    yield "given up", f"{figures.dropped:,} by browsers"
    yield "refused", f"{sum(figures.refused.values()):,}"

    for reason, count in sorted(figures.refused.items(), key=lambda item: -item[1]):
        yield f"  {reason}", f"{count:,}"

    yield from _inbox_lines(look)
    yield from _stream_lines(look)


def _inbox_lines(look: Look) -> Iterator[tuple[str, str]]:
    inbox = look.inbox

    if inbox is None:
        yield "in the inbox", UNKNOWN
    elif inbox.entries or look.stream is None:
        age = inbox.age(look.now) / 1000
        oldest = f", oldest {age:.1f} s" if inbox.entries else ""
        yield "in the inbox", f"{inbox.entries:,}{oldest}"


def _stream_lines(look: Look) -> Iterator[tuple[str, str]]:
    stream = look.stream

    if stream is None:
        yield "redis", "none: views go straight into the database"
        return

    if "Redis" in look.figures.missing:
        yield "redis", UNKNOWN
        return

    oldest = (
        "" if stream.oldest_ms is None else f", oldest {stream.oldest_ms / 1000:.1f} s"
    )
    drained = look.figures.last_drain
    yield "waiting", f"{stream.waiting:,}{oldest}"
    yield "being written", f"{stream.pending:,}"
    yield "workers", ", ".join(stream.workers) or "none"
    yield "last drain", "never" if drained is None else _ago(look.now - drained)


def _tables(look: Look) -> str:
    stored = look.stored

    if stored is None:
        return UNKNOWN

    if stored.revision is None:
        return "none yet"

    newest = "" if stored.revision == stored.head else f", wanted is {stored.head}"
    return f"revision {stored.revision}{newest}"


def _people(look: Look) -> str:
    if look.stored is None:
        return UNKNOWN

    return f"{_size(look, 'visitors')}, {_size(look, 'users')}"


def _size(look: Look, name: str) -> str:
    """A figure of what is stored, said to be about right where it is an estimate."""
    stored = look.stored

    if stored is None:
        return UNKNOWN

    about = "about " if name in stored.about else ""
    return f"{about}{getattr(stored, name):,}"


def _since(since: int | None) -> str:
    if since is None:
        return ""

    at = datetime.fromtimestamp(since / 1000, timezone.utc)
    return f" since {at:%Y-%m-%d %H:%M} UTC"


def _ago(ms: int) -> str:
    seconds = max(0, ms) / 1000

    if seconds < 120:
        return f"{seconds:.1f} s ago"

    return (
        f"{seconds / 60:.0f} min ago"
        if seconds < 7200
        else f"{seconds / 3600:.0f} h ago"
    )


def _report(look: Look, findings: Iterable[Finding]) -> dict[str, Any]:
    """What ``status --json`` prints; ``None`` is what could not be asked."""
    figures, stored, stream = look.figures, look.stored, look.stream
    found = list(findings)
    is_head = stored is not None and stored.revision == stored.head
    return {
        "prefix": look.settings.prefix,
        "dashboard": look.settings.dashboard_prefix + "/dashboard",
        "accepted": figures.accepted,
        "stored": figures.stored,
        "duplicates": figures.duplicates,
        "forgotten": figures.forgotten,
        "dropped": figures.dropped,
        "set_aside": stored.set_aside if stored else None,
        "refused": dict(figures.refused),
        "since": figures.since,
        "waiting": _waiting(look),
        "inbox": look.inbox.entries if look.inbox else None,
        "oldest_ms": _oldest_ms(look),
        "workers": list(stream.workers) if stream else [],
        "last_drain": figures.last_drain,
        "schema": {"is_head": is_head, **_schema(look)},
        "database": asdict(stored) if stored else None,
        "stream": asdict(stream) if stream else None,
        "missing": list(figures.missing),
        "trouble": [finding.text for finding in found if finding.level == BAD],
        "warnings": [finding.text for finding in found if finding.level == WARN],
    }


def _waiting(look: Look) -> int | None:
    """Entries in Redis and in the inbox."""
    if look.inbox is None or "Redis" in look.figures.missing:
        return None

    return look.inbox.entries + (look.stream.waiting if look.stream else 0)


def _oldest_ms(look: Look) -> int | None:
    ages = [look.stream.oldest_ms if look.stream else None]

    if look.inbox is not None and look.inbox.oldest is not None:
        ages.append(look.inbox.age(look.now))

    return max((age for age in ages if age is not None), default=None)


def _schema(look: Look) -> dict[str, str | None]:
    stored = look.stored
    return {
        "revision": stored.revision if stored else None,
        "head": stored.head if stored else None,
    }
