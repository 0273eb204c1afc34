"""Reading one event of a batch."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..cleaning import clean_masked
from ..urls import PageUrl
from ..urls import parse_page_url
from ..urls import parse_referrer
from .depth import TOO_DEEP
from .fields import LANGUAGE
from .fields import BadField
from .fields import read_id
from .fields import read_mark
from .fields import read_name
from .fields import read_number
from .fields import read_optional_text
from .fields import read_optional_whole
from .fields import read_props
from .fields import read_shaped
from .fields import read_text
from .fields import read_token
from .fields import read_visitor
from .fields import read_whole
from .keys import ID
from .keys import id_time
from .keys import is_key_known
from .keys import stored_key
from .kinds import Custom
from .kinds import Event
from .kinds import Identify
from .kinds import Leave
from .kinds import View
from .times import judge_time

TITLE_LIMIT = 255
KINDS = frozenset({"load", "reload", "bf", "push", "replace", "traverse", "call"})
DAY = 86_400_000
WIDTH_LIMIT = 100_000
# No zone is further than 14 hours from UTC; before there were zones it was 16.
ZONE_MINUTES = 16 * 60


@dataclass(frozen=True, slots=True)
class Rules:
    """Whose pages may be recorded: those of these hosts that are not exempt.

    ``exempt`` is asked with a page's host and path; ``keep_query`` names the
    parameters that may be kept.
    """

    hosts: frozenset[str]
    keep_query: tuple[str, ...]
    exempt: Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the events of one request have in common.

    ``sent`` is the browser's clock and ``now`` the server's, in ms since 1970.
    """

    rules: Rules
    sent: float
    now: int


def read_event(data: object, arrival: Arrival) -> Event:
    """One event, cleaned.

    :raises BadField: it cannot be stored.
    """
    if not isinstance(data, dict):
        raise BadField(TOO_DEEP if data == TOO_DEEP else "bad-event")

    kind = data.get("type")
    reader = READERS.get(kind) if isinstance(kind, str) else None

    if reader is None:
        raise BadField("bad-type")

    return reader(data, arrival)


def read_view(data: Mapping[str, Any], arrival: Arrival) -> View:
    id = read_id(data, "id")
    visitor = read_visitor(data)
    sent_time = read_number(data, "time")
    page = _read_page(data, arrival.rules)
    time, skewed = judge_time(sent_time, arrival.sent, arrival.now)
    kind = read_optional_text(data, "kind")
    return View(
        key=stored_key(visitor, id, sent_time),
        id=id,
        visitor=visitor,
        time=time,
        tz=_read_offset(data),
        host=page.host,
        path=page.path,
        title=_read_title(data) or "",
        referrer=_read_referrer(data),
        campaign=page.campaign,
        from_key=_read_link(data, "from", visitor),
        kind=kind if kind in KINDS else "load",
        width=read_optional_whole(data, "width", 0, WIDTH_LIMIT),
        lang=read_shaped(data, "lang", LANGUAGE),
        status=read_optional_whole(data, "status", 100, 599),
        skewed=skewed,
        mark=read_mark(data),
    )


def _read_leave(data: Mapping[str, Any], arrival: Arrival) -> Leave:
    view = read_id(data, "view")
    visitor = read_visitor(data)
    sent_time = read_number(data, "time")

    # The view's key may hold the view's time, which a leave does not tell.
    if not is_key_known(view, sent_time):
        raise BadField("bad-view")

    time, _ = judge_time(sent_time, arrival.sent, arrival.now)
    return Leave(
        key=stored_key(visitor, view, sent_time),
        visitor=visitor,
        time=time,
        engaged=read_whole(data, "engaged", 0, DAY),
        scroll=read_whole(data, "scroll", 0, 100),
        title=_read_title(data),
    )


def _read_custom(data: Mapping[str, Any], arrival: Arrival) -> Custom:
    id = read_id(data, "id")
    visitor = read_visitor(data)
    sent_time = read_number(data, "time")
    time, skewed = judge_time(sent_time, arrival.sent, arrival.now)
    return Custom(
        key=stored_key(visitor, id, sent_time),
        id=id,
        visitor=visitor,
        time=time,
        tz=_read_offset(data),
        view_key=_read_link(data, "view", visitor),
        name=read_name(data),
        props=read_props(data),
        skewed=skewed,
        mark=read_mark(data),
    )


def _read_identify(data: Mapping[str, Any], arrival: Arrival) -> Identify:
    id = read_id(data, "id")
    visitor = read_visitor(data)

    if visitor is None:
        raise BadField("bad-visitor")

    sent_time = read_number(data, "time")
    time, _ = judge_time(sent_time, arrival.sent, arrival.now)
    key = stored_key(visitor, id, sent_time)
    return Identify(key, id, visitor, time, read_token(data))


READERS: Mapping[str, Callable[[Mapping[str, Any], Arrival], Event]] = {
    "view": read_view,
    "leave": _read_leave,
    "event": _read_custom,
    "identify": _read_identify,
}


def _read_page(data: Mapping[str, Any], rules: Rules) -> PageUrl:
    url = read_text(data, "url")

    try:
        page = parse_page_url(url, rules.keep_query)
    except ValueError:
        raise BadField("bad-url") from None

    if page.host not in rules.hosts:
        raise BadField("foreign-page")

    if rules.exempt(page.host, page.path):
        raise BadField("exempt")

    return page


def _read_title(data: Mapping[str, Any]) -> str | None:
    title = read_optional_text(data, "title")
    return None if title is None else clean_masked(title, TITLE_LIMIT)


def _read_referrer(data: Mapping[str, Any]) -> str | None:
    referrer = read_optional_text(data, "referrer")
    return None if referrer is None else parse_referrer(referrer)


def _read_offset(data: Mapping[str, Any]) -> int:
    return read_whole(data, "tz", -ZONE_MINUTES, ZONE_MINUTES)


def _read_link(data: Mapping[str, Any], name: str, visitor: str | None) -> bytes | None:
    """The key of a view that an event names; its id must carry its time."""
    id = read_shaped(data, name, ID)

    if id is None or id_time(id) is None:
        return None

    return stored_key(visitor, id, 0)
