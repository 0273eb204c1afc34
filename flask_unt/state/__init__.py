"""The state of one app's UNT."""

from __future__ import annotations

from ..outage import Outage
from ..outage import describe
from .columns import refresh_columns
from .counts import LAST_REFUSAL
from .counts import OUTCOMES
from .counts import Counts
from .counts import Figures
from .exemptions import BLUEPRINT
from .exemptions import DASHBOARD
from .exemptions import SHOWN
from .exemptions import Exemptions
from .forgetting import forget_email
from .forgetting import forget_user
from .forgetting import forget_visitor
from .host import Check
from .host import Host
from .host import UserColumn
from .reports import Reports
from .signals import connect_signals
from .signals import identified
from .signals import visit_started
from .state import Address
from .state import RedisAddress
from .state import State
from .state import get_state
from .tokens import make_token
from .tokens import read_token
from .who import parse_email
from .who import parse_who

__all__ = [
    "BLUEPRINT",
    "DASHBOARD",
    "LAST_REFUSAL",
    "OUTCOMES",
    "SHOWN",
    "Address",
    "Check",
    "Counts",
    "Exemptions",
    "Figures",
    "Host",
    "Outage",
    "RedisAddress",
    "Reports",
    "State",
    "UserColumn",
    "connect_signals",
    "describe",
    "forget_email",
    "forget_user",
    "forget_visitor",
    "get_state",
    "identified",
    "make_token",
    "parse_email",
    "parse_who",
    "read_token",
    "refresh_columns",
    "visit_started",
]
