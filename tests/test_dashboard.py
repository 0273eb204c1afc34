"""What the dashboard's pages say of what was tracked."""

from __future__ import annotations

import hashlib
import re
import uuid
from datetime import date
from datetime import timedelta
from pathlib import Path

import pytest
from dashboards import BOARD
from dashboards import declare
from dashboards import midday_zone
from dashboards import opened
from dashboards import seen
from dashboards import sites
from dashboards import words
from tracked import ELSEWHERE
from tracked import OTHER_VISITOR
from tracked import PREFIX
from tracked import VISITOR
from tracked import now
from tracked import send
from tracked import state_of
from tracked import view

from flask_unt.dashboard import assets
from flask_unt.dashboard.charts import calendar
from flask_unt.dashboard.charts import level
from flask_unt.dashboard.charts import strip
from flask_unt.dashboard.clock import Clock
from flask_unt.dashboard.format import change
from flask_unt.dashboard.format import compared
from flask_unt.dashboard.format import duration
from flask_unt.dashboard.format import outside
from flask_unt.dashboard.format import page_link
from flask_unt.dashboard.format import percent
from flask_unt.dashboard.format import referrer_link
from flask_unt.dashboard.health import health

MINUTE = 60_000
HOUR = 60 * MINUTE
TEMPLATES = Path(assets.FOLDER, "../../templates/unt")

make_site = pytest.fixture(sites)


@pytest.fixture
def site(make_site):
    """Ana browsed three pages and left an email; somebody else saw one."""
    return visited(make_site)


def visited(make_site, **config):
    app = make_site(UNT_RATE_LIMIT=None, **config)
    seen(app, "/", "Home", 9 * MINUTE, tz=-180)
    seen(app, "/shop?color=red&utm_source=news", "Shop", 8 * MINUTE, tz=-180)
    seen(app, "/", "Home", 7 * MINUTE, tz=-180)
    declare(app, "ana@example.com")
    seen(app, "/about", "About us", 2 * HOUR, visitor=OTHER_VISITOR)
    return app


def test_the_first_screen_says_it_in_a_sentence(site):
    text = words(opened(site).get(BOARD))

    assert "2 people came in the last 7 days." in text
    assert "1 became known." in text
    assert "ana@example.com declared Home" in text
    assert "and 1 anonymous visitor" in text


def test_the_ring_is_a_table_of_shares(site):
    text = words(opened(site).get(BOARD))

    assert "Home 2 50% " in text
    assert "Shop 1 25% " in text


def test_the_range_is_in_the_address(make_site):
    client = opened(visited(make_site, UNT_TIMEZONE=midday_zone()))

    assert "2 people came today." in words(client.get(f"{BOARD}?range=today"))
    assert client.get(f"{BOARD}?range=nonsense").status_code == 200


def test_a_person_has_a_log_in_order_with_both_clocks(site):
    client = opened(site)
    answer = client.get(f"{BOARD}/user/1")
    log = answer.text.partition('id="log"')[2]
    titles = re.findall(r'<span class="title">([^<]+)</span>', log)
    times = re.findall(r'<time datetime="([^"]+)"', log.partition("<tbody>")[2])

    assert titles == ["Home", "Shop", "Home"]
    assert times == sorted(times, reverse=True)
    assert len(times) == log.count("Received: ") == 3
    assert "on the site\N{RIGHT SINGLE QUOTATION MARK}s clock" in log
    assert "UTC\N{MINUS SIGN}03:00" in log
    assert "localhost/shop" in log
    assert "About us" not in answer.text


def test_the_log_is_paged_by_key(site, monkeypatch):
    store = state_of(site).store
    ask = store.navigation_log
    monkeypatch.setattr(
        store, "navigation_log", lambda id, **place: ask(id, **place, limit=2)
    )
    client = opened(site)
    first = client.get(f"{BOARD}/user/1").text
    older = re.search(r'rel="next" href="([^"]+)"', first)
    second = client.get(older[1]).text.partition('id="log"')[2]

    assert first.count('class="what"') == 2
    assert second.count('class="what"') == 1
    assert "continued" in second
    assert "Newest" in second


def test_a_cursor_that_is_none_shows_the_newest(site):
    answer = opened(site).get(f"{BOARD}/user/1?before=../../etc/passwd")

    assert answer.text.count('class="what"') == 3


