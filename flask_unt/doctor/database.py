"""The database: there, up to date, ours to write, in a good place."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ..errors import SchemaOutdated
from ..store import DatabaseFacts
from .finding import Finding
from .finding import bad
from .finding import ok
from .finding import warn
from .look import Look

NETWORK_FILES = {
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs"),
    *("fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "lustre", "ocfs2", "gfs2"),
}
MOUNTS = Path("/proc/self/mountinfo")
REASONS_SHOWN = 3
CLOCK_MS = 2000
LATE_MS = 60_000
CLOCK_BAD_MS = 60_000


def check_database(look: Look) -> Iterator[Finding]:
    """It can be reached, and takes writes."""
    error = look.database_error

    if isinstance(error, SchemaOutdated):
        return

    if error is not None:
        yield bad(
            "database",
            str(error),
            "Start it, or correct UNT_DATABASE_URL; until then views wait in Redis, or"
            " in the browsers.",
        )
    elif not look.takes_writes:
        yield bad(
            "database",
            "The database takes no writes now.",
            "Look at its log: it may be full, locked or read-only.",
        )
    else:
        yield ok("database", "The database takes writes.")


def check_tables(look: Look) -> Iterator[Finding]:
    """Its tables are those of this release."""
    revision = look.revision

    if isinstance(look.database_error, SchemaOutdated):
        yield bad("tables", "The tables are those of an older release.", INIT_DB)
    elif look.is_newer_release:
        yield warn(
            "tables",
            "The tables are those of a newer release, which another process runs.",
            "Update this one.",
        )
    elif revision is not None:
        yield ok("tables", f"The tables are at revision {revision}.")


INIT_DB = "Run flask unt init-db, or restart the worker, which does it."


def check_inbox(look: Look) -> Iterator[Finding]:
    """What was accepted without Redis is written."""
    inbox = look.inbox

    if look.database_error is not None or inbox is None or not inbox.entries:
        return

    since = inbox.age(look.now)
    waits = "1 entry waits" if inbox.entries == 1 else f"{inbox.entries} entries wait"
    problem = f"{waits} in unt_inbox, the oldest for {since // 1000} seconds"

    if since > LATE_MS:
        why = look.state.outages.inbox.trouble or "Look at the site's log."
        yield bad("inbox", f"{problem}.", why)
    else:
        yield warn("inbox", f"{problem}.", "The next requests write them.")


def check_set_aside(look: Look) -> Iterator[Finding]:
    """Nothing was refused by the database."""
    count = sum(look.set_aside.values())

    if not count:
        return

    most = sorted(look.set_aside.items(), key=lambda item: (-item[1], item[0]))
    reasons = "; ".join(f"{n} × {reason}" for reason, n in most[:REASONS_SHOWN])
    events = "1 event is" if count == 1 else f"{count} events are"
    yield warn(
        "set-aside",
        f"{events} set aside, as the database refused them: {reasons.rstrip('.')}.",
        "Remove the cause, then run flask unt replay. They are in unt_set_aside.",
    )


def check_rights(look: Look) -> Iterator[Finding]:
    """Our role may do all that we do."""
    facts = look.database

    if facts is None or look.database_error is not None:
        return

    if facts.refusal is not None:
        yield bad(
            "read-only",
            f"Nothing can be written, whatever our rights are. {facts.refusal}",
            "Have the database take writes, or name another one in UNT_DATABASE_URL.",
        )
    else:
        yield from _judge_rights(facts)


def _judge_rights(facts: DatabaseFacts) -> Iterator[Finding]:
    missing = [right for right in facts.forbidden if not right.startswith("CREATE")]

    if missing:
        some = ", ".join(missing[:REASONS_SHOWN])
        more = f" and {len(missing) - REASONS_SHOWN} more" if missing[3:] else ""
        yield bad(
            "rights",
            f"The database role may not {some}{more}.",
            "GRANT SELECT, INSERT, UPDATE and DELETE on the unt_ tables to it.",
        )
    elif facts.forbidden:
        yield warn(
            "rights",
            "The database role may not create tables, so all views are kept in the"
            " partition for the rest.",
            "GRANT CREATE on the schema to it: months of their own are pruned faster.",
        )


def check_database_clock(look: Look) -> Iterator[Finding]:
    """Its clock is ours."""
    if look.database is not None and look.database.ahead is not None:
        yield compare_clocks("database", "the database", look.database.ahead)


def check_file(look: Look) -> Iterator[Finding]:
    """A SQLite file is on a disk of this machine, and not the site's own."""
    facts = look.database

    if facts is None or facts.file is None:
        return

    kind = filesystem_of(facts.file)

    if kind in NETWORK_FILES:
        yield bad(
            "sqlite",
            f"The SQLite file is on a network filesystem ({kind}), where its locks"
            " cannot be trusted.",
            "Move it to a local disk with UNT_DATABASE_URL, or use PostgreSQL.",
        )

    if facts.shared:
        yield warn(
            "sqlite",
            "Views are kept in the SQLite file of the site itself: SQLite has one"
            " writer, so the site's writes wait for ours.",
            "Leave UNT_DATABASE_URL out, or name a file of its own.",
        )


def compare_clocks(name: str, whose: str, ahead: int) -> Finding:
    """Whether a clock agrees with ours, but for the time that asking takes."""
    apart, check = abs(ahead), f"clock-{name}"

    if apart <= CLOCK_MS:
        return ok(check, f"The clocks of {whose} and of this machine agree.")

    level = bad if apart > CLOCK_BAD_MS else warn
    return level(
        check,
        f"The clocks of {whose} and of this machine are {apart / 1000:.0f} s apart.",
        "Have NTP set both: this machine's says when a view came.",
    )


def filesystem_of(file: str, mounts: Path = MOUNTS) -> str | None:
    """The kind of filesystem a file is on; None where the system does not tell."""
    path = os.path.realpath(file)
    best: tuple[int, str | None] = (-1, None)

    try:
        lines = mounts.read_text().splitlines()
    except OSError:
        return None

    for line in lines:
        place, _, rest = line.partition(" - ")
        folder = place.split()[4].replace(r"\040", " ")
        inside = path == folder or path.startswith(folder.rstrip("/") + "/")

        if inside and len(folder) > best[0]:
            best = (len(folder), rest.split()[0])

    return best[1]
