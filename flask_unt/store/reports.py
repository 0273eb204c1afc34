"""Every report of the dashboard, in one place to ask."""

from __future__ import annotations

from flask_unt.store.log_reports import navigation_log
from flask_unt.store.log_reports import visitor_log
from flask_unt.store.people_reports import user
from flask_unt.store.people_reports import users
from flask_unt.store.people_reports import visitor
from flask_unt.store.people_reports import visitor_user
from flask_unt.store.shapes import Browser
from flask_unt.store.shapes import DayFigures
from flask_unt.store.shapes import Figures
from flask_unt.store.shapes import FirstTouch
from flask_unt.store.shapes import Log
from flask_unt.store.shapes import LogView
from flask_unt.store.shapes import LogVisit
from flask_unt.store.shapes import Overview
from flask_unt.store.shapes import PageRow
from flask_unt.store.shapes import PageShare
from flask_unt.store.shapes import UserDetail
from flask_unt.store.shapes import UserList
from flask_unt.store.shapes import UserRow
from flask_unt.store.shapes import VisitorDetail
from flask_unt.store.shapes import VisitorUser
from flask_unt.store.site_reports import live
from flask_unt.store.site_reports import overview
from flask_unt.store.site_reports import page_share

__all__ = [
    "Browser",
    "DayFigures",
    "Figures",
    "FirstTouch",
    "Log",
    "LogView",
    "LogVisit",
    "Overview",
    "PageRow",
    "PageShare",
    "UserDetail",
    "UserList",
    "UserRow",
    "VisitorDetail",
    "VisitorUser",
    "live",
    "navigation_log",
    "overview",
    "page_share",
    "user",
    "users",
    "visitor",
    "visitor_log",
    "visitor_user",
]
