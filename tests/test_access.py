"""Who may look at the dashboard, and under which headers it answers."""

from __future__ import annotations

import pytest
from dashboards import BOARD
from dashboards import COOKIE
from dashboards import form_token
from dashboards import opened
from dashboards import seen
from dashboards import sites
from flask import Flask
from flask import abort
from flask import redirect
from flask import request
from flask_talisman import Talisman
from flask_wtf import CSRFProtect
from tracked import PAGE
from tracked import PREFIX
from tracked import VISITOR
from tracked import close
from tracked import now
from tracked import state_of
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.security import generate_password_hash

from flask_unt import UNT
from flask_unt import dashboard
from flask_unt.dashboard import ROUTES
from flask_unt.dashboard.access import make_login_link
from flask_unt.dashboard.page import POLICY
from flask_unt.dashboard.routes import CHANGE
from flask_unt.dashboard.routes import EVERY_METHOD
from flask_unt.dashboard.routes import Route
from flask_unt.dashboard.session import HELD
from flask_unt.dashboard.session import LINK
from flask_unt.dashboard.session import PASSWORD as BY_PASSWORD
from flask_unt.dashboard.session import STRANGER
from flask_unt.dashboard.session import Session
from flask_unt.dashboard.session import csrf_token
from flask_unt.dashboard.session import seal
from flask_unt.dashboard.tries import Tries
from flask_unt.errors import ConfigError

make_site = pytest.fixture(sites)

PASSWORD = generate_password_hash("open sesame", method="pbkdf2:sha256:1000")
FILLED = {
    "id": "1",
    "report": "users",
    "form": "csv",
    "card": "referrers",
    "token": "no.such.token",
    "name": "dashboard.css",
    "rest": "nothing/here",
    "uuid": VISITOR,
}


def our_paths(app):
    """Every address that the app has for the dashboard, filled in."""
    with app.test_request_context():
        adapter = app.create_url_adapter(None) or app.url_map.bind("localhost")

    return [
        adapter.build(rule.endpoint, {name: FILLED[name] for name in rule.arguments})
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("unt_dashboard.")
    ]


def test_every_address_is_known_to_the_walk(make_site):
    paths = our_paths(make_site())

    assert len(paths) == len(ROUTES) + 1
    assert f"{BOARD}/static/dashboard.css" in paths
    assert f"{PREFIX}/user/{VISITOR}" in paths


@pytest.mark.parametrize("method", EVERY_METHOD)
def test_closed_it_is_as_if_nothing_were_there(make_site, method):
    """Not a byte and not a header tell a closed dashboard from a typing error."""
    app = make_site()
    client = app.test_client()
    nothing = client.open("/nothing", method=method)

    for path in our_paths(app):
        answer = client.open(path, method=method)

        assert (answer.status_code, answer.data) == (404, nothing.data), path
        assert set(answer.headers.keys()) == set(nothing.headers.keys()), path


def test_closed_it_shows_the_site_s_own_page_with_the_tag(make_site):
    """Else the tag would tell where a hidden dashboard is."""
    app = make_site(UNT_DASHBOARD_PREFIX="/very-secret")
    app.register_error_handler(404, lambda error: (f"{PAGE}", 404))
    client = app.test_client()
    nothing = client.get("/nope/dashboard")

    assert "data-status" in nothing.text
    assert client.get("/very-secret/dashboard").data == nothing.data


def test_it_is_found_on_a_site_whose_rules_name_hosts(tmp_path):
    app = Flask("site", host_matching=True, static_host="a.example")
    app.config["UNT_DATABASE_URL"] = f"sqlite:///{tmp_path / 'unt.db'}"
    app.config.update(SECRET_KEY="secret", UNT_PREFIX=PREFIX, UNT_REDIS_URL=None)
    UNT(app, can_view=lambda: True)
    answer = app.test_client().get(f"{BOARD}/users", base_url="http://a.example")
    close(app)

    assert answer.status_code == 200
    assert f'href="{BOARD}"' in answer.text


@pytest.mark.parametrize("path", [f"{BOARD}//users", f"{BOARD}/users/", f"/{BOARD}"])
def test_closed_no_odd_address_gives_it_away(make_site, path):
    assert make_site().test_client().get(path).status_code == 404


def test_can_view_opens_it(make_site):
    app = make_site({"can_view": lambda: True})

    assert app.test_client().get(BOARD).status_code == 200


def _raise():
    raise RuntimeError("the host's database is down")


def _abort():
    abort(403)


async def _later():
    return True


