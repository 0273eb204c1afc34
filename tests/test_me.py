"""``/me`` tells people what is known of them, and of nobody else."""

from __future__ import annotations

import json
import re
import uuid

import pytest
from dashboards import declare
from dashboards import seen
from dashboards import sites
from tracked import ELSEWHERE
from tracked import HERE
from tracked import OTHER_VISITOR
from tracked import PREFIX
from tracked import VISITOR
from tracked import is_deleted
from tracked import now
from tracked import rows
from tracked import send
from tracked import state_of
from tracked import view

ME = f"{PREFIX}/me"
ADA = {"email": "ada@site.example", "id": "7", "name": "Ada"}
BOB = {"email": "bob@site.example", "id": "8", "name": "Bob"}
ANONYMOUS = {"/anonymous"}
ADAS = {*ANONYMOUS, "/adas"}
OWN = {"Sec-Fetch-Site": "same-origin"}

make_site = pytest.fixture(sites)


@pytest.fixture
def signed_in():
    """Who is signed in on the site, to be changed."""
    return {}


@pytest.fixture
def site(make_site, signed_in):
    """Ada and Bob share a browser, which Ada signed in on first."""
    app = make_site({"identify": lambda: signed_in or None}, UNT_RATE_LIMIT=None)
    seen(app, "/anonymous", "Anonymous", 9000)
    signed_in |= ADA
    seen(app, "/adas", "Ada's", 8000)
    noticed = now()

    # What was made before the site heard of Ada could be anybody's.
    while now() <= noticed:
        pass

    signed_in.update(BOB)
    seen(app, "/bobs", "Bob's")
    signed_in.clear()
    return app


def ask(app, visitor=None, path=ME, **headers):
    cookie = {"Cookie": f"a=b; unt={visitor}"} if visitor else {}
    client = app.test_client(use_cookies=False)
    return client.get(path, headers={**cookie, **headers})


def paths(answer):
    return set(re.findall(r"localhost(/[a-z]+)</a>", answer.text))


def downloaded(answer):
    return {row["path"] for row in json.loads(answer.text).get("unt_page_view", ())}


def test_nobody_is_told_nothing(site):
    answer = ask(site)

    assert answer.status_code == 200
    assert "Nothing that can be told" in answer.text
    assert paths(answer) == set()
    assert json.loads(ask(site, path=f"{ME}.json").text) == {}


@pytest.mark.parametrize(
    "cookie", [OTHER_VISITOR, "x", "", "%00", "../../etc", VISITOR[:-1]]
)
def test_a_guess_is_told_nothing(site, cookie):
    answer = ask(site, cookie)

    assert answer.status_code == 200
    assert "Nothing that can be told" in answer.text


def test_a_cookie_tells_what_was_seen_while_nobody_was_signed_in(site):
    """Not what those did who sign in there: the browser may be shared."""
    declare(site, "carl@site.example")
    answer = ask(site, VISITOR)

    assert paths(answer) == ANONYMOUS
    assert "c…@site.example" in answer.text
    assert not re.search("carl|ada@|bob@|Ada|Bob", answer.text)
    found = ask(site, VISITOR, f"{ME}.json")
    assert downloaded(found) == ANONYMOUS
    assert not re.search("carl|ada@|bob@|/adas|/bobs", found.text)


def test_an_account_is_told_what_is_its_own(site, signed_in):
    signed_in |= ADA
    ada = ask(site, VISITOR)
    assert paths(ada) == ADAS
    assert "Ada, ada@site.example" in ada.text
    assert "bob@" not in ada.text
    file = ask(site, VISITOR, f"{ME}.json")
    assert downloaded(file) == ADAS
    assert "bob@" not in file.text

    signed_in.update(BOB)
    bob = ask(site, VISITOR)
    assert paths(bob) == {"/bobs"}
    assert downloaded(ask(site, VISITOR, f"{ME}.json")) == {"/bobs"}


