"""Every report of the dashboard, in one place to ask."""

from __future__ import annotations

from .log_reports import navigation_log
from .log_reports import place_before
from .log_reports import visitor_log
from .people_filter import PeopleFilter
from .people_reports import user
from .people_reports import visitor
from .people_reports import visitor_user
from .people_reports import who_in_the_end
from .shapes import BeforeKnown
from .shapes import Browser
from .shapes import DayFigures
from .shapes import Figures
from .shapes import FirstTouch
from .shapes import Link
from .shapes import Log
from .shapes import LogEvent
from .shapes import LogView
from .shapes import LogVisit
from .shapes import Member
from .shapes import Overview
from .shapes import PageRow
from .shapes import PageShare
from .shapes import UserDetail
from .shapes import UserList
from .shapes import UserRow
from .shapes import VisitorDetail
from .shapes import VisitorList
from .shapes import VisitorRow
from .shapes import VisitorUser
from .site_reports import live
from .site_reports import overview
from .site_reports import page_share
from .user_list import users
from .visitor_list import visitors

__all__ = [
    "BeforeKnown",
    "Browser",
    "DayFigures",
    "Figures",
    "FirstTouch",
    "Link",
    "Log",
    "LogEvent",
    "LogView",
    "LogVisit",
    "Member",
    "Overview",
    "PageRow",
    "PageShare",
    "PeopleFilter",
    "UserDetail",
    "UserList",
    "UserRow",
    "VisitorDetail",
    "VisitorList",
    "VisitorRow",
    "VisitorUser",
    "live",
    "navigation_log",
    "overview",
    "page_share",
    "place_before",
    "user",
    "users",
    "visitor",
    "visitor_log",
    "visitor_user",
    "visitors",
    "who_in_the_end",
]
