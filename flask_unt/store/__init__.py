"""The database: what is written, kept up and reported, behind one class."""

from __future__ import annotations

from typing import Any

from . import demo
from . import import_2017
from .aside import Replayed
from .facts import DatabaseFacts
from .forget_person import Forgotten
from .inbox import Waiting
from .listening import News
from .methods.aside import Aside
from .methods.described import Described
from .methods.described import StoreStatus
from .methods.host_columns import DueUser
from .methods.host_columns import HostColumned
from .methods.host_columns import HostColumns
from .methods.host_reports import FoundUser
from .methods.host_reports import HostReported
from .methods.host_reports import LandedView
from .methods.opened import now_ms
from .methods.own import Own
from .methods.persons import Persons
from .methods.reported import Reported
from .methods.writing import Writing
from .news import Identified
from .news import VisitStarted
from .prune import Pruned
from .settings import StoreSettings
from .write import Written

__all__ = [
    "DatabaseFacts",
    "DueUser",
    "Forgotten",
    "FoundUser",
    "HostColumns",
    "Identified",
    "LandedView",
    "News",
    "Pruned",
    "Replayed",
    "Store",
    "StoreSettings",
    "StoreStatus",
    "VisitStarted",
    "Waiting",
    "Written",
]

FOR_EVER = float("inf")


class Store(
    Writing, Described, Reported, HostReported, HostColumned, Persons, Own, Aside
):
    """All that a site does with its database: see the classes that it is made of."""

    def import_2017(self, url: str, **options: Any) -> import_2017.Imported:
        """Bring a 2017 database over: see :func:`import_2017.import_2017`."""
        imported = import_2017.import_2017(self, url, **options)
        self._sum_up(now_ms())
        self._bring_figures_up_to_date(FOR_EVER)

        return imported

    def make_demo(self, now: int, **options: Any) -> int:
        """Write the visits of made-up people: see :func:`demo.make_demo`."""
        views = demo.make_demo(self, now, **options)
        self._sum_up(now_ms())
        self._bring_figures_up_to_date(FOR_EVER)

        return views