def test_an_account_is_known_without_a_cookie_and_on_a_new_browser(site, signed_in):
    new = str(uuid.uuid4())
    seen(site, "/new", "New", visitor=new)
    signed_in |= ADA

    assert paths(ask(site)) == ADAS
    assert paths(ask(site, new)) == {*ADAS, "/new"}
    assert "/new" in downloaded(ask(site, new, f"{ME}.json"))


def test_a_merge_by_hand_shows_an_account_nothing_of_the_other(site, signed_in):
    """It may have been a mistake."""
    state_of(site).store.merge_users(2, 1, now(), "boss@site.example")

    for who, own in ((ADA, ADAS), (BOB, {"/bobs"})):
        signed_in.update(who)
        assert paths(ask(site)) == own
        assert downloaded(ask(site, path=f"{ME}.json")) == own
        assert "boss@" not in ask(site, path=f"{ME}.json").text


def test_a_merge_shows_an_account_no_row_of_the_others_browser(make_site, signed_in):
    """Neither that there is one, nor a title that came before its view."""
    app = make_site({"identify": lambda: signed_in or None}, UNT_RATE_LIMIT=None)
    early = {"type": "leave", "view": "late", "visitor": OTHER_VISITOR, "time": now()}
    send(app, {**early, "title": "A secret"})
    declare(app, "carl@site.example", OTHER_VISITOR)
    signed_in.update(ADA)
    seen(app, "/adas")
    ids = dict(rows(app, "SELECT email, id FROM unt_user"))
    store = state_of(app).store
    store.merge_users(ids["carl@site.example"], ids[ADA["email"]], now(), "boss")
    found = json.loads(ask(app, path=f"{ME}.json").text)

    assert len(found["unt_visitor"]) == len(found["unt_link"]) == 1
    assert found["unt_leave"] == []


def test_an_address_is_not_shown_to_another_who_signs_in_there(site, signed_in):
    declare(site, "carl@site.example")

    for who, shown in ((ADA, True), (BOB, False)):
        signed_in.update(who)
        assert ("c…@site.example" in ask(site, VISITOR).text) == shown


def test_a_cookie_does_not_tell_who_else_was_there_and_when(site):
    (browser,) = json.loads(ask(site, VISITOR, f"{ME}.json").text)["unt_visitor"]
    assert browser["first_seen"]
    assert not {"user_id", "owner_id", "changed_at", "checked_at"} & browser.keys()


def test_the_visitors_id_is_not_printed(site, signed_in):
    for who in ({}, ADA):
        signed_in.update(who)

        for path in (ME, f"{ME}.json"):
            assert VISITOR not in ask(site, VISITOR, path).text


def test_it_is_not_kept_framed_indexed_or_read_by_others(site):
    for path in (ME, f"{ME}.json"):
        headers = ask(site, VISITOR, path, **ELSEWHERE).headers

        assert headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"
        assert "noindex" in headers["X-Robots-Tag"]
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in headers
        assert "Set-Cookie" not in headers


def forget(app, visitor=VISITOR, **headers):
    client = app.test_client(use_cookies=False)
    return client.post(ME, headers={"Cookie": f"unt={visitor}", **headers})


@pytest.mark.parametrize("headers", [OWN, HERE])
def test_a_browser_is_forgotten_with_its_cookie(site, headers):
    answer = forget(site, **headers)

    assert answer.status_code == 200
    assert is_deleted(answer)
    assert {f"Path={PREFIX}", "Path=/"} <= {
        part
        for header in answer.headers.getlist("Set-Cookie")
        for part in header.split("; ")
    }
    assert rows(site, "SELECT 1 FROM unt_page_view") == []
    assert send(site, view()).status_code == 410
    assert "Nothing that can be told" in ask(site, VISITOR).text


