"""What a user agent says about browser, system and device."""

from __future__ import annotations

import re
from dataclasses import dataclass

AGENT_LIMIT = 512
UNKNOWN = "Other"

# Who says so is a bot; Cubot is a maker of phones.
CRAWLER = re.compile(r"(?<!cu)bot\b|crawler|spider|slurp|externalhit", re.IGNORECASE)
VARIANT = re.compile(r" ?\b(?:Mobile|iOS|WebView|UI/WKWebView)\b")
TELEVISION = re.compile(
    r"\bTV\b|SmartTV|SMART-TV|AppleTV|AFT[A-Z]|BRAVIA|PlayStation|Xbox"
)
TABLET = re.compile(r"iPad|Tablet|Kindle|PlayBook|\bSilk/")
MOBILE = re.compile(r"Mobi|iPhone|iPod|Opera Mini")
DESKTOP = re.compile(r"Windows NT|Macintosh|X11|Linux|CrOS")


@dataclass(frozen=True, slots=True)
class Agent:
    """Browser and system by name, ``"Other"`` where unknown.

    ``device`` is ``desktop``, ``mobile``, ``tablet``, ``bot`` or ``other``.
    """

    browser: str
    system: str
    device: str
    bot: bool


def agent_words(agent: Agent) -> str:
    """An agent in the place of a user agent, as which no header can come."""
    bot = "bot" if agent.bot else ""
    return "\n".join(("", agent.browser, agent.system, agent.device, bot))


def parse_agent(user_agent: str) -> Agent:
    """Read a user agent. A bot is who says so, or who says nothing at all."""
    if user_agent.startswith("\n"):
        browser, system, device, is_bot = user_agent[1:].split("\n")
        return Agent(browser, system, device, bool(is_bot))

    # Its tables take 6 MB and 70 ms: only a process that writes views loads them.
    from ua_parser import parse

    result = parse(user_agent[:AGENT_LIMIT])
    browser = result.user_agent.family if result.user_agent else UNKNOWN
    system = result.os.family if result.os else UNKNOWN
    spider = result.device is not None and result.device.family == "Spider"
    bot = spider or not user_agent.strip() or bool(CRAWLER.search(user_agent))
    browser = VARIANT.sub("", browser).strip() or UNKNOWN
    return Agent(browser, system, "bot" if bot else _device(user_agent), bot)


def _device(user_agent: str) -> str:
    if TELEVISION.search(user_agent):
        return "other"

    if TABLET.search(user_agent):
        return "tablet"

    if MOBILE.search(user_agent):
        return "mobile"

    if "Android" in user_agent:
        return "tablet"

    return "desktop" if DESKTOP.search(user_agent) else "other"
