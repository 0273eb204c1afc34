"""The search box: people and pages by how they are called."""

from __future__ import annotations

import re

import pytest
from dashboards import BOARD
from dashboards import declare
from dashboards import opened
from dashboards import seen
from dashboards import sites
from recount import NOW
from recount import opened as open_store
from recount import view

make_site = pytest.fixture(sites)


def words(answer):
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


@pytest.fixture
def client(make_site):
    app = make_site(UNT_RATE_LIMIT=None)
    seen(app, "/", "Home of Ana")
    seen(app, "/über_uns", "Über uns")
    seen(app, "/100%25", "A hundred")
    declare(app, "ana@example.com")
    return opened(app)


def test_people_and_pages_are_found_and_lead_there(client):
    answer = client.get(f"{BOARD}/search?q=aNa")

    assert "1 person and 1 page for “aNa”" in words(answer)
    assert f'href="{BOARD}/user/1"' in answer.text
    assert f'href="{BOARD}/page/1"' in answer.text
    assert f'href="{BOARD}/users?q=aNa"' in answer.text
    assert '<input type="search" name="q"' in answer.text
    assert 'value="aNa"' in answer.text


@pytest.mark.parametrize(
    ("text", "pages"),
    [("über", 1), ("ÜBER", 1), ("/", 3), ("_", 1), ("hundred", 1), ("100%", 1)],
)
def test_pages_are_found_by_title_or_path(client, text, pages):
    found = words(client.get(f"{BOARD}/search", query_string={"q": text}))

    assert f"and {pages} page" in found


def test_nothing_found_says_where_all_are(client):
    answer = client.get(f"{BOARD}/search?q=%25%25<b>")

    assert "Nothing for “%%&lt;b&gt;”" in words(answer)
    assert f'href="{BOARD}/pages"' in answer.text
    assert "Search for people" in words(client.get(f"{BOARD}/search?q=%20"))


def test_on_every_database_some_are_shown_and_all_are_counted(database_url):
    with open_store(database_url) as store:
        store.write([view(1, 5, "/a/long"), view(2, 4, "/a"), view(2, 3, "/b")], NOW)
        found = store.find_pages("/A", limit=1)

        assert ([row.path for row in found.rows], found.total) == (["/a"], 2)
        assert store.find_pages("no such page", limit=1).total == 0
        assert store.find_pages("", limit=1).total == 0
