"""The site that the fault tests run: UNT on it, and who is signed in by header."""

from __future__ import annotations

import os

from flask import Flask
from flask import request

from faults import HOST
from faults import PREFIX
from faults.releases import pretend
from flask_unt import UNT
from flask_unt.stream import link


def signed_in() -> str | None:
    return request.headers.get("X-User")


def wait_for_redis(seconds: str | None) -> None:
    """As long as this: on a busy machine its own half second may be too short."""
    if seconds is not None:
        link.QUICK.update(dict.fromkeys(link.QUICK, float(seconds)))


pretend()
wait_for_redis(os.environ.get("REDIS_SECONDS"))
app = Flask(__name__)
app.config.update(
    SECRET_KEY="secret",
    UNT_PREFIX=PREFIX,
    UNT_HOSTS=[HOST],
    UNT_RATE_LIMIT=None,
    UNT_NEW_PER_DAY=None,
    UNT_DATABASE_URL=os.environ["DATABASE"],
    UNT_REDIS_URL=os.environ["REDIS"] or None,
    UNT_MAX_BACKLOG=int(os.environ.get("MAX_BACKLOG", "1000000")),
)
app.get("/")(lambda: "<!doctype html><html><body>Hello</body></html>")
UNT(app, identify=signed_in)
