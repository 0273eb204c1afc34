from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flask_unt.cleaning import UNPRINTABLE
from flask_unt.cleaning import WHITESPACE
from flask_unt.cleaning import clean_masked
from flask_unt.cleaning import clean_text
from flask_unt.cleaning import strip_unprintable

ANY_TEXT = st.text(st.characters()) | st.text("a ") | st.text("a \t\0")


@given(ANY_TEXT, st.integers(0, 12))
def test_text_that_needs_no_cleaning_is_not_cleaned(text: str, limit: int) -> None:
    """The short way gives what the long one does."""
    long_way = UNPRINTABLE.sub("", WHITESPACE.sub(" ", text))

    assert clean_text(text, limit) == long_way.strip()[:limit].rstrip()
    assert strip_unprintable(text) == UNPRINTABLE.sub("", text)


def test_nothing_that_is_taken_out_is_printable() -> None:
    """Or the short way would leave it in, on some newer Python."""
    taken_out = [
        character
        for character in map(chr, range(0x110000))
        if UNPRINTABLE.match(character) or WHITESPACE.match(character)
    ]

    assert [c for c in taken_out if c.isprintable()] == [" "]


def test_no_address_hides_behind_what_is_taken_out() -> None:
    for hidden in ("alice\u200e@site.example", "alice@site\0.example", "a\u202e@b.cd"):
        assert clean_masked(f"To {hidden}", 255) == "To [email]"
