"""Who is meant by an email address or a visitor's uuid."""

from __future__ import annotations

from ..errors import RequestRefused
from ..errors import UNTError
from ..events import clean_email
from ..events import clean_visitor


def parse_email(email: str) -> str:
    """An email address, as it is stored.

    :raises UNTError: it is none.
    """
    try:
        return clean_email(email)
    except RequestRefused:
        raise UNTError(f"This is no email address: {email!r}.") from None


def parse_who(who: str) -> tuple[str | None, str]:
    """A visitor's uuid and "", or None and an email.

    :raises UNTError: it is neither.
    """
    try:
        return clean_visitor(who.strip()), ""
    except RequestRefused:
        pass

    try:
        return None, clean_email(who)
    except RequestRefused:
        raise UNTError("Give an email address, or the uuid of a visitor.") from None
