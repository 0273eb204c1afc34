"""The layers of docs/architecture.md hold, and the check sees it when they do not."""

from __future__ import annotations

import layers
import pytest
from processes import REPOSITORY

MODULES = layers.modules(REPOSITORY / "flask_unt")


@pytest.mark.parametrize("module", MODULES)
def test_module_keeps_to_its_layer(module):
    assert layers.faults(module, MODULES[module].read_text()) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("stream.link", "from ..store import Store"),
        ("store.write", "from flask_unt.stream import Stream"),
        ("events", "from .state import get_state"),
        ("events", "from . import config"),
        ("agents", "from .events import View"),
        ("errors", "from .urls import host_key"),
        ("drain", "def drain():\n    from .worker import run"),
        ("ingest.accept", "import flask_unt.dashboard.access"),
        ("dashboard.__init__", "from ..ingest import middleware"),
        ("dashboard.views", "import sqlalchemy"),
        ("state", "from sqlalchemy.engine import Engine"),
        ("state", "import redis"),
        ("ingest.middleware", "from flask import request"),
        ("store.migrations.env", "import flask"),
        ("dashboard.page", "if TYPE_CHECKING:\n    from rq import Queue"),
        ("drain", "import rq.job"),
        ("urls", "import time"),
        ("events", "from urllib.request import urlopen"),
        ("store.write", "from .reports import users"),
        ("store.figures.sums", "from ..methods.opened import Opened"),
        ("store.reports.logs", "from .. import methods"),
        ("state", "from .novelty import thing"),
        ("novelty", ""),
        ("state", "states = {}"),
        ("state", "states: dict[str, int] = dict()"),
        ("state", "def f():\n    global STATE"),
    ],
)
def test_a_planted_fault_is_found(module, source):
    assert len(layers.faults(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("__init__", "from .extension import UNT"),
        (
            "events.views",
            "from ..urls import parse_page_url\nfrom .bodies import parse",
        ),
        ("dashboard.views", "from . import access\nfrom ..state import get_state"),
        ("dashboard.__init__", "from .views import users\nimport flask"),
        ("ingest.inject", "from flask import Flask\nfrom .middleware import Door"),
        ("identity", "import flask_login"),
        ("store.write", "from sqlalchemy import select\nimport time"),
        ("store.methods.own", "from .. import reports\nfrom ..rules import Rules"),
        (
            "config",
            "NAMES = {'a': 1}\n__all__ = ['NAMES']\nfrom urllib.parse import quote",
        ),
    ],
)
def test_what_is_allowed_passes(module, source):
    assert layers.faults(module, source) == []


def test_the_package_is_read():
    """An empty list of modules would pass everything above."""
    expected = {"__init__", "extension.__init__", "store.__init__", "stream.__init__"}
    assert expected <= set(MODULES)
