"""The lists of pages: all, where visits begin and end, and by the app's routes."""

from __future__ import annotations

import re
import uuid

import pytest
from dashboards import BOARD
from dashboards import opened
from dashboards import seen
from dashboards import sites
from flask import Flask
from recount import MINUTE_MS

from flask_unt.dashboard.by_route import Matcher
from flask_unt.store.reports import PageRow

make_site = pytest.fixture(sites)


def words(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


@pytest.fixture
def site(make_site):
    """Three visits: home and two users' pages; a page that is no route; only home."""
    app = make_site(UNT_RATE_LIMIT=None)
    app.get("/user/<name>", endpoint="user")(lambda name: name)
    walks = (
        (("/", "Home"), ("/user/ada", "Ada"), ("/user/bob%20b?ref=x", "Bob")),
        (("/gone", "Gone"), ("/user/ada", "Ada")),
        (("/", "Home"),),
    )

    for walk in walks:
        visitor = str(uuid.uuid4())

        for step, (path, title) in enumerate(walk):
            seen(app, path, title, (9 - step) * MINUTE_MS, visitor=visitor)

    return app


def listed(client, address):
    answer = client.get(f"{BOARD}/pages{address}")
    assert answer.status_code == 200
    # The path below each title tells nothing new here.
    rows = re.findall(r"<tr>\s*<td class=\"what\">(.*?)</tr>", answer.text, re.S)
    texts = (re.sub(r'<span class="path">.*?</span>', "", row) for row in rows)
    return [" ".join(re.sub(r"<[^>]+>", " ", text).split()) for text in texts]


def test_entry_pages_tell_how_many_left_at_once(site):
    client = opened(site)

    assert listed(client, "?by=entry") == ["Home 50% 67% 2", "Gone 0% 33% 1"]
    assert "Where 3 visits began in the last 7 days" in words(
        client.get(f"{BOARD}/pages?by=entry")
    )


def test_exit_pages(site):
    # Of equal ones in the order of their first views.
    assert listed(opened(site), "?by=exit&sort=page") == [
        "Ada 33% 1",
        "Bob 33% 1",
        "Home 33% 1",
    ]


def test_routes_are_matched_as_the_app_does(site):
    assert listed(opened(site), "?by=route") == [
        "/user/&lt;name&gt; 2 50% 3",
        "/ 1 33% 2",
        "No route 1 17% 1",
    ]


def test_a_route_leads_to_its_pages(site):
    client = opened(site)
    html = client.get(f"{BOARD}/pages?by=route&range=30d").text
    [address] = re.findall(rf'href="{BOARD}/pages([^"]*%3Cname%3E[^"]*)"', html)

    assert "range=30d" in address
    assert listed(client, address.replace("&amp;", "&")) == ["Ada 67% 2", "Bob 33% 1"]
    assert listed(client, "?by=route&route=-") == ["Gone 100% 1"]
    assert "No page of /nothing was viewed" in words(
        client.get(f"{BOARD}/pages?by=route&route=/nothing")
    )


@pytest.mark.parametrize("by", ["top", "entry", "exit", "route"])
def test_a_list_is_sorted_by_its_heads_and_stays_so(site, by):
    client = opened(site)
    first = listed(client, f"?by={by}&sort=page")

    assert len(first) > 1
    assert first == listed(client, f"?by={by}&sort=page&order=desc")[::-1]
    counts = [int(row.split()[-1]) for row in listed(client, f"?by={by}&order=asc")]
    assert counts == sorted(counts)

    html = client.get(f"{BOARD}/pages?by={by}&sort=page").text
    assert html.count(" data-row>") == len(first)
    heads = re.findall(r'<th[^>]*aria-sort="ascending"><a href="([^"]+)"', html)
    assert [("order=desc" in head, "sort=page" in head) for head in heads] == [
        (True, True)
    ]


def test_what_is_shown_is_exported(site):
    client = opened(site)

    def export(address):
        return client.get(f"{BOARD}/export/pages.json{address}").json

    [home, gone] = export("?by=entry")
    assert (home["path"], home["visits"], home["bounces"]) == ("/", 2, 1)
    assert (gone["path"], gone["visits"], gone["bounces"]) == ("/gone", 1, 0)
    assert [row["rule"] for row in export("?by=route&order=asc")] == [
        "-",
        "/",
        "/user/<name>",
    ]
    assert client.get(f"{BOARD}/api/pages?by=exit").json["total"] == 3
    csv = client.get(f"{BOARD}/export/pages.csv?by=route").text.splitlines()
    assert csv[0] == "rule,endpoint,title,pages,views,share"


def test_the_ring_of_the_first_screen_has_the_same_lists(site):
    html = opened(site).get(f"{BOARD}?by=entry").text

    assert 'aria-label="Visits per page"' in html
    assert re.search(rf'href="{BOARD}/pages\?[^"]*by=entry', html)
    # Another range, or days of one's own, keep the list.
    assert re.search(rf'href="{BOARD}\?range=30d&amp;by=entry"', html)
    assert '<input type="hidden" name="by" value="entry">' in html


def test_what_is_no_list_is_that_of_all_pages(site):
    rows = listed(opened(site), "?by=nothing&sort=colour&order=up&route=x")

    assert rows == ["Home 33% 2", "Ada 33% 2", "Bob 17% 1", "Gone 17% 1"]


def page_at(address):
    host, _, path = address.partition("/")
    return PageRow(1, "", host, f"/{path}", 1, 1.0)


@pytest.mark.parametrize(
    ("root", "address", "rule"),
    [
        ("", "localhost/user/%C3%A4", "/user/<name>"),
        ("", "elsewhere.example:8080/user/ada", "/user/<name>"),
        ("", "localhost/#/user/ada", "/"),
        ("", "localhost/user/", None),
        ("/app", "localhost/app/user/ada", "/user/<name>"),
        ("/app", "localhost/user/ada", None),
        ("/app", "localhost/application/user/ada", None),
    ],
)
def test_a_path_is_matched_below_the_sites_root(site, root, address, rule):
    found = Matcher(site, root).route_of(page_at(address))

    assert (found and found[0]) == rule


def test_a_route_may_be_of_one_host_or_subdomain():
    hosts = Flask("hosts", host_matching=True, static_host="a.example")
    hosts.add_url_rule("/", endpoint="a", host="a.example")
    names = Flask("names", subdomain_matching=True)
    names.config["SERVER_NAME"] = "site.example"
    names.add_url_rule("/", endpoint="shop", subdomain="shop")
    names.add_url_rule("/", endpoint="home")

    assert Matcher(hosts).route_of(page_at("a.example/")) == ("/", "a")
    assert Matcher(hosts).route_of(page_at("b.example/")) is None
    assert Matcher(names).route_of(page_at("shop.site.example/")) == ("/", "shop")
    assert Matcher(names).route_of(page_at("site.example/")) == ("/", "home")
    assert Matcher(names).route_of(page_at("elsewhere.example/")) is None
