"""What a dashboard URL asks for, whatever somebody typed into it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_unt.dashboard.clock import Clock
from flask_unt.dashboard.filters import SORTS
from flask_unt.dashboard.filters import PeopleQuery
from flask_unt.dashboard.filters import is_id
from flask_unt.dashboard.filters import parse_cursor
from flask_unt.dashboard.filters import parse_next
from flask_unt.dashboard.filters import parse_number
from flask_unt.dashboard.filters import parse_people
from flask_unt.dashboard.filters import parse_period
from flask_unt.dashboard.filters import parse_text

NOON = 1_790_000_000_000 - 1_790_000_000_000 % 86_400_000 + 43_200_000
DAY = 86_400_000
BELOW = "/k3/dashboard"


@pytest.mark.parametrize(
    ("name", "days"),
    [("today", 1), ("7d", 7), ("30d", 30), ("12m", 365), ("", 7), ("3 weeks", 7)],
)
def test_a_range_is_whole_days_up_to_now(name: str, days: int) -> None:
    period = parse_period({"range": name}, Clock("UTC", NOON))

    assert period.until == NOON + 1
    assert period.since == NOON - DAY // 2 - (days - 1) * DAY


def test_days_are_those_of_the_sites_clock() -> None:
    """At noon UTC it is already the next day's first hour in Kiritimati, UTC+14."""
    period = parse_period({"range": "today"}, Clock("Pacific/Kiritimati", NOON))

    assert NOON - period.since == 2 * 3_600_000


def test_a_day_that_just_began_is_not_compared() -> None:
    clock = Clock("UTC", NOON)

    assert not parse_period({"range": "today"}, clock).comparable
    assert parse_period({"range": "7d"}, clock).comparable


def test_without_parameters_the_latest_come_first() -> None:
    assert parse_people({}) == PeopleQuery("", "last_access", True, 1)


def test_names_are_sorted_from_a_to_z_unless_asked() -> None:
    assert not parse_people({"sort": "email"}).descending
    assert parse_people({"sort": "email", "order": "desc"}).descending


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("3", 3),
        ("0", 1),
        ("-2", 1),
        ("", 1),
        ("1e9", 1),
        ("²", 1),
        ("٣", 1),
        ("9999999999", 1_000_000),
        ("9" * 5_000, 1),
    ],
)
def test_pages_out_of_range_are_the_nearest(value: str, number: int) -> None:
    assert parse_people({"page": value}).page == number


@pytest.mark.parametrize("value", ["", "x", "-1", "9" * 5_000, "²"])
def test_what_is_no_number_is_nobodys(value: str) -> None:
    assert not is_id(parse_number(value))
    assert is_id(parse_number("7"))
    assert not is_id(2**63)


def test_search_text_is_printable_and_short() -> None:
    assert parse_text(" a\x00b\ud800c\u202ed ", 200) == "abcd"
    assert len(parse_text("x" * 9_000, 200)) == 200


@given(st.dictionaries(st.sampled_from(["q", "sort", "order", "page"]), st.text()))
def test_any_query_is_answered_and_its_url_leads_back(
    args: dict[str, str],
) -> None:
    query = parse_people(args)
    again = parse_people({name: str(value) for name, value in query.args().items()})

    assert query.sort in SORTS
    assert again == query


def test_a_column_clicked_twice_turns_around() -> None:
    query = PeopleQuery(sort="visits", page=3)

    assert query.sorted_by("visits") == {"sort": "visits", "order": "asc"}
    assert query.sorted_by("views") == {"sort": "views"}
    assert query.sorted_by("last_access") == {}


def test_a_search_survives_sorting_and_paging() -> None:
    query = PeopleQuery(search="ana")

    assert query.sorted_by("email") == {"q": "ana", "sort": "email"}
    assert query.args(page=2) == {"q": "ana", "page": 2}


@pytest.mark.parametrize("value", ["", "é", "x" * 201])
def test_what_cannot_be_a_cursor_is_none(value: str) -> None:
    assert parse_cursor({"before": value}) is None


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "https://evil.example/k3/dashboard",
        "//evil.example/k3/dashboard",
        "/\\evil.example",
        "/k3/dashboard\\..\\",
        "javascript:alert(1)",
        "/k3/dashboardish",
        "/other",
    ],
)
def test_signing_in_never_leads_elsewhere(value: str | None) -> None:
    assert parse_next(value, BELOW) == BELOW


def test_signing_in_leads_on_to_what_was_asked_for() -> None:
    assert parse_next(f"{BELOW}/users?q=ana", BELOW) == f"{BELOW}/users?q=ana"
