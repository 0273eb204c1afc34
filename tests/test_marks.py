from __future__ import annotations

import pytest

from flask_unt.events import Identity
from flask_unt.events import is_mark_of
from flask_unt.events import mark_of

KEY, VISITOR = b"key", "11111111-1111-4111-8111-111111111111"
ADA = Identity("ada@site.example", "7", "Ada")


def test_nobody_is_the_empty_mark():
    assert mark_of(KEY, VISITOR, None) == ""
    assert not is_mark_of("", KEY, VISITOR, ADA)


def test_a_mark_says_nothing_by_itself():
    mark = mark_of(KEY, VISITOR, ADA)
    assert len(mark) == 32
    assert is_mark_of(mark, KEY, VISITOR, ADA)


@pytest.mark.parametrize(
    ("key", "visitor", "user"),
    [
        (b"other", VISITOR, ADA),
        (KEY, VISITOR.replace("1", "2"), ADA),
        (KEY, VISITOR, Identity("ada@site.example", "8", "Ada")),
        (KEY, VISITOR, Identity("7", None, None)),
        (KEY, VISITOR, Identity(None, "ada@site.example", None)),
    ],
)
def test_a_mark_is_of_one_user_on_one_visitor_under_one_key(key, visitor, user):
    assert not is_mark_of(mark_of(KEY, VISITOR, ADA), key, visitor, user)


def test_a_mark_outlives_what_changes_about_an_account():
    moved = Identity("ada@new.example", "7", "A. L.")
    assert is_mark_of(mark_of(KEY, VISITOR, ADA), KEY, VISITOR, moved)
    before = Identity("ada@site.example", None, None)
    assert is_mark_of(mark_of(KEY, VISITOR, before), KEY, VISITOR, ADA)


def test_odd_text_is_no_trouble():
    odd = Identity(None, "ana\ud800", None)
    assert is_mark_of(mark_of(KEY, VISITOR, odd), KEY, VISITOR, odd)
    assert not is_mark_of("\ud800ü", KEY, VISITOR, odd)
