"""What is wrong with an app's tracking, and what to do: each check gives findings.

``RUNNING`` is how it does now, ``SET_UP`` how it was set up; both are cheap enough for
a page of the dashboard. ``THOROUGH`` asks the app for a page and tries our rights.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence

from . import database
from . import pages
from . import refused
from . import site
from . import stream
from .finding import BAD
from .finding import LEVELS
from .finding import OK
from .finding import WARN
from .finding import Finding
from .look import Look
from .refused import Refusal
from .refused import refusals

__all__ = [
    "BAD",
    "OK",
    "RUNNING",
    "SET_UP",
    "THOROUGH",
    "WARN",
    "Finding",
    "Look",
    "Refusal",
    "examine",
    "refusals",
]

Check = Callable[[Look], Iterable[Finding]]

RUNNING: tuple[Check, ...] = (
    database.check_database,
    database.check_tables,
    database.check_inbox,
    stream.check_redis,
    stream.check_waiting,
    stream.check_workers,
    database.check_set_aside,
)
SET_UP: tuple[Check, ...] = (
    stream.check_persistence,
    stream.check_redis_memory,
    stream.check_redis_version,
    stream.check_redis_clock,
    site.check_migrate,
    site.check_proxy,
    site.check_middleware,
    site.check_prefix,
    site.check_secret_key,
    site.check_server_name,
    site.check_identity,
    site.check_columns,
    site.check_timezone,
    site.check_dashboard,
    site.check_consent,
    pages.check_untagged,
    refused.check_refused,
)
THOROUGH: tuple[Check, ...] = (
    database.check_database_clock,
    database.check_rights,
    database.check_file,
    pages.check_pages,
)


def examine(look: Look, checks: Sequence[Check]) -> tuple[Finding, ...]:
    """What these checks find, the worst first; never raises for what they look at."""
    found = [finding for check in checks for finding in check(look)]

    return tuple(sorted(found, key=lambda finding: LEVELS.index(finding.level)))