def test_people_are_searched_sorted_and_paged_in_the_address(site):
    for number in range(60):
        visitor = str(uuid.uuid4())
        seen(site, visitor=visitor)
        declare(site, f"person{number:02}@example.com", visitor)

    client = opened(site)
    by_name = client.get(f"{BOARD}/users?sort=email&page=2").text

    assert "person48@example.com" not in by_name
    assert "person49@example.com" in by_name
    assert "Page 2 of 2" in by_name
    found = words(client.get(f"{BOARD}/users?q=PERSON07"))
    assert "1 person for “PERSON07”" in found
    assert "person07@example.com" in found
    assert "ana@example.com" not in found


@pytest.mark.parametrize(
    "query", ["page=0", "page=99999999999", "page=x", "sort=drop", "q=%00%ff", "q='"]
)
def test_nothing_in_the_address_breaks_the_list(site, query):
    assert opened(site).get(f"{BOARD}/users?{query}").status_code == 200


@pytest.mark.parametrize(
    "path", ["/user/999", "/visitor/999", f"/user/{2**63}", "/user/0", "/nothing"]
)
def test_who_is_not_there_is_said_calmly(site, path):
    answer = opened(site).get(BOARD + path)

    assert answer.status_code == 404
    assert "Nothing here" in answer.text


def test_the_address_of_2017_leads_to_the_person(site):
    client = opened(site)

    assert client.get(f"{PREFIX}/user/{VISITOR}").location == f"{BOARD}/user/1"
    anonymous = client.get(f"{PREFIX}/user/{OTHER_VISITOR}").location
    assert anonymous.startswith(f"{BOARD}/visitor/")
    assert "About us" in client.get(anonymous).text


def test_a_visitor_who_became_known_leads_to_the_user(site):
    assert opened(site).get(f"{BOARD}/visitor/1").location == f"{BOARD}/user/1"


PAGES = ("", "/users", "/user/1", "/visitor/2", "/pages", "/search", "/status")
REPORTS = ("overview", "users", "pages", "user?id=1", "start")


def test_visitor_ids_are_printed_nowhere(site):
    client = opened(site)

    for path in (*PAGES, *(f"/api/{name}" for name in REPORTS)):
        text = client.get(BOARD + path).text.replace("-", "")

        for visitor in (VISITOR, OTHER_VISITOR):
            assert visitor.replace("-", "") not in text


EVIL = "<script>alert(1)</script>\"'{{ 7*7 }}"


def test_whatever_is_tracked_is_text(make_site):
    app = make_site()
    seen(app, "/<b>'\"", EVIL, referrer="https://evil.example/<img src=x>")
    declare(app, "o'neil&co@example.com")
    client = opened(app)

    for path in PAGES[:-1]:
        html = client.get(BOARD + path).text
        assert "<script>alert" not in html
        assert "<img" not in html
        assert "o'neil&co" not in html
        assert "{{ 7*7 }}" in html or EVIL not in html


def test_pages_have_no_inline_script_or_style_and_nothing_of_another_host(site):
    client = opened(site)

    for path in PAGES:
        html = client.get(BOARD + path).text
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", html)
        assert not re.search(r"<script(?! src=)", html)
        assert not re.search(r'(src|action)="(https?:)?//', html)
        assert re.findall(r'<link[^>]+href="(?!/)', html) == []


def test_links_to_the_site_tell_it_nothing(site):
    html = opened(site).get(f"{BOARD}/user/1").text
    links = re.findall(r'<a [^>]*href="https?://[^>]*>', html)

    assert links
    assert all('rel="noopener noreferrer"' in link for link in links)


@pytest.mark.parametrize(
    ("parts", "link"),
    [
        (("https", "a.example", "/x"), "https://a.example/x"),
        (("http", "a.example:81", "/ä b"), "http://a.example:81/%C3%A4%20b"),
        (("http", "[::1]:5000", "/#/route"), "http://[::1]:5000/#/route"),
        (("https", "a.example", '/"><b>'), "https://a.example/%22%3E%3Cb%3E"),
        (("javascript", "a.example", "/x"), None),
        (("https", "a.example/evil@b.example", "/x"), None),
        (("https", "a.example", "//b.example"), "https://a.example//b.example"),
        (("https", "a.example", "(other)"), None),
        (("https", "", "/x"), None),
    ],
)
def test_links_are_rebuilt_from_what_is_stored(parts, link):
    assert page_link(*parts) == link


