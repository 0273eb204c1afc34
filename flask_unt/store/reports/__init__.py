"""Every report of the dashboard, in one place to ask: what is read, nothing written."""

from __future__ import annotations

from .here_now import live
from .logs import navigation_log
from .logs import place_before
from .logs import visitor_log
from .own import OwnData
from .own import export_own
from .own import own_data
from .page_search import find_pages
from .pages import page
from .pages import page_detail
from .people_filter import ALWAYS
from .people_filter import Moments
from .people_filter import PeopleFilter
from .person import user
from .person import visitor
from .person import visitor_user
from .person import who_in_the_end
from .shapes import BecameKnown
from .shapes import BeforeKnown
from .shapes import Browser
from .shapes import DayFigures
from .shapes import EndRow
from .shapes import Figures
from .shapes import FirstTouch
from .shapes import FoundPages
from .shapes import Link
from .shapes import Live
from .shapes import LiveView
from .shapes import Log
from .shapes import LogEvent
from .shapes import LogView
from .shapes import LogVisit
from .shapes import Member
from .shapes import Origins
from .shapes import Overview
from .shapes import PageDetail
from .shapes import PageName
from .shapes import PagePerson
from .shapes import PageRow
from .shapes import PageShare
from .shapes import Part
from .shapes import Steps
from .shapes import UserDetail
from .shapes import UserList
from .shapes import UserRow
from .shapes import VisitEnds
from .shapes import VisitorDetail
from .shapes import VisitorList
from .shapes import VisitorRow
from .shapes import VisitorUser
from .shapes import Ways
from .shares import PAGE_SORTS
from .shares import page_share
from .site import overview
from .user_list import users
from .user_search import count_users
from .visit_ends import visit_ends
from .visitor_list import count_visitors
from .visitor_list import visitors
from .visits import VISITS_LOOKED_AT
from .visits import became_known
from .visits import origins

__all__ = [
    "ALWAYS",
    "PAGE_SORTS",
    "VISITS_LOOKED_AT",
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
    "Moments",
    "Origins",
    "Overview",
    "OwnData",
    "PageDetail",
    "PageName",
    "PagePerson",
    "PageRow",
    "PageShare",
    "Part",
    "PeopleFilter",
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
    "became_known",
    "count_users",
    "count_visitors",
    "export_own",
    "find_pages",
    "live",
    "navigation_log",
    "origins",
    "overview",
    "own_data",
    "page",
    "page_detail",
    "page_share",
    "place_before",
    "user",
    "users",
    "visit_ends",
    "visitor",
    "visitor_log",
    "visitor_user",
    "visitors",
    "who_in_the_end",
]
