"""What the servers are pointed at: the site that ``BENCH_SITE`` names."""

from __future__ import annotations

import os

import web_sites

app = getattr(web_sites, os.environ["BENCH_SITE"])()
