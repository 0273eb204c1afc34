"""The dashboard's own files: style, script, and the vendored chart library."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from flask import Response
from flask import request
from flask import url_for
from werkzeug.exceptions import NotFound

FOLDER = Path(__file__).parent.parent / "static" / "dashboard"
LASTING = "private, max-age=31536000, immutable"


def url_of(name: str) -> str:
    """The address of a file, which changes when the file does."""
    return url_for("unt_dashboard.static_file", name=name, v=hashes()[name])


@cache
def hashes() -> Mapping[str, str]:
    """Every file there is, and its hash."""
    files = (path for path in FOLDER.rglob("*") if path.is_file())
    return {path.relative_to(FOLDER).as_posix(): _hash(path) for path in files}


def send(name: str) -> Response:
    """A file; asked for by its hash it may be kept.

    :raises NotFound: there is no such file.
    """
    if name not in hashes():
        raise NotFound

    kind = mimetypes.guess_type(name)[0] or "text/plain"
    response = Response((FOLDER / name).read_bytes(), mimetype=kind)

    if request.args.get("v") == hashes()[name]:
        response.headers["Cache-Control"] = LASTING

    return response


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
