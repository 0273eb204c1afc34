"""Forgetting somebody, after a page that says what will go; and giving their data."""

from __future__ import annotations

import json
import logging
from typing import Any

from flask import Response
from flask import redirect
from flask import request
from flask import url_for
from werkzeug.wrappers import Response as AnyResponse

from ..state import forgetting
from .filters import is_id
from .saying import who_says
from .views import asked
from .views import missing
from .views import plain
from .views import show

logger = logging.getLogger("flask_unt")


def forget_user(id: int) -> AnyResponse:
    state, clock = asked()
    detail = state.store.user(id, now=clock.now) if is_id(id) else None
    person = state.store.person_of_user(id) if detail else None

    if detail is None or person is None:
        return missing()

    if request.method != "POST":
        return show("forget.html", clock, tab="people", person=person, detail=detail)

    forgotten = forgetting.forget_user(state, id, clock.now)
    logger.info(
        "User %s was forgotten, with %s browsers, by %s.",
        id,
        len(forgotten.visitors) if forgotten else 0,
        who_says(state)[1],
    )
    return _done()


def forget_visitor(id: int) -> AnyResponse:
    state, clock = asked()
    detail = state.store.visitor(id, now=clock.now) if is_id(id) else None

    if detail is None:
        return missing()

    if detail.user_id is not None:
        return redirect(url_for("unt_dashboard.user", id=detail.user_id), 303)

    if request.method != "POST":
        return show("forget.html", clock, tab="people", person=None, detail=detail)

    uuid = state.store.visitor_uuid(id)

    if uuid is not None:
        forgetting.forget_visitor(state, uuid, clock.now)
        logger.info("Visitor %s was forgotten, by %s.", id, who_says(state)[1])

    return _done()


def export_user(id: int) -> Response:
    state, _ = asked()
    found = state.store.export_user(id) if is_id(id) else None
    return _download(found, f"user-{id}.json")


def export_visitor(id: int) -> Response:
    state, _ = asked()
    uuid = state.store.visitor_uuid(id) if is_id(id) else None
    found = state.store.export_visitor(uuid) if uuid else None
    return _download(found, f"visitor-{id}.json")


def _download(data: dict[str, Any] | None, name: str) -> Response:
    if data is None:
        return missing()

    text = json.dumps(data, indent=2, ensure_ascii=False)
    answer = Response(text, mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _done() -> Response:
    return plain(
        "Forgotten",
        "All of it is gone. What is still on its way is dropped when it comes.",
        200,
    )