@pytest.mark.parametrize("referrer", ["javascript:alert(1)", "data:x", "", None, "//x"])
def test_a_referrer_that_is_no_address_is_no_link(referrer):
    assert referrer_link(referrer) is None


def test_the_figures_are_there_as_json(site):
    client = opened(site)
    overview = client.get(f"{BOARD}/api/overview").json
    users = client.get(f"{BOARD}/api/users").json

    assert (overview["visitors"], overview["views"]) == (2, 4)
    assert overview["series"][-1]["views"] == 4
    assert date.fromisoformat(overview["series"][-1]["day"])
    assert users["rows"][0]["email"] == "ana@example.com"
    assert client.get(f"{BOARD}/api/pages").json["rows"][0]["share"] == 0.5
    assert client.get(f"{BOARD}/api/user?id=1").json["views"] == 3
    assert client.get(f"{BOARD}/api/user?id=9").status_code == 404
    assert client.get(f"{BOARD}/api/nothing").status_code == 404


def test_an_empty_dashboard_helps_to_the_first_view(make_site):
    app = make_site()
    client = opened(app)
    text = words(client.get(BOARD))

    assert f"Mounted at {PREFIX}" in text
    assert "Open the site" in text
    assert client.get(f"{BOARD}/api/start").json["first_view"] is False
    seen(app)
    assert client.get(f"{BOARD}/api/start").json["first_view"] is True
    assert "1 person came" in words(client.get(BOARD))


def test_a_refused_view_says_what_to_paste(make_site):
    app = make_site()
    assert send(app, view(), headers=ELSEWHERE).status_code == 403
    client = opened(app)

    for path in ("", "/status"):
        text = words(client.get(BOARD + path))
        assert "1 request came from pages of elsewhere.example." in text
        assert "app.config[&#34;UNT_HOSTS&#34;] = [&#34;elsewhere.example&#34;]" in text
        assert "All is well" not in text


def test_status_says_what_is_stored(site):
    text = words(opened(site).get(f"{BOARD}/status"))

    assert "All is well: all stored." in text
    assert "In the inbox 0" in text
    assert "Redis not used: views go straight into the database" in text
    assert "Views 4 Visitors 2 Users 1 Set aside 0" in text


def test_a_database_that_does_not_answer_is_said_calmly(site, monkeypatch, tmp_path):
    client = opened(site)
    missing = tmp_path / "no" / "folder" / "unt.db"
    site.config["UNT_DATABASE_URL"] = f"sqlite:///{missing}"
    monkeypatch.setattr(state_of(site), "_store", broken_store(state_of(site), missing))

    for path in ("", "/users", "/user/1", "/pages", f"/api/{REPORTS[0]}"):
        answer = client.get(BOARD + path)
        assert answer.status_code == 503
        assert "The database does not answer" in answer.text
        assert "Traceback" not in answer.text
        assert answer.headers["Content-Security-Policy"]

    status = client.get(f"{BOARD}/status")
    assert status.status_code == 200
    assert "The database does not answer." in words(status)


def broken_store(state, missing):
    return type(state.store)(f"sqlite:///{missing}", state.store.settings)


def test_waiting_views_ask_for_a_worker(make_site, redis_url):
    """Words from a real stream that nobody drains, as time passes."""
    app = make_site(UNT_REDIS_URL=redis_url)
    client = opened(app)
    send(app, view())
    state = state_of(app)
    fresh = health(state, now())
    late = health(state, now() + 61_000)

    assert fresh.words.startswith("1 waiting, oldest ")
    assert fresh.advice is None
    assert late.advice == "1 view waits: run flask unt-worker."
    assert "1 waiting" in words(client.get(f"{BOARD}/status"))


def test_redis_that_is_away_is_said_calmly(make_site, free_port):
    app = make_site(UNT_REDIS_URL=f"redis://127.0.0.1:{free_port}")
    text = words(opened(app).get(f"{BOARD}/status"))

    assert "Redis is not used" in text
    assert "All is well" not in text


def test_our_pages_carry_no_tag_and_are_not_recorded(site):
    client = opened(site)

    assert "unt.js" not in client.get(BOARD).text
    assert state_of(site).is_exempt("localhost", f"{BOARD}/users")
    assert state_of(site).is_exempt("localhost", f"{PREFIX}/user/{VISITOR}")


