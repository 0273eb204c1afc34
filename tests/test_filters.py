"""What a dashboard URL asks for, whatever somebody typed into it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_unt.dashboard.clock import Clock
from flask_unt.dashboard.filters import is_id
from flask_unt.dashboard.filters import parse_cursor
from flask_unt.dashboard.filters import parse_next
from flask_unt.dashboard.filters import parse_number
from flask_unt.dashboard.filters import parse_text
from flask_unt.dashboard.people_query import SORTS
from flask_unt.dashboard.people_query import PeopleQuery
from flask_unt.dashboard.people_query import parse_people
from flask_unt.dashboard.periods import moments_of
from flask_unt.dashboard.periods import parse_period
from flask_unt.dashboard.periods import span_words

NOON = 1_790_000_000_000 - 1_790_000_000_000 % 86_400_000 + 43_200_000
DAY = 86_400_000
CLOCK = Clock("UTC", NOON)
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
    assert parse_people({}, CLOCK) == PeopleQuery()


def test_names_are_sorted_from_a_to_z_unless_asked() -> None:
    assert not parse_people({"sort": "email"}, CLOCK).descending
    assert parse_people({"sort": "email", "order": "desc"}, CLOCK).descending


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
    assert parse_people({"page": value}, CLOCK).page == number


@pytest.mark.parametrize("value", ["", "x", "-1", "9" * 5_000, "²"])
def test_what_is_no_number_is_nobodys(value: str) -> None:
    assert not is_id(parse_number(value))
    assert is_id(parse_number("7"))
    assert not is_id(2**63)


def test_search_text_is_printable_and_short() -> None:
    assert parse_text(" a\x00b\ud800c\u202ed ", 200) == "abcd"
    assert len(parse_text("x" * 9_000, 200)) == 200


PARAMETERS = (
    *("q", "who", "seen", "first", "known", "came", "visited", "did", "device"),
    *("country", "kind", "own", "team", "sort", "order", "page", "clock"),
)
VALUES = st.one_of(
    st.text(),
    st.sampled_from(["anonymous", "7d", "2026-09-01..2026-09-03", "verified", "a:b"]),
    st.sampled_from(["1", "email", "column:plan", "asc", "desc", "visitor"]),
)


@given(st.dictionaries(st.sampled_from(PARAMETERS), VALUES))
def test_any_query_is_answered_and_its_url_leads_back(
    args: dict[str, str],
) -> None:
    query = parse_people(args, CLOCK)
    url = {name: str(value) for name, value in query.args().items()}
    chips = query.chips(CLOCK)

    assert query.sort in SORTS or query.sort.startswith("column:")
    assert parse_people(url, CLOCK) == query
    assert query.filter(CLOCK) is not None

    for chip in chips:
        without = {name: str(value) for name, value in chip.without.items()}
        assert len(parse_people(without, CLOCK).chips(CLOCK)) == len(chips) - 1


def test_filters_are_chips_that_lead_to_the_list_without_them() -> None:
    args = {"q": "ana", "visited": "7", "seen": "7d", "page": "3", "sort": "visits"}
    chips = parse_people(args, CLOCK).chips(CLOCK, "Home")

    assert [chip.words for chip in chips] == [
        "Last seen in the last 7 days",
        "“ana”",
        "Visited Home",
    ]
    assert chips[0].without == {"q": "ana", "visited": "7", "sort": "visits"}


def test_a_page_is_asked_for_by_its_number_or_its_path() -> None:
    assert parse_people({"visited": "7"}, CLOCK).filter(CLOCK).page == 7
    assert parse_people({"visited": "/a b"}, CLOCK).filter(CLOCK).page == "/a b"
    assert parse_people({}, CLOCK).filter(CLOCK).page is None


@pytest.mark.parametrize(
    ("span", "days"),
    [
        ("7d", (6, 0)),
        ("2026-09-20", (1, 1)),
        ("2026-09-20..2026-09-21", (1, 0)),
        ("2026-09-21..2026-09-19", (2, 0)),
        ("2026-09-21..9999-01-01", (0, 0)),
    ],
)
def test_a_span_is_whole_days_none_of_them_to_come(
    span: str, days: tuple[int, int]
) -> None:
    midnight = NOON - DAY // 2
    since, last = (midnight - day * DAY for day in days)
    until = min(last + DAY, NOON + 1)

    assert moments_of(span, CLOCK) == (since, until)
    assert span_words(span, CLOCK)


@pytest.mark.parametrize("span", ["", "x", "2026-13-01", "..", "2026-09-20..x", "٣"])
def test_what_is_no_span_is_none(span: str) -> None:
    assert moments_of(span, CLOCK) is None
    assert span_words(span, CLOCK) == ""


def test_days_of_ones_own_are_a_range() -> None:
    args = {"from": "2026-09-01", "to": "2026-09-10"}
    period = parse_period(args, CLOCK)

    assert period.until - period.since == 10 * DAY
    assert period.range.words == "from 1 Sep to 10 Sep"
    assert period.range.before == "the 10 days before"
    assert period.args() == args
    assert parse_period({"from": "x", "to": "2026-09-10"}, CLOCK).range.name == "7d"
    assert not parse_period({**args, "compare": "0"}, CLOCK).comparable


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