@pytest.mark.parametrize(
    "answer", [lambda: False, lambda: None, _raise, _abort, _later]
)
def test_can_view_wins_over_links_and_passwords(make_site, answer):
    app = make_site({"can_view": answer}, UNT_DASHBOARD_PASSWORD_HASH=PASSWORD)
    client = opened(app)

    for path in our_paths(app):
        if "/login/" not in path:
            assert client.get(path).status_code == 404, path


def test_a_can_view_that_raises_is_logged(make_site, caplog):
    make_site({"can_view": _raise}).test_client().get(BOARD)

    assert "UNT: _raise failed, so the answer is no." in caplog.text
    assert "the host's database is down" in caplog.text


def test_can_view_may_send_to_the_hosts_sign_in(make_site):
    app = make_site({"can_view": lambda: redirect("/login")})
    answer = app.test_client().get(BOARD)

    assert (answer.status_code, answer.location) == (302, "/login")


def test_a_login_link_opens_it(make_site):
    app = make_site()
    client = app.test_client()
    answer = client.get(make_login_link(state_of(app)))

    assert (answer.status_code, answer.location) == (303, BOARD)
    assert client.get(BOARD).status_code == 200
    assert client.get(f"{PREFIX}/user/{VISITOR}").status_code == 404
    assert app.test_client().get(BOARD).status_code == 404