def test_the_hosts_templates_are_left_alone(make_site):
    """Neither names of ours in its Jinja, nor its settings in our pages."""
    app = make_site()
    app.jinja_options = {"autoescape": False, "variable_start_string": "[["}

    @app.context_processor
    def failing():
        raise RuntimeError("the host's context is for the host's pages")

    seen(app, title=EVIL)

    assert "<script>alert" not in opened(app).get(f"{BOARD}/visitor/1").text
    assert "charts" not in app.jinja_env.globals


def sum_of(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_vendored_files_are_those_that_are_written_down():
    folder = assets.FOLDER / "vendor"
    text = (folder / "VENDOR.md").read_text()
    written = re.findall(r"^\| `([^`]+)` .* `([0-9a-f]{64})` \|$", text, re.M)
    sums = [(file.name, sum_of(file)) for file in folder.glob("*.js")]

    assert written == sums


def test_templates_have_no_script_and_no_style_of_their_own():
    for path in TEMPLATES.glob("*.html"):
        text = path.read_text()
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)", text), path


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (None, "\N{EN DASH}"),
        (0, "0 s"),
        (400, "<1 s"),
        (8_200, "8 s"),
        (250_000, "4 min 10 s"),
        (2 * HOUR, "2 h"),
        (90 * HOUR, "3 d 18 h"),
    ],
)
def test_durations_are_said_in_two_units(ms, text):
    assert duration(ms) == text


@pytest.mark.parametrize(
    ("now", "before", "text", "tone"),
    [
        (118, 100, "+18%", "up"),
        (109, 100, "+9%", "even"),
        (80, 100, "\N{MINUS SIGN}20%", "down"),
        (5, 5, "no change", "even"),
        (5, 0, "none before", "even"),
    ],
)
def test_changes_get_a_colour_beyond_a_tenth(now, before, text, tone):
    assert (change(now, before).text, change(now, before).tone) == (text, tone)


def test_a_comparison_with_nothing_is_not_made():
    assert compared(5, 0, "before") == ""
    assert compared(5, 5, "the week before") == "as many as the week before"
    assert compared(4, 5, "the week before") == "20% fewer than the week before"


def test_a_share_that_is_something_is_never_zero():
    shares = (0, 0.001, 0.5, 1)

    assert [percent(share) for share in shares] == ["0%", "<1%", "50%", "100%"]


AT = 1_790_000_000_000  # 2026-09-21 14:13:20 UTC


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (-5_000, "just now"),
        (59_000, "just now"),
        (4 * MINUTE, "4 min ago"),
        (3 * HOUR, "3 h ago"),
        (50 * HOUR, "2 d ago"),
        (60 * 24 * HOUR, "23 Jul"),
        (400 * 24 * HOUR, "17 Aug 2025"),
    ],
)
def test_times_are_told_by_their_distance(passed, text):
    assert Clock("UTC", AT).ago(AT - passed) == text


def test_both_clocks_are_told():
    clock = Clock("Europe/Lisbon", AT)

    assert clock.full(AT) == "21 Sep 2026, 15:13:20 Europe/Lisbon"
    assert clock.full(AT, -210) == "21 Sep 2026, 10:43:20 UTC\N{MINUS SIGN}03:30"
    assert clock.moment(AT, 720) == "Tue 22 Sep, 02:13"


def test_a_year_of_squares_ends_today_and_starts_on_a_monday():
    today = date(2026, 9, 23)
    drawn = calendar([(today, 8), (today - timedelta(days=1), 1)], today)

    assert len(drawn.squares) == 52 * 7 + 3
    assert drawn.squares[-1].title == "23 Sep 2026, so far: 8 views"
    assert [square.level for square in drawn.squares[-3:]] == [0, 1, 4]
    assert drawn.days == (("23 Sep 2026, so far", 8), ("22 Sep 2026", 1))
    assert [label.text for label in drawn.months][-1] == "Sep"


def test_every_view_has_a_shade():
    assert [level(value, 100) for value in (0, 1, 25, 26, 100)] == [0, 1, 1, 2, 4]
    assert [square.level for square in strip((0, 0))] == [0, 0]


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("https://site.example/admin/7", "https://site.example/admin/7"),
        ("https://site.example/?a=<b>", "https://site.example/?a=%3Cb%3E"),
        ("http://site.example/", None),
        ("https://user:word@site.example/", None),
        ("javascript:alert(1)", None),
        ("pro", None),
        (7, None),
        (None, None),
    ],
)
def test_a_column_of_the_sites_own_may_be_an_address(value, address):
    assert outside(value) == address
