"""The script tag: in pages by itself, or where a template places it."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping
from functools import lru_cache
from functools import partial
from typing import Any
from urllib.parse import quote

from flask import Request
from flask import Response
from flask import has_request_context
from flask import request
from markupsafe import Markup
from markupsafe import escape

from ..state import State
from .script import load_script
from .untagged import note_untagged

SIZE_LIMIT = 2 * 1024 * 1024
TAIL = 1024
COMMENTS = rb"\s*(?:<!--(?:(?!-->).)*-->\s*)*"
CLOSING = re.compile(
    rb"</body\s*>(?=" + COMMENTS + rb"(?:</html\s*>)?" + COMMENTS + rb"\Z)",
    re.IGNORECASE | re.DOTALL,
)
NONCE = re.compile(r"'nonce-([A-Za-z0-9+/_=-]+)'")
SCRIPT_DIRECTIVES = ("script-src-elem", "script-src", "default-src")
ERROR_PAGES = frozenset((403, 404, 410))
WIDE_CHARSET = re.compile(r"charset\s*=\s*\"?utf-?(?:16|32|7)\b")
RESTORED = "unt.etag"
# Of the page as it was: without them is better than with wrong ones.
DIGESTS = frozenset(("content-md5", "digest", "content-digest", "repr-digest"))


def script_tag(
    state: State, script_root: str, *, status: int | None = None, nonce: str = ""
) -> Markup:
    """The tag of ``unt.js`` for a site mounted at ``script_root``."""
    settings = state.settings
    source = f"{settings.prefix}/unt.js?v={load_script().version}"

    if script_root:
        source = escape(quote(script_root)) + source

    attributes = f'src="{source}" data-auto'

    if settings.consent != "implied":
        attributes += f' data-consent="{settings.consent}"'

    if not settings.respect_gpc:
        attributes += ' data-gpc="ignore"'

    if status is not None:
        attributes += f' data-status="{status}"'

    if nonce:
        attributes += f' nonce="{escape(nonce)}"'

    return Markup(f"<script defer {attributes}></script>")


def place_script_tag(state: State) -> Markup:
    """The tag for the current page; nothing on a page that is exempt."""
    if not has_request_context():
        return script_tag(state, "")

    if state.exemptions.has_page(state.app, request.endpoint, request.environ):
        return Markup("")

    return script_tag(state, request.script_root, nonce=_known_nonce(state))


class Injector:
    """Puts the tag into the pages of one app."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._marker = f"{state.settings.prefix}/unt.js".encode()
        name = hashlib.sha256(script_tag(state, "").encode()).hexdigest()[:8]
        self._suffix = f"-unt{name}"
        self._plain_tag = lru_cache(partial(_tag_bytes, state))
        state.at_first_request(self._hook)

    def restore_host_etag(self, environ: dict[str, Any]) -> None:
        """Let the site see the ETag that it made, before the tag came into the page."""
        sent = environ.get("HTTP_IF_NONE_MATCH")

        if sent is not None and self._suffix in sent:
            environ["HTTP_IF_NONE_MATCH"] = sent.replace(f'{self._suffix}"', '"')
            environ[RESTORED] = True

    def after_request(self, response: Response) -> Response:
        """Put the tag into a page; leave anything else as it is. Never raises."""
        try:
            self._inject(response)
        except Exception as error:
            self._state.failures.note(error)

        return response

    def _hook(self) -> None:
        # Hooks run last first, and Flask-Compress must find the tag in the page.
        hooks = self._state.app.after_request_funcs.setdefault(None, [])
        hooks.append(self.after_request)

    def _inject(self, response: Response) -> None:
        # Asked for once, as the proxy looks it up at each use.
        asked: Request = request._get_current_object()  # type: ignore[attr-defined]
        headers = _headers_of(response)
        status = response.status_code

        if status == 304:
            self._rename_unchanged(asked, response, headers)
            return

        if not _is_shown(status):
            return

        body = self._page(asked, response, headers)
        at = None if body is None else self._place(body)

        if body is None or at is None:
            self._note(asked, response)
            return

        tag = self._tag(asked, response, headers)
        view = memoryview(body)
        response.set_data(b"".join((view[:at], tag, view[at:])))

        if "etag" in headers:
            self._rename(response)

        for name in DIGESTS & headers.keys():
            response.headers.pop(name)

    def _page(
        self, asked: Request, response: Response, headers: Mapping[str, str]
    ) -> bytes | None:
        """A page that may get the tag; None where the answer is no such page."""
        if not _is_page(asked, response, headers) or self._is_exempt(asked):
            return None

        length = headers.get("content-length", "")

        if length.isdigit() and int(length) > SIZE_LIMIT:
            return None

        return response.get_data()

    def _place(self, body: bytes) -> int | None:
        """Where in a page the tag goes; None where it does not."""
        closing = CLOSING.search(body, max(0, len(body) - TAIL))

        if closing is None or len(body) > SIZE_LIMIT or self._marker in body:
            return None

        return closing.start()

    def _note(self, asked: Request, response: Response) -> None:
        if asked.method != "GET" or response.status_code != 200:
            return

        if not (_asks_for_fragment(asked) or self._is_exempt(asked)):
            now = time.time_ns() // 1_000_000
            note_untagged(self._state, asked.endpoint, response, now)

    def _rename_unchanged(
        self, asked: Request, response: Response, headers: Mapping[str, str]
    ) -> None:
        if RESTORED in asked.environ:
            self._rename(response)
            return

        # Whoever sent "*" named no ETag, but the page is still at hand.
        if asked.if_none_match.star_tag:
            body = self._page(asked, response, headers)

            if body is not None and self._place(body) is not None:
                self._rename(response)

    def _tag(
        self, asked: Request, response: Response, headers: Mapping[str, str]
    ) -> bytes:
        nonce = _known_nonce(self._state)

        if not nonce and "content-security-policy" in headers:
            nonce = _nonce_in(response)

        make = partial(_tag_bytes, self._state) if nonce else self._plain_tag
        return make(asked.script_root, response.status_code, nonce)

    def _is_exempt(self, asked: Request) -> bool:
        state = self._state
        return state.exemptions.has_page(state.app, asked.endpoint, asked.environ)

    def _rename(self, response: Response) -> None:
        """Two pages that differ by the tag must not share an ETag."""
        name, is_weak = response.get_etag()

        if name is not None:
            response.set_etag(name + self._suffix, weak=bool(is_weak))


