"""Signing in and out, with Flask-Login and a list of accounts that never changes."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint
from flask import Flask
from flask import redirect
from flask import render_template
from flask import request
from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager
from flask_login import UserMixin
from flask_login import login_user
from flask_login import logout_user


@dataclass
class Member(UserMixin):
    id: str
    name: str
    email: str


MEMBERS = {
    member.id: member
    for member in (
        Member("1", "Ada", "ada@example.com"),
        Member("2", "Grace", "grace@example.com"),
        Member("3", "Alan", "alan@example.com"),
    )
}

blueprint = Blueprint("accounts", __name__)


def init_app(app: Flask) -> None:
    logins = LoginManager(app)
    logins.login_view = "accounts.sign_in"
    logins.user_loader(MEMBERS.get)


@blueprint.get("/sign-in")
def sign_in() -> str:
    return render_template("sign_in.html", members=MEMBERS.values())


@blueprint.post("/sign-in")
def check_sign_in() -> ResponseReturnValue:
    """Any password will do: this is an example."""
    email = request.form.get("email", "").strip().lower()
    member = next((one for one in MEMBERS.values() if one.email == email), None)

    if member is None:
        page = render_template(
            "sign_in.html", members=MEMBERS.values(), email=email, unknown=True
        )

        return page, 422

    login_user(member)

    return redirect(url_for("pages.home"))


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    logout_user()

    return redirect(url_for("pages.home"))
