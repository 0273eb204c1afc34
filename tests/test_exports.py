"""Exports: exactly what is shown, as text that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
import uuid

import pytest
from dashboards import BOARD
from dashboards import declare
from dashboards import opened
from dashboards import seen
from dashboards import sites
from tracked import OTHER_VISITOR
from tracked import VISITOR
from tracked import now
from tracked import send
from tracked import state_of
from tracked import view

from flask_unt.dashboard import exports
from flask_unt.dashboard.exports import as_csv
from flask_unt.dashboard.exports import as_json

MINUTE = 60_000

make_site = pytest.fixture(sites)


@pytest.fixture
def site(make_site):
    app = make_site(UNT_RATE_LIMIT=None)
    seen(app, "/", "Home", 9 * MINUTE, tz=-180)
    seen(app, "/shop", "=cmd|' /C calc'!A0", 8 * MINUTE, tz=-180)
    declare(app, "ana@example.com")
    seen(app, "/about", "Über uns", 2 * MINUTE, visitor=OTHER_VISITOR)
    return app


def rows_of(answer):
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.data.decode())))


def test_people_are_exported_with_the_filters_of_the_page(site):
    client = opened(site)
    [row] = rows_of(client.get(f"{BOARD}/export/people.csv"))

    assert (row["email"], row["known_by"], row["views"]) == (
        "ana@example.com",
        "declared",
        "2",
    )
    assert (row["devices"], row["countries"]) == ("other", "")
    assert row["last_seen_there"][19:] == row["last_seen"][19:23] + "-03:00"
    assert rows_of(client.get(f"{BOARD}/export/people.csv?q=nobody")) == []
    [visitor] = rows_of(client.get(f"{BOARD}/export/people.csv?who=anonymous"))
    assert (visitor["visits"], visitor["devices"]) == ("1", "other")


def test_all_pages_of_a_list_are_exported(site, monkeypatch):
    for number in range(5):
        visitor = str(uuid.uuid4())
        seen(site, visitor=visitor)
        declare(site, f"person{number}@example.com", visitor)

    monkeypatch.setattr(exports, "ROWS_AT_ONCE", 2)
    path = f"{BOARD}/export/users.csv?sort=email&page=3"
    found = [row["email"] for row in rows_of(opened(site).get(path))]

    assert found == ["ana@example.com", *(f"person{n}@example.com" for n in range(5))]


def test_a_log_is_exported_in_the_order_of_the_page(site):
    rows = rows_of(opened(site).get(f"{BOARD}/export/log.csv?user=1"))

    assert [row["path"] for row in rows] == ["/shop", "/"]
    assert rows[0]["title"] == "'=cmd|' /C calc'!A0"
    assert rows[0]["time"].endswith("-03:00")
    assert rows[0]["received"].endswith("+00:00")
    anonymous = opened(site).get(f"{BOARD}/export/log.csv?visitor=2")
    assert [row["title"] for row in rows_of(anonymous)] == ["Über uns"]


def test_json_has_the_same_rows_as_they_are(site):
    client = opened(site)
    answer = client.get(f"{BOARD}/export/log.json?user=1")

    assert answer.headers["Content-Type"] == "application/json"
    assert [row["title"] for row in answer.json] == ["=cmd|' /C calc'!A0", "Home"]
    assert client.get(f"{BOARD}/export/people.json?q=nobody").json == []
    pages = client.get(f"{BOARD}/export/pages.json").json
    assert {row["path"] for row in pages} == {"/", "/shop", "/about"}


def test_an_export_is_a_file_under_the_dashboards_headers(site):
    answer = opened(site).get(f"{BOARD}/export/pages.csv")

    assert answer.headers["Content-Disposition"].startswith('attachment; filename="p')
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    ["nothing.csv", "log.csv", "log.csv?user=99", "log.csv?visitor=99", "people.xls"],
)
def test_what_is_not_there_is_not_exported(site, path):
    assert opened(site).get(f"{BOARD}/export/{path}").status_code == 404


def test_strangers_get_no_export(site):
    for path in ("people.csv", "log.csv?user=1", "pages.json"):
        assert site.test_client().get(f"{BOARD}/export/{path}").status_code == 404


def test_visitor_ids_are_in_no_export(site):
    client = opened(site)

    for path in ("people.csv?who=anonymous", "people.json", "log.json?user=1"):
        text = client.get(f"{BOARD}/export/{path}").text.replace("-", "")
        assert VISITOR.replace("-", "") not in text
        assert OTHER_VISITOR.replace("-", "") not in text


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_formula_is_text(cell):
    [_, line] = as_csv([{"a": cell}])

    assert next(csv.reader(io.StringIO(line, newline="")))[0] == f"'{cell}"


def test_numbers_and_other_text_stay_as_they_are():
    row = {"a": -5, "b": 'say "hi", you', "c": None, "d": "é\n"}

    assert list(as_csv([row])) == ["a,b,c,d\r\n", '-5,"say ""hi"", you",,"é\n"\r\n']


def test_rows_are_not_gathered_before_they_are_sent():
    """An endless list begins at once."""
    endless = ({"n": n} for n in itertools.count())

    assert list(itertools.islice(as_csv(endless), 3)) == ["n\r\n", "0\r\n", "1\r\n"]
    assert next(as_json({"n": n} for n in itertools.count())) == '[\n{"n": 0}'
    assert json.loads("".join(as_json([{"n": 1}, {"n": 2}]))) == [{"n": 1}, {"n": 2}]
    assert "".join(as_json([])) == "[]\n"


def test_a_database_that_is_away_is_said_before_the_file_begins(site, monkeypatch):
    client = opened(site)
    state = state_of(site)
    broken = type(state.store)("sqlite:////nonexistent/unt.db", state.store.settings)
    monkeypatch.setattr(state, "_store", broken)

    assert client.get(f"{BOARD}/export/people.csv").status_code == 503


def test_a_person_and_a_visitor_lead_to_the_export_of_their_log(site):
    client = opened(site)

    for path, query in (("/user/1", "user=1"), ("/visitor/2", "visitor=2")):
        assert f"{BOARD}/export/log.csv?{query}" in client.get(BOARD + path).text


def test_the_list_tells_the_last_access_on_their_own_clock_too(site):
    client = opened(site)
    both, theirs = (
        client.get(f"{BOARD}/users{x}").text for x in ("", "?clock=visitor")
    )

    assert re.search(
        r'title="[^"]*UTC&#10;[^"]*UTC−03:00, their clock">[0-9]+ min ago', both
    )
    assert re.search(r"\w{3} \d+ \w{3}, \d\d:\d\d <small>UTC−03:00</small>", theirs)
    assert f'href="{BOARD}/users?sort=views&amp;clock=visitor"' in theirs


@pytest.fixture
def long_log(make_site):
    """make(unt) makes a site where one visitor saw 120 pages, and did something."""

    def make(**unt):
        app = make_site(unt, UNT_RATE_LIMIT=None)

        for start in (0, 60):
            views = [
                view(url=f"http://localhost/{n}", time=now() - n * 1000)
                for n in range(start, start + 60)
            ]
            assert send(app, *views).json["rejected"] == []

        order = {"type": "event", "id": "o", "visitor": VISITOR, "time": now()}
        sent = send(app, {**order, "name": "order", "props": {"total": 42}})
        assert sent.json["rejected"] == []
        declare(app, "ana@example.com")
        return app

    return make


def test_a_log_is_exported_as_far_as_its_page_shows_it(long_log):
    client = opened(long_log())
    page = client.get(f"{BOARD}/user/1").text
    shown = client.get(f"{BOARD}/export/log.json?user=1").json
    older = re.search(r'rel="next" href="[^"]*(before=[^"&#]+)', page)[1]
    rest = client.get(f"{BOARD}/export/log.json?user=1&{older}").json
    whole = client.get(f"{BOARD}/export/log.json?user=1&whole=1").json

    assert (len(shown), len(rest), len(whole)) == (101, 20, 121)
    assert shown + rest == whole
    assert (shown[0]["event"], shown[0]["props"]) == ("order", '{"total": 42}')
    assert shown[0]["path"] is None
    assert shown[1]["event"] is None
    assert "What is shown here as" in page
    assert f'href="{BOARD}/export/log.csv?user=1&amp;whole=1"' in page
    assert f"log.csv?{older}&amp;user=1" in client.get(f"{BOARD}/user/1?{older}").text


def test_the_whole_log_is_for_who_may_manage(long_log):
    client = long_log(can_view=lambda: True, can_manage=lambda: False).test_client()

    assert "whole=1" not in client.get(f"{BOARD}/user/1").text
    assert len(client.get(f"{BOARD}/export/log.json?user=1").json) == 101
    refused = client.get(f"{BOARD}/export/log.json?user=1&whole=1")
    assert refused.status_code == 403
    assert "not take all of it along" in refused.text
