"""What the reports answer with.

Every moment is an ``int``: milliseconds since 1970, UTC. Every ``day`` is one of the
site's own time zone.
"""

from __future__ import annotations

from .logs import Log
from .logs import LogEvent
from .logs import LogView
from .logs import LogVisit
from .pages import FoundPages
from .pages import PageDetail
from .pages import PageName
from .pages import PagePerson
from .pages import Steps
from .pages import Ways
from .people import UserList
from .people import UserRow
from .people import VisitorList
from .people import VisitorRow
from .person import BeforeKnown
from .person import Browser
from .person import FirstTouch
from .person import Link
from .person import Member
from .person import UserDetail
from .person import VisitorDetail
from .person import VisitorUser
from .site import BecameKnown
from .site import DayFigures
from .site import EndRow
from .site import Figures
from .site import Live
from .site import LiveView
from .site import Origins
from .site import Overview
from .site import PageRow
from .site import PageShare
from .site import Part
from .site import VisitEnds

__all__ = [
    "BecameKnown",
    "BeforeKnown",
    "Browser",
    "DayFigures",
    "EndRow",
    "Figures",
    "FirstTouch",
    "FoundPages",
    "Link",
    "Live",
    "LiveView",
    "Log",
    "LogEvent",
    "LogView",
    "LogVisit",
    "Member",
    "Origins",
    "Overview",
    "PageDetail",
    "PageName",
    "PagePerson",
    "PageRow",
    "PageShare",
    "Part",
    "Steps",
    "UserDetail",
    "UserList",
    "UserRow",
    "VisitEnds",
    "VisitorDetail",
    "VisitorList",
    "VisitorRow",
    "VisitorUser",
    "Ways",
]
