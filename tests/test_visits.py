from __future__ import annotations

import pytest

from flask_unt.store.visits import Part
from flask_unt.store.visits import TakeApart
from flask_unt.store.visits import group_parts

TIMEOUT = 30
ANN, BEN = 1, 2


def part(
    first: int,
    last: int | None = None,
    user: int | None = None,
    *,
    whole: bool = False,
    known: int | None = None,
    bot: bool = False,
) -> Part:
    """A view at a time, or a whole visit; ``known`` of its two views have the user."""
    last = first if last is None else last
    views = 2 if whole else 1

    return Part(
        visitor_id=1,
        first=(first, bytes([first])),
        last=(last, bytes([last])),
        user_id=user,
        views=views,
        user_views=known if known is not None else views * (user is not None),
        entry_page_id=first,
        exit_page_id=last,
        engaged_ms=10,
        bot=bot,
        team=False,
        description=(f"at {first}",),
        visit_id=bytes([first]) if whole else None,
        whole=whole,
    )


def grouped(*parts: Part) -> list[list[int]]:
    return [
        [one.first[0] for one in group.parts] for group in group_parts(parts, TIMEOUT)
    ]


def test_a_gap_longer_than_the_timeout_ends_a_visit() -> None:
    assert grouped(part(0), part(30), part(61)) == [[0, 30], [61]]


def test_the_order_of_arrival_does_not_matter() -> None:
    assert grouped(part(61), part(30), part(0)) == [[0, 30], [61]]


def test_a_view_between_joins_two_visits() -> None:
    first, second = part(0, 10, whole=True), part(50, 60, whole=True)

    assert grouped(first, second) == [[0], [50]]
    assert grouped(first, second, part(30)) == [[0, 30, 50]]


def test_another_user_starts_a_visit() -> None:
    assert grouped(part(0, user=ANN), part(1, user=BEN), part(2, user=ANN)) == [
        [0],
        [1],
        [2],
    ]


def test_views_of_nobody_stay_with_the_user_before() -> None:
    views = [part(0), part(1, user=ANN), part(2), part(3, user=BEN), part(4)]

    assert grouped(*views) == [[0, 1, 2], [3, 4]]


def test_a_visit_is_summed_up_from_its_parts() -> None:
    parts = [part(20), part(0, 10, ANN, whole=True, known=1), part(5, bot=True)]
    (group,) = group_parts(parts, TIMEOUT)
    visit = group.visit

    assert group.id == bytes([0])
    assert (visit.first[0], visit.last[0]) == (0, 20)
    assert (visit.entry_page_id, visit.exit_page_id) == (0, 20)
    assert (visit.views, visit.user_views, visit.user_id) == (4, 1, ANN)
    assert (visit.engaged_ms, visit.bot) == (30, True)
    assert visit.description == ("at 0",)


def test_another_user_inside_a_visit_takes_it_apart() -> None:
    with pytest.raises(TakeApart) as raised:
        grouped(part(0, 20, ANN, whole=True), part(10, user=BEN))

    assert raised.value.ids == {bytes([0])}


def test_a_user_before_a_visit_takes_it_apart_for_its_first_views() -> None:
    """Its views of nobody may belong to the visit before."""
    with pytest.raises(TakeApart) as raised:
        grouped(part(0, user=ANN), part(10, 20, BEN, whole=True, known=1))

    assert raised.value.ids == {bytes([10])}
    assert grouped(part(0, user=ANN), part(10, 20, BEN, whole=True)) == [[0], [10]]


def test_views_at_the_same_time_go_by_their_key() -> None:
    views = [part(0), part(0)]
    views[0] = Part(**{**_fields(views[0]), "first": (0, b"b"), "last": (0, b"b")})
    views[1] = Part(**{**_fields(views[1]), "first": (0, b"a"), "last": (0, b"a")})
    (group,) = group_parts(views, TIMEOUT)

    assert (group.id, group.visit.last[1]) == (b"a", b"b")


def _fields(one: Part) -> dict[str, object]:
    return {name: getattr(one, name) for name in Part._fields}
