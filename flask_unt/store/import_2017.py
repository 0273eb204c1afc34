"""Bring users, pages and accesses of a 2017 database over."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from dataclasses import field
from datetime import timezone
from datetime import tzinfo
from typing import TYPE_CHECKING
from typing import Any
from zoneinfo import ZoneInfo
from zoneinfo import ZoneInfoNotFoundError

from flask_unt.errors import ConfigError
from flask_unt.errors import RequestRefused
from flask_unt.events import Entry
from flask_unt.events import View
from flask_unt.events import clean_email
from flask_unt.events import clean_text
from flask_unt.events import clean_visitor
from flask_unt.events import mask_emails
from flask_unt.events import stored_key
from flask_unt.urls import PageUrl
from flask_unt.urls import parse_page_url

from .old_database import OldDatabase
from .old_database import moments_of
from .old_database import utc_offset

if TYPE_CHECKING:
    from . import Store

KEEP_QUERY = ("utm_*", "ref")
TITLE_LIMIT = 255
# The 2017 server kept no user agent. An empty one would say "bot".
UNKNOWN_AGENT = "Mozilla/5.0"
SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d)", re.IGNORECASE)
DAY_MS = 86_400_000
SKEWED_MS = 7 * DAY_MS
# For users of a database without any access: the month of its last release.
NOVEMBER_2017 = 1_509_494_400_000


@dataclass(frozen=True, slots=True)
class Imported:
    """What was brought over, and for each reason how many rows were not.

    ``views`` counts those that are here now, though an earlier run brought them.
    ``warning`` is a sentence for the owner where the next prune would delete them.
    """

    users: int
    pages: int
    views: int
    skipped: Mapping[str, int]
    warning: str | None


@dataclass(frozen=True, slots=True)
class OldPage:
    title: str
    url: PageUrl


@dataclass(slots=True)
class _Steps:
    """Rows done of all rows, told to whoever shows it."""

    total: int
    progress: Callable[[int, int], None] | None
    done: int = 0

    def add(self, rows: int) -> None:
        self.done += rows

        if self.progress is not None:
            self.progress(self.done, max(self.done, self.total))


@dataclass(slots=True)
class _Pass:
    """Everything that one pass remembers."""

    zone: tzinfo
    pages: dict[Any, OldPage] = field(default_factory=dict)
    last_seen: dict[str, int] = field(default_factory=dict)
    oldest: int | None = None
    skipped: Counter[str] = field(default_factory=Counter)


def import_2017(
    store: Store,
    url: str,
    *,
    zone: str = "UTC",
    scheme: str = "https",
    now: int,
    progress: Callable[[int, int], None] | None = None,
) -> Imported:
    """Write what the 2017 database at ``url`` has; a second run changes nothing.

    ``zone`` is the one its times without zone are in, ``scheme`` what goes before page
    addresses that have none. ``progress`` is called with rows done and rows in all.

    :raises ConfigError: there is no such zone, or no 2017 database at ``url``.
    """
    work = _Pass(_zone(zone))

    with closing(OldDatabase(url)) as old:
        steps = _Steps(old.count(), progress)
        work.pages.update(_read_pages(old, scheme, work.skipped))
        views = users = 0

        for accesses in old.accesses():
            entries = _entries(accesses, work)
            store.write(entries, now)
            views += len(entries)
            steps.add(len(accesses))

        for known in old.users():
            users += _declare(store, known, work)
            steps.add(len(known))

    return Imported(
        users=users,
        pages=len(work.pages),
        views=views,
        skipped=dict(work.skipped),
        warning=_warning(work.oldest, store.settings.retention_days, now),
    )


def _warning(oldest: int | None, retention_days: int | None, now: int) -> str | None:
    if oldest is None or retention_days is None:
        return None

    age = (now - oldest) // DAY_MS + 1

    if age <= retention_days:
        return None

    return (
        f"The oldest view is {age} days old, but UNT_RETENTION_DAYS is"
        f" {retention_days}: older views are pruned within a day. To keep them all, set"
        f" UNT_RETENTION_DAYS to None (or to {age} or more) now, and import again."
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(
            f"There is no time zone {name!r}. Give one like America/Sao_Paulo."
        ) from None


def _read_pages(
    old: OldDatabase, scheme: str, skipped: Counter[str]
) -> dict[Any, OldPage]:
    pages = {}

    for row in old.pages():
        try:
            url = parse_page_url(_with_scheme(str(row.url or ""), scheme), KEEP_QUERY)
        except ValueError:
            skipped["pages whose url is none of a web page"] += 1
            continue

        title = clean_text(mask_emails(str(row.title or "")), TITLE_LIMIT)
        pages[row.id] = OldPage(title, url)

    return pages


def _with_scheme(url: str, scheme: str) -> str:
    url = url.strip()

    if url.startswith("//"):
        return f"{scheme}:{url}"

    return url if SCHEME.match(url) else f"{scheme}://{url}"


def _entries(accesses: Iterable[Any], work: _Pass) -> list[Entry]:
    entries = []

    for access in accesses:
        page = work.pages.get(access.page_id)
        visitor = _visitor(access.uuid)
        moments = moments_of(access, work.zone)

        if page is None:
            work.skipped["accesses without a page that was brought"] += 1
        elif visitor is None:
            work.skipped["accesses whose uuid is none"] += 1
        elif moments is None:
            work.skipped["accesses without a time"] += 1
        else:
            entries.append(_entry(access, visitor, page, moments, work))

    return entries


def _entry(
    access: Any, visitor: str, page: OldPage, moments: tuple[int, int], work: _Pass
) -> Entry:
    local, received = moments
    time = min(local, received)
    view = View(
        key=_key(access, visitor),
        id=_id(access),
        visitor=visitor,
        time=time,
        tz=utc_offset(time, work.zone),
        host=page.url.host,
        path=page.url.path,
        title=page.title,
        referrer=None,
        campaign=page.url.campaign,
        from_key=None,
        kind="load",
        width=None,
        lang=None,
        status=None,
        skewed=received - time > SKEWED_MS,
        mark=None,
    )
    work.last_seen[visitor] = max(received, work.last_seen.get(visitor, received))
    work.oldest = min(time, time if work.oldest is None else work.oldest)
    return Entry(received, UNKNOWN_AGENT, None, False, None, (view,))


def _id(access: Any) -> str:
    return f"2017-{access.id}"


def _key(access: Any, visitor: str) -> bytes:
    """The stored key, of the times as they are: the same for whatever ``zone``."""
    moments = moments_of(access, timezone.utc)
    return stored_key(visitor, _id(access), moments[1] if moments else 0)


def _declare(store: Store, users: Sequence[Any], work: _Pass) -> int:
    """Write the emails; each as declared when its browser was last seen in 2017."""
    last = max(work.last_seen.values(), default=NOVEMBER_2017)
    declared = 0

    for user in users:
        visitor = _visitor(user.uuid)

        if visitor is None:
            work.skipped["users whose uuid is none"] += 1
            continue

        if not str(user.email or "").strip():
            continue

        try:
            email = clean_email(user.email)
        except RequestRefused:
            work.skipped["users whose email is none"] += 1
            continue

        store.declare_email(visitor, email, work.last_seen.get(visitor, last))
        declared += 1

    return declared


def _visitor(value: object) -> str | None:
    try:
        return clean_visitor(str(value).strip())
    except RequestRefused:
        return None
