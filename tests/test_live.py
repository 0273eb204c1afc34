"""Who is here now, as a page and as what its script asks for."""

from __future__ import annotations

import re

import pytest
from dashboards import BOARD
from dashboards import declare
from dashboards import opened
from dashboards import seen
from dashboards import sites
from tracked import OTHER_VISITOR
from tracked import VISITOR

MINUTE = 60_000

make_site = pytest.fixture(sites)


@pytest.fixture
def site(make_site):
    """Ana came twice and stayed; somebody else is on one page; one has left."""
    app = make_site(UNT_RATE_LIMIT=None)
    seen(app, "/", "Home", 4 * MINUTE)
    seen(app, "/shop", "Shop", MINUTE)
    declare(app, "ana@example.com")
    seen(app, "/about", "About us", 2 * MINUTE, visitor=OTHER_VISITOR)
    seen(app, "/old", "Old", 9 * MINUTE, visitor="3f8fad5b-d9cb-469f-a165-708677289501")
    return app


def items(html, name):
    found = html.partition(f'data-list="{name}"')[2].partition("</ul>")[0]
    text = [re.sub(r"<[^>]+>", " ", item) for item in found.split("<li ")[1:]]
    return [" ".join(item.partition(">")[2].split()) for item in text]


def test_everybody_is_shown_on_their_last_page(site):
    html = opened(site).get(f"{BOARD}/live").text

    assert "2 people are here now" in html
    here = items(html, "here")
    assert len(here) == 2
    assert here[0].startswith("ana@example.com declared Shop 3 min")
    assert here[1] == "Visitor 2 About us 0 s"


def test_the_newest_views_come_first(site):
    newest = items(opened(site).get(f"{BOARD}/live").text, "newest")

    assert [view.split()[-1] for view in newest] == ["Shop", "us", "Home", "Old"]


def test_the_script_gets_the_same_lists_and_a_sentence_to_say(site):
    client = opened(site)
    answer = client.get(f"{BOARD}/api/live").json
    page = client.get(f"{BOARD}/live").text

    assert answer["total"] == 2
    assert answer["sentence"] == "2 people are here now"
    assert answer["said"].startswith("2 people are here now. ana@example.com: Shop, ")
    assert items(answer["html"], "here") == items(page, "here")


def test_an_empty_site_is_said_calmly(make_site):
    client = opened(make_site())

    assert "Nobody is here now" in client.get(f"{BOARD}/live").text
    assert client.get(f"{BOARD}/api/live").json["said"] == "Nobody is here now."


def test_whatever_is_tracked_is_text(make_site):
    app = make_site()
    seen(app, "/<b>", "<script>alert(1)</script>")
    client = opened(app)

    assert "<script>alert" not in client.get(f"{BOARD}/live").text
    assert "<script>alert" not in client.get(f"{BOARD}/api/live").json["html"]


def test_visitor_ids_are_not_in_it(site):
    client = opened(site)

    for path in ("/live", "/api/live"):
        text = client.get(BOARD + path).text.replace("-", "")
        assert VISITOR.replace("-", "") not in text
        assert OTHER_VISITOR.replace("-", "") not in text


def test_it_is_whole_without_a_script(site):
    assert re.search(
        rf'href="{BOARD}/live" data-reload>Look again',
        opened(site).get(f"{BOARD}/live").text,
    )
