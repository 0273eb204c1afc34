"""The site whose backlog ``benchmarks/drain.py`` has drained."""

from __future__ import annotations

import os

from flask import Flask

from flask_unt import UNT

app = Flask(__name__)
app.config.update(
    SECRET_KEY="of the benchmark",
    UNT_DATABASE_URL=os.environ["BENCH_DATABASE_URL"],
    UNT_REDIS_URL=os.environ["BENCH_REDIS_URL"],
    UNT_MAX_BACKLOG=10_000_000,
)
UNT(app)