def test_before_a_shared_browser_is_forgotten_all_that_goes_is_said(site, signed_in):
    """Others' views too, and users of this browser alone; what is elsewhere stays."""
    signed_in.update(BOB)
    seen(site, "/elsewhere", "Elsewhere", visitor=OTHER_VISITOR)
    signed_in.clear()
    said = " ".join(ask(site, VISITOR).text.split())

    for words in (
        "also by others who use it and while somebody else was signed in",
        "an account that was never seen in another browser",
        "What was seen in other browsers stays",
    ):
        assert words in said

    assert forget(site, **OWN).status_code == 200
    assert rows(site, "SELECT email FROM unt_user") == [(BOB["email"],)]
    seen_pages = "SELECT path FROM unt_page_view JOIN unt_page ON page_id = unt_page.id"
    assert rows(site, seen_pages) == [("/elsewhere",)]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        ELSEWHERE,
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", **HERE},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_another_sites_form_forgets_nobody(site, headers):
    answer = forget(site, **headers)

    assert answer.status_code == 403
    assert not is_deleted(answer)
    assert paths(ask(site, VISITOR)) == ANONYMOUS


def test_without_a_cookie_nothing_is_said_to_be_forgotten(site, signed_in):
    signed_in.update(ADA)
    assert "<form" not in ask(site).text
    assert "<form" in ask(site, VISITOR).text
    answer = forget(site, "x", **OWN)

    assert answer.status_code == 400
    assert "Nothing was forgotten" in answer.text
    assert not is_deleted(answer)
    assert paths(ask(site)) == ADAS


def test_it_is_there_where_the_dashboard_is_closed_with_its_files(site):
    page = ask(site, VISITOR)
    files = re.findall(rf'(?:href|src)="({ME}/[^"]+)"', page.text)

    assert len(files) == 3
    assert all(ask(site, path=path).status_code == 200 for path in files)
    assert ask(site, path=f"{ME}/dashboard.js").status_code == 404
    assert ask(site, path=f"{PREFIX}/dashboard").status_code == 404


def test_a_template_of_the_site_links_to_it(make_site):
    app = make_site()

    @app.get("/imprint")
    def imprint():
        return app.jinja_env.from_string(
            "{{ unt_privacy_link() }} {{ unt_privacy_link('<My data>') }}"
        ).render()

    first, second = re.findall(r"<a .*?</a>", app.test_client().get("/imprint").text)
    assert f'href="{ME}"' in first
    assert "&lt;My data&gt;" in second


def test_it_carries_no_tag_and_is_not_recorded(site):
    assert "unt.js" not in ask(site, VISITOR).text
    answer = send(site, view(url=f"http://localhost{ME}"))

    assert answer.json["rejected"] != []


def test_a_log_is_paged(make_site):
    app = make_site(UNT_RATE_LIMIT=None)

    for number in range(130):
        seen(app, f"/{number}", f"Page {number}", number * 1000)

    page = ask(app, VISITOR)
    (older,) = re.findall(r'rel="next" href="([^"]+)"', page.text)
    second = ask(app, VISITOR, older.replace("&amp;", "&"))

    assert page.text.count('class="what"') == 100
    assert second.text.count('class="what"') == 30
    assert ask(app, VISITOR, f"{ME}?before=x&after=y&date=z").status_code == 200


def test_a_database_that_does_not_answer_is_said_calmly(site, monkeypatch, tmp_path):
    (tmp_path / "unt.db").rename(tmp_path / "away.db")
    state_of(site).store.dispose()
    (tmp_path / "unt.db").mkdir()

    assert ask(site, VISITOR).status_code == 503


def test_the_hosts_csrf_protection_does_not_stop_it(make_site):
    from flask_wtf.csrf import CSRFProtect

    app = make_site(UNT_RATE_LIMIT=None)
    CSRFProtect(app)
    seen(app)

    assert forget(app, **OWN).status_code == 200


def test_a_key_that_was_replaced_has_its_cookie_deleted_too(make_site):
    app = make_site(SECRET_KEY_FALLBACKS=["old"], UNT_PREFIX=None)
    prefixes = (state_of(app).settings.prefix, *state_of(app).settings.old_prefixes)
    client = app.test_client(use_cookies=False)
    cookie = {"Cookie": f"unt={VISITOR}"}
    answer = client.post(f"{prefixes[0]}/me", headers={**OWN, **cookie})
    deleted = str(answer.headers.getlist("Set-Cookie"))

    assert len(prefixes) == 2
    assert all(f"Path={prefix}" in deleted for prefix in prefixes)