def _tag_bytes(state: State, root: str, status: int, nonce: str) -> bytes:
    shown = None if status == 200 else status
    return script_tag(state, root, status=shown, nonce=nonce).encode()


def _is_shown(status: int) -> bool:
    return status == 200 or status in ERROR_PAGES or status >= 500


def _headers_of(response: Response) -> dict[str, str]:
    """One pass over the few headers is cheaper than a search for each."""
    return {name.lower(): value for name, value in response.headers}


def _is_page(asked: Request, response: Response, headers: Mapping[str, str]) -> bool:
    """Whether it is a whole page, as far as can be told without reading it."""
    if response.direct_passthrough or not response.is_sequence:
        return False

    if "content-encoding" in headers or "content-range" in headers:
        return False

    if headers.get("content-disposition", "").lower().startswith("attachment"):
        return False

    return _is_html(headers.get("content-type", "")) and not _asks_for_fragment(asked)


@lru_cache
def _is_html(content_type: str) -> bool:
    kind, _, parameters = content_type.lower().partition(";")
    return kind.strip() == "text/html" and not WIDE_CHARSET.search(parameters)


def _asks_for_fragment(asked: Request) -> bool:
    environ = asked.environ

    if environ.get("HTTP_X_REQUESTED_WITH") == "XMLHttpRequest":
        return True

    return "HTTP_HX_REQUEST" in environ and "HTTP_HX_BOOSTED" not in environ


def _known_nonce(state: State) -> str:
    """The nonce that the site tells, or Flask-Talisman's."""
    source = state.host.nonce or state.app.jinja_env.globals.get("csp_nonce")
    return str(source() or "") if callable(source) else ""


def _nonce_in(response: Response) -> str:
    """The nonce in a policy that the view set itself; there may be several."""
    headers = response.headers.getlist("Content-Security-Policy")
    policies = (policy for header in headers for policy in header.split(","))
    return next(filter(None, map(_nonce_of, policies)), "")


def _nonce_of(policy: str) -> str:
    if "'nonce-" not in policy:
        return ""

    directives: dict[str, str] = {}

    for directive in policy.split(";"):
        name, _, sources = directive.strip().partition(" ")
        directives.setdefault(name.lower(), sources)

    sources = next((directives[n] for n in SCRIPT_DIRECTIVES if n in directives), "")
    found = NONCE.search(sources)
    return found[1] if found else ""
