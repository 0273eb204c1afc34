from __future__ import annotations

import pytest

from flask_unt.config import Settings
from flask_unt.ingest.origin import Judge


def judge(headers, host="shop.example", scheme="https", **config):
    settings = Settings.from_config({"UNT_PREFIX": "/k", **config}, {}, "/instance")
    environ = {"HTTP_HOST": host, "wsgi.url_scheme": scheme}
    names = {"Origin": "HTTP_ORIGIN", "Site": "HTTP_SEC_FETCH_SITE"}
    environ.update((names[name], value) for name, value in headers.items())
    return Judge(settings).judge(environ)


@pytest.mark.parametrize(
    ("host", "scheme", "origin"),
    [
        ("shop.example", "https", "https://shop.example"),
        ("shop.example:443", "https", "https://shop.example"),
        ("Shop.Example", "https", "https://shop.example"),
        ("shop.example:8000", "http", "http://shop.example:8000"),
        ("[::1]:5000", "http", "http://[::1]:5000"),
        ("shop.example", "http", "https://shop.example"),
        ("shop.example:443", "http", "https://shop.example"),
    ],
)
def test_own_origin(host, scheme, origin):
    """The last two: a proxy ends TLS and does not say so."""
    found = judge({"Origin": origin}, host, scheme)
    assert found.own
    assert found.allowed
    assert found.cors is None


def test_own_by_server_name():
    found = judge(
        {"Origin": "https://shop.example"}, "10.0.0.4:8000", SERVER_NAME="shop.example"
    )
    assert found.own
    assert "shop.example" in found.hosts


def test_own_by_hosts():
    found = judge(
        {"Origin": "https://www.shop.example"},
        "10.0.0.4",
        UNT_HOSTS=["www.shop.example"],
    )
    assert found.own


def test_browser_says_same_origin_though_the_proxy_hides_the_host():
    """nginx's default passes its upstream's name as Host."""
    found = judge({"Site": "same-origin", "Origin": "https://shop.example"}, "app:8000")
    assert found.own
    assert "shop.example" in found.hosts


def test_same_origin_beacon_without_an_origin():
    """A page under no-referrer sends its beacons with Origin: null."""
    found = judge({"Site": "same-origin", "Origin": "null"})
    assert found.own
    assert found.hosts == {"shop.example"}


def test_foreign_origin():
    found = judge({"Origin": "https://evil.example", "Site": "cross-site"})
    assert not found.own
    assert not found.allowed
    assert found.cors is None
    assert found.reason == "foreign-origin"


@pytest.mark.parametrize(
    ("origin", "reason"),
    [
        ("null", "null-origin"),
        ("shop.example", "bad-origin"),
        ("file://", "bad-origin"),
        ("https://shop.example@evil.example", "bad-origin"),
        ("https://shop.example.evil.example", "foreign-origin"),
        ("https://evil.example/shop.example", "bad-origin"),
    ],
)
def test_origins_that_only_look_like_ours(origin, reason):
    found = judge({"Origin": origin})
    assert not found.allowed
    assert found.reason == reason


def test_no_header_is_taken_but_is_nobody():
    found = judge({})
    assert found.allowed
    assert not found.own


def test_listed_origin():
    found = judge(
        {"Origin": "https://blog.example", "Site": "cross-site"},
        UNT_ORIGINS=["https://blog.example"],
    )
    assert found.allowed
    assert not found.own
    assert found.cors == "https://blog.example"
    assert found.hosts == {"shop.example", "blog.example"}


@pytest.mark.parametrize(
    "origin",
    ["http://blog.example", "https://blog.example:8443", "https://a.blog.example"],
)
def test_listed_origin_matches_exactly(origin):
    assert not judge({"Origin": origin}, UNT_ORIGINS=["https://blog.example"]).allowed


def test_same_site_is_not_same_origin():
    found = judge({"Origin": "https://other.example", "Site": "same-site"})
    assert not found.allowed


def test_without_host_the_server_speaks():
    settings = Settings.from_config({"UNT_PREFIX": "/k"}, {}, "/instance")
    environ = {
        "SERVER_NAME": "shop.example",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "HTTP_ORIGIN": "http://shop.example",
    }
    assert Judge(settings).judge(environ).own


def test_what_is_known_of_one_host_does_not_count_for_another():
    settings = Settings.from_config({"UNT_PREFIX": "/k"}, {}, "/instance")
    judge = Judge(settings)
    sent = {"HTTP_ORIGIN": "https://shop.example", "wsgi.url_scheme": "https"}

    for _ in range(2):
        assert judge.judge({**sent, "HTTP_HOST": "shop.example"}).own
        assert not judge.judge({**sent, "HTTP_HOST": "other.example"}).allowed
        assert judge.judge(
            {**sent, "HTTP_HOST": "app:8000", "HTTP_SEC_FETCH_SITE": "same-origin"}
        ).own
