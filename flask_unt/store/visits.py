"""The one rule for visits.

A visitor's views in the order of their time are one visit until there is a gap longer
than the timeout, or another user signs in. Visits that no new view touches inside are
taken whole; the others are taken apart into their views first. So a visit of any
length costs one row, and the result never depends on the order of arrival.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

Spot = tuple[int, bytes]


class Part(NamedTuple):
    """A run of one visitor's views that stay together: a whole visit, or one view.

    ``first`` and ``last`` are (time, key) of its views. ``visit_id`` is the visit they
    are stored with now, None for a view that is not stored yet.
    """

    visitor_id: int
    first: Spot
    last: Spot
    user_id: int | None
    views: int
    user_views: int
    entry_page_id: int
    exit_page_id: int
    engaged_ms: int
    bot: bool
    team: bool
    description: tuple[str | None, ...]
    visit_id: bytes | None
    whole: bool = False

    def joined(self, later: Part) -> Part:
        """Both in one, for a part that does not begin before this one."""
        end = self if self.last >= later.last else later

        # By place: this is run once for each view that is stored.
        return Part(
            self.visitor_id,
            self.first,
            end.last,
            self.user_id if self.user_id is not None else later.user_id,
            self.views + later.views,
            self.user_views + later.user_views,
            self.entry_page_id,
            end.exit_page_id,
            self.engaged_ms + later.engaged_ms,
            self.bot or later.bot,
            # Of a visit of several people, some may be of the team.
            self.team and later.team,
            self.description,
            self.visit_id,
            self.whole,
        )


class Group(NamedTuple):
    """The parts of one visit, and the visit as it shall be stored."""

    parts: tuple[Part, ...]
    visit: Part

    @property
    def id(self) -> bytes:
        """The visit's id: the key of its first view."""
        return self.visit.first[1]


class TakeApart(Exception):
    """These whole visits cannot stay whole."""

    def __init__(self, *parts: Part) -> None:
        super().__init__()
        self.ids = {part.visit_id for part in parts if part.whole and part.visit_id}


def group_parts(parts: Iterable[Part], timeout_ms: int) -> list[Group]:
    """The visits of one visitor.

    :raises TakeApart: some whole visits have to be taken apart first.
    """
    groups: list[Group] = []
    members: list[Part] = []
    visit: Part | None = None

    for part in sorted(parts, key=attrgetter("first")):
        if visit is None:
            members, visit = [part], part
        elif _belongs(visit, part, timeout_ms):
            members.append(part)
            visit = visit.joined(part)
        else:
            _check_apart(members, visit, part, timeout_ms)
            groups.append(Group(tuple(members), visit))
            members, visit = [part], part

    if visit is not None:
        groups.append(Group(tuple(members), visit))

    return groups


def _belongs(before: Part, part: Part, timeout_ms: int) -> bool:
    return part.first[0] - before.last[0] <= timeout_ms and (
        before.user_id is None or part.user_id is None or before.user_id == part.user_id
    )


def _check_apart(
    members: Sequence[Part], visit: Part, part: Part, timeout_ms: int
) -> None:
    """A change of user is only a border where neither side has views beyond it."""
    if part.first[0] - visit.last[0] > timeout_ms:
        return

    if part.first < visit.last:
        raise TakeApart(part, *members)

    # Views before that user signed in belong to the visit before.
    if part.whole and part.user_views < part.views:
        raise TakeApart(part)