def test_the_cookie_is_for_the_dashboard_alone(make_site):
    app = make_site()
    link = make_login_link(state_of(app))
    cookies = app.test_client().get(link).headers.getlist("Set-Cookie")
    secure = app.test_client().get(link, base_url="https://localhost")

    assert [cookie.partition("Path=")[2].partition(";")[0] for cookie in cookies] == [
        BOARD,
        f"{PREFIX}/user",
    ]
    assert all("HttpOnly" in cookie for cookie in cookies)
    assert all("SameSite=Lax" in cookie for cookie in cookies)
    assert all("Max-Age=43200" in cookie for cookie in cookies)
    assert all("Secure" not in cookie for cookie in cookies)
    assert all("Secure" in each for each in secure.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize(("age", "status"), [(560_000, 303), (610_000, 403)])
def test_a_link_lasts_ten_minutes(make_site, age, status):
    app = make_site()
    answer = app.test_client().get(make_login_link(state_of(app), now() - age))

    assert answer.status_code == status
    assert ("flask unt login-link" in answer.text) == (status == 403)


def hold(app, session, began=None):
    """A browser that has the cookie of a session."""
    client = app.test_client()
    cookie = seal(state_of(app), session, began or now())
    client.set_cookie(COOKIE, cookie, path=BOARD)
    return client


@pytest.mark.parametrize(
    ("way", "age", "status"),
    [
        (LINK, 43_160_000, 200),
        (LINK, 43_210_000, 404),
        (BY_PASSWORD, 0, 200),
        (STRANGER, 0, 404),
        ("made up", 0, 404),
    ],
)
def test_a_session_opens_it_for_twelve_hours(make_site, way, age, status):
    app = make_site()

    assert hold(app, Session("id", way), now() - age).get(BOARD).status_code == status


def test_another_apps_link_and_cookie_open_nothing(make_site):
    app = make_site()
    other = make_site(SECRET_KEY="another")
    client = opened(other)

    assert app.test_client().get(make_login_link(state_of(other))).status_code == 404
    assert client.get(BOARD).status_code == 200
    stranger = app.test_client()
    stranger.set_cookie(COOKIE, cookie_of(client), path=BOARD)
    assert stranger.get(BOARD).status_code == 404


def test_without_a_secret_there_is_no_link(make_site):
    app = make_site(SECRET_KEY=None)

    with pytest.raises(ConfigError, match="SECRET_KEY"):
        make_login_link(state_of(app))


def test_the_hosts_session_is_left_alone(make_site):
    """Flask names the cookie in Vary as soon as somebody looks into the session."""
    app = make_site()
    answer = app.test_client().get(make_login_link(state_of(app)))
    cookies = answer.headers.getlist("Set-Cookie")

    assert all(cookie.startswith(f"{COOKIE}=") for cookie in cookies)
    assert "Vary" not in answer.headers
    assert "Vary" not in opened(app).get(BOARD).headers


def sign_in(client, password="open sesame", **fields):
    token = form_token(client.get(f"{BOARD}/sign-in"))
    form = {"token": token, "password": password, **fields}
    return client.post(f"{BOARD}/sign-in", data=form)


def test_a_password_opens_it_and_leads_on(make_site):
    client = make_site(UNT_DASHBOARD_PASSWORD_HASH=PASSWORD).test_client()
    sent = client.get(f"{BOARD}/users?q=ana")
    form = client.get(sent.location)

    assert sent.status_code == 303
    assert form.status_code == 200
    assert client.get(f"{BOARD}/static/dashboard.css").status_code == 200
    answer = sign_in(client, next=f"{BOARD}/users?q=ana")
    assert (answer.status_code, answer.location) == (303, f"{BOARD}/users?q=ana")
    assert client.get(BOARD).status_code == 200


def test_a_password_lets_nobody_in_before(make_site):
    app = make_site(UNT_DASHBOARD_PASSWORD_HASH=PASSWORD)
    client = app.test_client()

    for path in our_paths(app):
        if "/static/" in path or "/sign-in" in path or "/login/" in path:
            continue

        assert client.get(path).status_code == 303, path
        assert client.post(path).status_code == 401, path


def test_a_wrong_password_is_told_so_and_soon_stopped(make_site):
    client = make_site(UNT_DASHBOARD_PASSWORD_HASH=PASSWORD).test_client()
    statuses = [sign_in(client, "wrong").status_code for _ in range(6)]

    assert statuses == [403, 403, 403, 403, 403, 429]
    assert sign_in(client).status_code == 429
    assert client.get(BOARD).status_code == 303


def test_tries_come_back_after_a_minute_and_are_of_one_client():
    tries = Tries()

    assert [tries.begin(b"a", now) for now in range(6)] == [True] * 5 + [False]
    assert tries.begin(b"b", 6)
    assert tries.begin(b"a", 60_004)


def test_all_clients_together_are_stopped_too():
    tries = Tries()

    assert sum(tries.begin(bytes([n]), 0) for n in range(100)) == 30


def test_a_new_password_ends_the_old_sessions(make_site):
    app = make_site(UNT_DASHBOARD_PASSWORD_HASH=PASSWORD)
    client = app.test_client()
    sign_in(client)
    changed = generate_password_hash("new", method="pbkdf2:sha256:1000")
    after = make_site(UNT_DASHBOARD_PASSWORD_HASH=changed)
    late = after.test_client()
    late.set_cookie(COOKIE, cookie_of(client), path=BOARD)

    assert late.get(BOARD).status_code == 303


def cookie_of(client):
    return client.get_cookie(COOKIE, path=BOARD).value


def test_signing_in_makes_a_planted_session_worthless(make_site):
    client = make_site(UNT_DASHBOARD_PASSWORD_HASH=PASSWORD).test_client()
    known = form_token(client.get(f"{BOARD}/sign-in"))
    planted = cookie_of(client)
    sign_in(client)

    assert client.post(f"{BOARD}/sign-out", data={"token": known}).status_code == 403
    assert client.get(BOARD).status_code == 200
    client.set_cookie(COOKIE, planted, path=BOARD)
    assert client.get(BOARD).status_code == 303


def sign_out_form(client):
    return {"token": form_token(client.get(f"{BOARD}/status"))}


def test_signing_out_closes_it(make_site):
    client = opened(make_site())
    answer = client.post(f"{BOARD}/sign-out", data=sign_out_form(client))

    assert (answer.status_code, answer.text) == (200, "You are signed out.\n")
    assert client.get(BOARD).status_code == 404


def test_a_change_is_never_a_get(make_site):
    client = opened(make_site())
    answer = client.get(f"{BOARD}/sign-out")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert client.delete(BOARD).status_code == 405
    assert client.get(BOARD).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://localhost:81"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
    ],
)
def test_a_change_from_elsewhere_is_refused(make_site, headers):
    client = opened(make_site())
    form = sign_out_form(client)

    assert (
        client.post(f"{BOARD}/sign-out", data=form, headers=headers).status_code == 403
    )
    assert client.get(BOARD).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Origin": "https://www.example.com"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_change_from_this_site_is_made(make_site, headers):
    client = opened(make_site(UNT_HOSTS=["www.example.com"]))
    form = sign_out_form(client)
    answer = client.post(f"{BOARD}/sign-out", data=form, headers=headers)

    assert answer.status_code == 200


@pytest.mark.parametrize("token", ["", "x", "é", "0" * 64])
def test_a_change_needs_its_token(make_site, token):
    client = opened(make_site())

    assert client.post(f"{BOARD}/sign-out", data={"token": token}).status_code == 403


def test_a_token_is_of_one_session(make_site):
    app = make_site()
    mine, theirs = opened(app), opened(app)
    form = sign_out_form(theirs)

    assert mine.post(f"{BOARD}/sign-out", data=form).status_code == 403
    assert theirs.post(f"{BOARD}/sign-out", data=form).status_code == 200


def erase():
    return "erased"


def token_of(app, id):
    with app.test_request_context():
        request.environ[HELD] = Session(id, LINK)
        return csrf_token()


