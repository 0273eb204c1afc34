"""Why requests and events were refused, and the cure for each reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..state import Figures
from .finding import Finding
from .finding import ok
from .finding import warn
from .look import Look

HOSTS_LINE = 'app.config["UNT_HOSTS"] = ["{sender}"]'
CURES = {
    "foreign-origin": (
        "came from pages of {sender}. If that is this site, behind a proxy that does"
        " not pass Host, name it; if it is another site of yours, list it in"
        " UNT_ORIGINS; else nothing is to be done.",
        HOSTS_LINE,
    ),
    "foreign-page": (
        "told of pages whose host is none of this site's: list it in UNT_HOSTS.",
        "",
    ),
    "null-origin": (
        "came from a page without an address: a file, or a sandboxed frame.",
        "",
    ),
    "rate": ("came faster than UNT_RATE_LIMIT allows one address.", ""),
    "emails": ("gave more emails than one address or visitor may.", ""),
    "new-visitors": ("brought more visitors than UNT_NEW_PER_DAY allows.", ""),
    "version": (
        "came from another release's unt.js; browsers that load a page again have"
        " the new one.",
        "",
    ),
    "unavailable": (
        "found neither Redis nor the database; the browsers send them again.",
        "",
    ),
    "failed": ("failed for a reason that is in the log; they are sent again.", ""),
    "gpc": ("came from a browser that asks not to be tracked.", ""),
    "exempt": ("told of pages that @unt.exempt leaves out.", ""),
}
# What the owner can do something about; the rest is as it should be.
TO_MEND = ("foreign-origin", "foreign-page", "rate", "new-visitors", "failed")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A sentence of what happened and what helps, and the line to paste if any."""

    reason: str
    count: int
    sentence: str
    line: str | None


def refusals(figures: Figures) -> tuple[Refusal, ...]:
    """What was refused, most frequent first."""
    sender = figures.notes.get("refused-sender", (0, "another host"))[1]
    ordered = sorted(figures.refused.items(), key=lambda item: (-item[1], item[0]))
    return tuple(_refusal(reason, count, sender) for reason, count in ordered)


def check_refused(look: Look) -> Iterator[Finding]:
    """What the door refused can be mended, or is as it should be."""
    for refusal in refusals(look.figures):
        name = f"refused-{refusal.reason}"

        if refusal.reason in TO_MEND:
            yield warn(name, refusal.sentence, refusal.line or "")
        else:
            yield ok(name, refusal.sentence)


def _refusal(reason: str, count: int, sender: str) -> Refusal:
    cure, line = CURES.get(reason, (f"could not be read ({reason}).", ""))
    what = "1 request" if count == 1 else f"{count:,} requests"
    sentence = f"{what} {cure.format(sender=sender)}"
    return Refusal(reason, count, sentence, line.format(sender=sender) or None)
