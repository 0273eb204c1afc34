"""The four pages of the site."""

from __future__ import annotations

from flask import Blueprint
from flask import render_template

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def home() -> str:
    return render_template("home.html")


@blueprint.get("/info")
def info() -> str:
    return render_template("info.html")


@blueprint.get("/contact")
def contact() -> str:
    return render_template("contact.html")


@blueprint.get("/test")
def test() -> str:
    return render_template("test.html")
