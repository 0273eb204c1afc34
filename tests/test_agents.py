from __future__ import annotations

import subprocess
import sys

import pytest

from flask_unt.agents import Agent
from flask_unt.agents import parse_agent

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)"


@pytest.mark.parametrize(
    ("user_agent", "browser", "system", "device"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:120.0) Gecko/20100101"
            " Firefox/120.0",
            "Firefox",
            "Windows",
            "desktop",
        ),
        (
            f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/17.0"
            " Safari/605.1.15",
            "Safari",
            "Mac OS X",
            "desktop",
        ),
        (
            f"{IPHONE} {WEBKIT} Version/17.0 Mobile/15E148 Safari/604.1",
            "Safari",
            "iOS",
            "mobile",
        ),
        (
            f"{IPHONE} {WEBKIT} CriOS/120.0 Mobile/15E148 Safari/604.1",
            "Chrome",
            "iOS",
            "mobile",
        ),
        (
            f"Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) {WEBKIT} Version/16.0"
            " Mobile/15E148 Safari/604.1",
            "Safari",
            "iOS",
            "tablet",
        ),
        (
            f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile Safari/537.36",
            "Chrome",
            "Android",
            "mobile",
        ),
        (
            f"Mozilla/5.0 (Linux; Android 14; SM-X200) {CHROME} Safari/537.36",
            "Chrome",
            "Android",
            "tablet",
        ),
        (
            f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36",
            "Chrome",
            "Chrome OS",
            "desktop",
        ),
        (
            "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/538.1"
            " SamsungBrowser/2.1 TV Safari/538.1",
            "Samsung Internet",
            "Tizen",
            "other",
        ),
        ("\x00<script>\ud800", "Other", "Other", "other"),
    ],
)
def test_people(user_agent: str, browser: str, system: str, device: str) -> None:
    assert parse_agent(user_agent) == Agent(browser, system, device, bot=False)


@pytest.mark.parametrize(
    "user_agent",
    [
        "",
        "  ",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; bingbot/2.0)",
        "facebookexternalhit/1.1",
        "SomeNewCrawler/1.0",
        "Mozilla/5.0 (compatible; YandexBot/3.0)",
    ],
)
def test_a_bot_is_who_says_so(user_agent: str) -> None:
    agent = parse_agent(user_agent)
    assert agent.bot
    assert agent.device == "bot"


@pytest.mark.parametrize(
    "user_agent",
    [
        f"Mozilla/5.0 (X11; Linux x86_64) {CHROME.replace('Chrome', 'HeadlessChrome')}",
        "python-requests/2.31",
        "curl/8.1",
        f"Mozilla/5.0 (Linux; Android 9; CUBOT X19) {CHROME} Mobile Safari/537.36",
    ],
)
def test_who_does_not_say_so_is_none(user_agent: str) -> None:
    assert not parse_agent(user_agent).bot


def test_a_very_long_user_agent_is_read_in_good_time() -> None:
    assert not parse_agent("Mozilla/5.0 " + "(" * 60_000).bot


def test_the_tables_are_not_loaded_before_they_are_used() -> None:
    code = "import sys, flask_unt.agents; print('ua_parser' in sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert shown.stdout == "False\n"
