"""Text, addresses and ids from outside, made fit for every database and page."""

from __future__ import annotations

import re

from .errors import RequestRefused

EMAIL_LIMIT = 254

BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
UNPRINTABLE = re.compile(f"[\x00-\x1f\x7f-\x9f{BIDI}\ufeff\ufffe\uffff\ud800-\udfff]")
WHITESPACE = re.compile("[\t-\r \x85\u2028\u2029]+")
VISITOR = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# The look-behind lets a match start at the edge of a word only, which keeps the
# search linear on long words without an "@".
MASKED_EMAIL = re.compile(
    r"(?<![\w.+%'-])[\w.+%'-]+(?:@|%(?:25)*40)[\w-]+(?:\.[\w-]+)+"
)
EMAIL_NAME = r"[^\s@<>()\[\]\\,;:\".]+(?:\.[^\s@<>()\[\]\\,;:\".]+)*"
EMAIL_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
EMAIL = re.compile(rf"{EMAIL_NAME}@(?:{EMAIL_LABEL}\.)+(?!\d+\Z){EMAIL_LABEL}")


def strip_unprintable(text: str) -> str:
    """Text without NUL, control and bidi characters and lone surrogates."""
    # Nothing that is taken out is printable to Python, and most text is.
    return text if text.isprintable() else UNPRINTABLE.sub("", text)


def clean_text(value: str, limit: int) -> str:
    """Text on one line that every database takes, cut to ``limit`` code points."""
    if not value.isprintable() or "  " in value:
        value = strip_unprintable(WHITESPACE.sub(" ", value))

    value = value.strip()
    return value if len(value) <= limit else value[:limit].rstrip()


def mask_emails(text: str) -> str:
    """Text with ``[email]`` in the place of each email address."""
    if "@" not in text and "40" not in text:
        return text

    return MASKED_EMAIL.sub("[email]", text)


def clean_masked(value: str, limit: int) -> str:
    """Like :func:`clean_text`, with no email address in it, also not one in hiding."""
    return clean_text(mask_emails(clean_text(value, len(value))), limit)


def clean_visitor(value: object) -> str:
    """A visitor's id, a UUID of any version, in its canonical lower-case form.

    :raises RequestRefused: 400 ``"bad-visitor"``.
    """
    if not isinstance(value, str) or not VISITOR.fullmatch(value.lower()):
        raise RequestRefused(400, "bad-visitor")

    return value.lower()


def clean_email(value: object) -> str:
    """An email address like ``name@host.tld``, trimmed and lower-cased.

    :raises RequestRefused: 400 ``"bad-email"``.
    """
    if not isinstance(value, str):
        raise RequestRefused(400, "bad-email")

    email = value.strip(" \t\r\n").lower()

    if len(email) > EMAIL_LIMIT or UNPRINTABLE.search(email):
        raise RequestRefused(400, "bad-email")

    if not EMAIL.fullmatch(email):
        raise RequestRefused(400, "bad-email")

    return email
