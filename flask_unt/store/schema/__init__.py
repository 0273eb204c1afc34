"""The tables of the store, and the column types, in one place to import from."""

from __future__ import annotations

from .parts import metadata
from .people import forgotten
from .people import link
from .people import user
from .people import visitor
from .rollups import event_visitor
from .rollups import hour
from .rollups import mark
from .rollups import page_day
from .rollups import page_hour
from .rollups import page_visitor
from .rollups import user_figures
from .rollups import visitor_day
from .rollups import visitor_figures
from .types import EPOCH
from .types import EPOCH_UTC
from .types import MILLISECOND
from .types import Key
from .types import Moment
from .upkeep import counter
from .upkeep import inbox
from .upkeep import set_aside
from .upkeep import site
from .views import PARTITIONED
from .views import agent
from .views import event
from .views import leave
from .views import page
from .views import page_view
from .views import visit

__all__ = [
    "EPOCH",
    "EPOCH_UTC",
    "MILLISECOND",
    "PARTITIONED",
    "Key",
    "Moment",
    "agent",
    "counter",
    "event",
    "event_visitor",
    "forgotten",
    "hour",
    "inbox",
    "leave",
    "link",
    "mark",
    "metadata",
    "page",
    "page_day",
    "page_hour",
    "page_view",
    "page_visitor",
    "set_aside",
    "site",
    "user",
    "user_figures",
    "visit",
    "visitor",
    "visitor_day",
    "visitor_figures",
]