@pytest.mark.parametrize(
    ("checks", "status"),
    [
        ({"can_view": lambda: True}, 403),
        ({"can_view": lambda: True, "can_manage": lambda: False}, 403),
        ({"can_view": lambda: True, "can_manage": lambda: redirect("/login")}, 403),
        ({"can_view": lambda: True, "can_manage": lambda: True}, 200),
        ({}, 200),
    ],
)
def test_to_change_what_is_stored_takes_more_than_to_look(
    make_site, monkeypatch, checks, status
):
    route = Route("/erase", erase, methods=CHANGE, manage=True)
    monkeypatch.setattr(dashboard, "ROUTES", (*ROUTES, route))
    app = make_site(checks)
    client = hold(app, Session("id", STRANGER if checks else LINK))
    answer = client.post(f"{BOARD}/erase", data={"token": token_of(app, "id")})

    assert answer.status_code == status
    assert client.get(f"{BOARD}/erase").status_code == 405


def test_the_hosts_csrf_protection_does_not_stop_ours(make_site):
    """It is set up after UNT, as in an application factory."""
    app = make_site(UNT_DASHBOARD_PASSWORD_HASH=PASSWORD)
    CSRFProtect(app)
    app.post("/buy", endpoint="buy")(lambda: "bought")
    client = app.test_client()

    assert sign_in(client).status_code == 303
    assert (
        client.post(f"{BOARD}/sign-out", data=sign_out_form(client)).status_code == 303
    )
    assert client.post("/buy").status_code == 400


def assert_ours(headers):
    assert headers.getlist("Content-Security-Policy") == [POLICY]
    assert "unsafe" not in POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers.getlist("X-Frame-Options") == ["DENY"]
    assert headers.getlist("Referrer-Policy") == ["no-referrer"]
    assert "noindex" in headers["X-Robots-Tag"]
    assert headers.getlist("Cache-Control") == ["no-store"]


def test_every_answer_has_our_headers_whatever_the_host_sets(make_site):
    app = make_site()
    policy = {"default-src": "*", "script-src": "'unsafe-inline'"}
    Talisman(app, force_https=False, content_security_policy=policy)

    @app.after_request
    def cached(response):
        response.headers["Cache-Control"] = "public, max-age=600"
        response.headers["Content-Security-Policy-Report-Only"] = "default-src *"
        return response

    client = opened(app)

    for path in our_paths(app):
        if "/login/" in path or "/sign-in" in path:
            # There is none of these here, which is the host's to say.
            continue

        answer = client.get(path)
        assert_ours(answer.headers)
        assert "Content-Security-Policy-Report-Only" not in answer.headers

    assert_ours(client.get(make_login_link(state_of(app))).headers)
    assert "unsafe-inline" in client.get("/").headers["Content-Security-Policy"]


def test_files_asked_for_by_their_hash_are_kept_by_the_browser_alone(
    make_site,
):
    client = opened(make_site())
    path = client.get(BOARD).text.partition('<script src="')[2].partition('"')[0]

    assert "?v=" in path
    assert client.get(path).headers["Cache-Control"].startswith("private")
    assert client.get(path[:-1]).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", ["../../cli.py", "..%2f..%2fcli.py", "vendor"])
def test_only_our_files_are_served(make_site, name):
    assert opened(make_site()).get(f"{BOARD}/static/{name}").status_code == 404


def test_it_may_be_mounted_apart_from_tracking(make_site):
    app = make_site(UNT_DASHBOARD_PREFIX="/back/office")
    client = opened(app)
    seen(app)

    assert client.get("/back/office/dashboard").status_code == 200
    assert client.get(BOARD).status_code == 404
    assert (
        client.get(f"{PREFIX}/user/{VISITOR}").location
        == "/back/office/dashboard/visitor/1"
    )


def test_it_works_below_a_script_name(make_site):
    app = make_site()
    app.wsgi_app = DispatcherMiddleware(NotFound(), {"/shop": app.wsgi_app})
    client = app.test_client()
    answer = client.get(f"/shop{make_login_link(state_of(app))}")
    page = client.get(f"/shop{BOARD}/users")

    assert answer.location == f"/shop{BOARD}"
    assert page.status_code == 200
    assert f'href="{PREFIX}' not in page.text
    assert f'href="/shop{BOARD}/users"' in page.text


def test_nothing_of_ours_is_on_the_root_nor_on_the_bare_prefix(make_site):
    rules = {
        rule.rule
        for rule in make_site().url_map.iter_rules()
        if rule.endpoint.startswith("unt")
    }

    assert rules
    assert not rules & {"/", PREFIX, f"{PREFIX}/"}
