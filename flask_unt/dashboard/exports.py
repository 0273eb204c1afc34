"""``/dashboard/export/<report>.csv`` and ``.json``: all of what a page shows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import asdict
from itertools import chain
from typing import Any

from flask import Response
from flask import request

from ..state import State
from ..store.reports import UserRow
from . import reports
from .clock import Clock
from .clock import iso
from .log_export import log
from .people_query import parse_people
from .views import asked
from .views import missing

ROWS_AT_ONCE = 500
ALL_PAGES = 100_000
# What a spreadsheet would take for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
Args = Mapping[str, str]
Row = dict[str, Any]
Rows = Iterator[Row]


def export(report: str, form: str) -> Response:
    """Rows as they are read: however many there are, few are in memory."""
    state, clock = asked()
    ask = EXPORTS.get(report)
    rows = None if ask is None else ask(state, request.args.to_dict(), clock)

    if rows is None:
        return missing()

    # What fails, fails before the answer begins.
    first = next(rows, None)
    every = rows if first is None else chain([first], rows)
    name = f"{report}-{clock.today}.{form}"
    answer = Response(FORMS[form](every), mimetype=MIMETYPES[form])
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def as_csv(rows: Iterable[Row]) -> Iterator[str]:
    """RFC 4180, with a head; a cell that looks like a formula begins with ``'``."""
    head: list[str] | None = None

    for row in rows:
        if head is None:
            head = list(row)
            yield _line(head)

        yield _line([row.get(name) for name in head])


def as_json(rows: Iterable[Row]) -> Iterator[str]:
    """One array, a row a line."""
    between = "["

    for row in rows:
        yield f"{between}\n{json.dumps(row, ensure_ascii=False)}"
        between = ","

    yield "[]\n" if between == "[" else "\n]\n"


FORMS = {"csv": as_csv, "json": as_json}
MIMETYPES = {"csv": "text/csv", "json": "application/json"}


def _line(cells: Iterable[Any]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([_safe(cell) for cell in cells])
    return text.getvalue()


def _safe(cell: Any) -> Any:
    if isinstance(cell, str) and cell.startswith(FORMULA):
        return f"'{cell}"

    return cell


def users(state: State, args: Args, clock: Clock) -> Rows:
    """The known users that the list of people shows, on all its pages."""
    wanted = dict(args)
    own: list[str] | None = None

    for page in _pages(
        lambda one: reports.users(state, one, clock, ROWS_AT_ONCE), wanted
    ):
        if own is None:
            own = list(dict.fromkeys(name for row in page.rows for name in row.columns))

        yield from (_user(row, own) for row in page.rows)


def visitors(state: State, args: Args, clock: Clock) -> Rows:
    """The anonymous visitors that the list of people shows, on all its pages."""

    def ask(one: Args) -> Any:
        return reports.visitors(state, one, clock, ROWS_AT_ONCE)

    for page in _pages(ask, dict(args)):
        for row in page.rows:
            yield {
                "id": row.id,
                "first_seen": iso(row.first_seen),
                "last_seen": iso(row.last_access),
                "visits": row.visits,
                "views": row.views,
                "devices": ", ".join(row.devices),
                "countries": ", ".join(row.countries),
            }


def people(state: State, args: Args, clock: Clock) -> Rows:
    """The list that is shown: of the known, or of the anonymous."""
    query = parse_people(args, clock)
    return (visitors if query.is_anonymous else users)(state, args, clock)


def pages(state: State, args: Args, clock: Clock) -> Rows:
    """The list of pages that is shown, or that of routes, on and on."""
    found = reports.pages(state, args, clock, limit=ALL_PAGES)

    for row in found.rows:
        told = asdict(row)
        id = {"id": told.pop("page_id")} if "page_id" in told else {}
        yield {**id, **told, "share": round(row.share, 6)}


def origins(state: State, args: Args, clock: Clock) -> Rows:
    """Where visits came from, and with what they were made."""
    found = reports.origins(state, args, clock, limit=ALL_PAGES)

    for kind in ("sites", "campaigns", "devices", "countries"):
        for row in getattr(found, kind):
            yield {
                "kind": kind,
                "name": row.name,
                "visits": row.visits,
                "share": round(row.share, 6),
            }


def known(state: State, args: Args, clock: Clock) -> Rows:
    """Pages that led to becoming known, and where others left."""
    found = reports.became_known(state, args, clock, limit=ALL_PAGES)

    for kind, steps in (("became known after", found.led), ("left", found.left)):
        for step in steps:
            yield {
                "kind": kind,
                "title": step.page and step.page.title,
                "path": step.page and step.page.path,
                "count": step.count,
                "share": round(step.share, 6),
            }


EXPORTS: Mapping[str, Callable[[State, Args, Clock], Rows | None]] = {
    "people": people,
    "users": users,
    "visitors": visitors,
    "pages": pages,
    "log": log,
    "origins": origins,
    "known": known,
}


def _pages(ask: Callable[[Args], Any], args: dict[str, str]) -> Iterator[Any]:
    number, last = 1, 1

    while number <= last:
        page = ask({**args, "page": str(number)})
        yield page
        last = page.pages
        number += 1


def _user(row: UserRow, own: Iterable[str]) -> Row:
    return {
        "id": row.id,
        "email": row.email,
        "name": row.name,
        "known_by": "signed in" if row.verified else "declared",
        "first_seen": iso(row.first_seen),
        "last_seen": iso(row.last_access),
        "last_seen_there": iso(row.last_access, row.last_offset),
        "visits": row.visits,
        "views": row.views,
        "browsers": row.browsers,
        "devices": ", ".join(row.devices),
        "countries": ", ".join(row.countries),
        "last_page": row.last_page_title,
        "last_path": row.last_page_path,
        **{name: row.columns.get(name) for name in own},
    }
