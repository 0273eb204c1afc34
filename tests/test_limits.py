from __future__ import annotations

import sys

import pytest

from flask_unt.config import Settings
from flask_unt.limits import Limits
from flask_unt.limits import Newcomers
from flask_unt.limits import Windows
from flask_unt.limits import client_key
from flask_unt.limits import is_behind_proxy

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def limits(**config):
    return Limits(Settings.from_config({"UNT_PREFIX": "/k", **config}, {}, "/i"))


def key(address):
    return client_key({"REMOTE_ADDR": address}, b"secret")


def test_window_fills_and_turns():
    windows = Windows(2, 60)
    assert windows.take(b"a", 0) is None
    assert windows.take(b"a", 1000) is None
    assert windows.take(b"a", 20_000) == 40
    assert windows.take(b"b", 20_000) is None
    assert windows.take(b"a", MINUTE) is None


def test_wait_is_never_nothing():
    windows = Windows(1, 60)
    windows.take(b"a", 0)
    assert windows.take(b"a", MINUTE - 1) == 1


def test_window_forgets_the_oldest_client_when_full():
    """Memory stays flat, and a newcomer is not refused for the others' sake."""
    windows = Windows(1, 60, keys_kept=3)

    for client in (b"a", b"b", b"c", b"d"):
        assert windows.take(client, 0) is None

    assert windows.take(b"d", 0) == 60
    assert windows.take(b"a", 0) is None
    assert len(windows._used) == 3


def test_newcomers_are_counted_once_each():
    pages = Newcomers(2)
    assert pages.take(b"a", b"/1", 0) is None
    assert pages.take(b"a", b"/1", 0) is None
    assert pages.take(b"a", b"/2", 0) is None
    assert pages.take(b"a", b"/3", 0) == 86_400
    assert pages.take(b"a", b"/2", 0) is None
    assert pages.take(b"b", b"/3", 0) is None
    assert pages.take(b"a", b"/3", DAY) is None


def test_newcomers_memory_is_flat():
    pages = Newcomers(10)
    pages.take(b"a", b"0", 0)
    before = sys.getsizeof(pages._seen)

    for number in range(20_000):
        pages.take(b"a", str(number).encode(), 0)

    assert sys.getsizeof(pages._seen) == before
    assert len(pages._counts._used) == 1


def test_rate_limit_is_the_setting():
    found = limits(UNT_RATE_LIMIT="2/minute")
    assert [found.request(b"a", 0) for _ in range(3)] == [None, None, 60]


def test_emails_are_limited_tighter():
    found = limits()
    assert [found.client_email(b"a", 0) for _ in range(6)] == [None] * 5 + [60]
    assert [found.visitor_email("v", 0) for _ in range(5)] == [None] * 4 + [3600]


def test_none_switches_off():
    found = limits(UNT_RATE_LIMIT=None, UNT_NEW_PER_DAY=None)

    for number in range(1000):
        assert found.request(b"a", 0) is None
        assert found.client_email(b"a", 0) is None
        assert found.visitor_email("v", 0) is None
        assert found.page(b"a", "h", str(number), 0) is None
        assert found.visitor(b"a", str(number), 0) is None


def test_client_key_hides_the_address():
    assert b"203.0.113.7" not in key("203.0.113.7")
    assert key("203.0.113.7") != client_key({"REMOTE_ADDR": "203.0.113.7"}, b"other")


def test_ipv6_counts_by_network():
    assert key("2001:db8:1:2::5") == key("2001:db8:1:2:ffff::9")
    assert key("2001:db8:1:2::5") != key("2001:db8:1:3::5")
    assert key("::ffff:203.0.113.7") == key("203.0.113.7")
    assert key("203.0.113.7") != key("203.0.113.8")


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.7"}, True),
        ({"REMOTE_ADDR": "10.1.2.3", "HTTP_X_FORWARDED_FOR": "203.0.113.7"}, True),
        ({"REMOTE_ADDR": "::1", "HTTP_X_FORWARDED_FOR": "203.0.113.7"}, True),
        ({"REMOTE_ADDR": ""}, True),
        ({"REMOTE_ADDR": "127.0.0.1"}, False),
        ({"REMOTE_ADDR": "198.51.100.9", "HTTP_X_FORWARDED_FOR": "x"}, False),
        (
            {
                "REMOTE_ADDR": "10.9.9.9",
                "HTTP_X_FORWARDED_FOR": "10.9.9.9",
                "werkzeug.proxy_fix.orig": {"REMOTE_ADDR": "127.0.0.1"},
            },
            False,
        ),
    ],
)
def test_proxy_is_told_from_a_client(environ, expected):
    """The last: ProxyFix has already put a client of the house's network there."""
    assert is_behind_proxy(environ) is expected


@pytest.mark.parametrize("address", ["not an address", "fe80::1%eth0", "unix:"])
def test_odd_addresses_are_keys_too(address):
    assert len(key(address)) == 12
