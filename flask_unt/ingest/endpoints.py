"""What each tracking address does with a request that may speak."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ..errors import RequestRefused
from ..events import Batch
from ..events import Entry
from ..events import acting_mark_of
from ..events import clean_visitor
from ..events import mark_of
from ..events import parse_2017_view
from ..events import parse_batch
from ..events import parse_email
from ..events import parse_visitor_email
from ..events import sole_visitor
from .accept import accept
from .accept import accept_email
from .answers import Answer
from .answers import json_answer
from .body import read_body
from .mirror import Mirror
from .proofs import prove
from .requests import GPC
from .requests import Request

SUCCESS = {"message": "success"}


def take_batch(request: Request) -> Answer:
    """``POST /e``"""
    request.limit_rate()
    batch = parse_batch(read_body(request.environ), request.rules, request.now)

    if batch.clear:
        return json_answer(202, _figures(batch), request.cookie.delete())

    if request.wants_privacy:
        request.state.counts.refuse(GPC, len(batch.events) + len(batch.rejected))
        return _refuse_all(batch)

    batch = prove(request.state, batch, request.now)

    for event in batch.rejected:
        request.state.counts.refuse(event.reason)

    if batch.events:
        return _accept_batch(request, batch)

    _count_dropped(request, batch)
    return json_answer(202, _figures(batch))


def take_email(request: Request) -> Answer:
    """``POST /email``"""
    request.limit_rate()
    request.limit_client_emails()
    visitor, email = parse_visitor_email(read_body(request.environ))
    return _declare(request, visitor, email)


def take_2017_view(request: Request, visitor: str) -> Answer:
    """``POST /user/<uuid>/track``"""
    request.limit_rate()
    body = read_body(request.environ)
    view = parse_2017_view(visitor, body, request.rules, request.now)
    _check_privacy(request)
    request.limit_visitors([view.visitor])
    entry = request.entry([view], zone=None, webdriver=False)
    accept(request.state, entry, request.now)
    return json_answer(200, SUCCESS)


def take_2017_email(request: Request, visitor: str) -> Answer:
    """``POST /user/<uuid>/email``"""
    request.limit_rate()
    request.limit_client_emails()
    email = parse_email(read_body(request.environ))
    return _declare(request, clean_visitor(visitor), email)


def _accept_batch(request: Request, batch: Batch) -> Answer:
    request.limit_visitors(event.visitor for event in batch.events)
    mirror = Mirror(request, batch)
    entry = request.entry(
        batch.events,
        zone=batch.zone,
        webdriver=batch.webdriver,
        fresh=batch.fresh,
        cookie=mirror.older,
    )
    accept(request.state, entry, request.now)
    _count_dropped(request, batch)
    mark = _mark(request, entry)

    if not batch.rejected and not mark:
        return _all_taken(batch.accepted).with_headers(mirror.headers())

    return json_answer(202, {**_figures(batch), **mark}, mirror.headers())


def _count_dropped(request: Request, batch: Batch) -> None:
    if batch.dropped:
        request.state.counts.add(dropped=batch.dropped)


def _declare(request: Request, visitor: str, email: str) -> Answer:
    _check_privacy(request)
    request.limit_visitors([visitor])
    request.limit_visitor_emails(visitor)
    accept_email(request.state, visitor, email, request.now)
    return json_answer(200, SUCCESS)


def _check_privacy(request: Request) -> None:
    if request.wants_privacy:
        raise RequestRefused(400, GPC)


def _refuse_all(batch: Batch) -> Answer:
    count = len(batch.events) + len(batch.rejected)
    rejected = [{"index": index, "reason": GPC} for index in range(count)]
    return json_answer(202, {"accepted": 0, "rejected": rejected})


def _mark(request: Request, entry: Entry) -> dict[str, str]:
    """Who is signed in, for the events that this page makes from now on."""
    if not entry.asked:
        return {}

    visitor = sole_visitor(entry.events)
    keys = request.state.keys.marks()

    if visitor is None or not keys:
        return {}

    if entry.impersonator is not None:
        return {"as": acting_mark_of(keys[0], visitor, entry.impersonator)}

    return {"as": mark_of(keys[0], visitor, entry.user)}


@lru_cache
def _all_taken(count: int) -> Answer:
    return json_answer(202, {"accepted": count, "rejected": []})


def _figures(batch: Batch) -> dict[str, Any]:
    rejected = [
        {"index": event.index, "reason": event.reason} for event in batch.rejected
    ]
    return {"accepted": batch.accepted, "rejected": rejected}
