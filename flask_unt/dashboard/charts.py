"""Where the squares go: charts that are drawn as SVG by the templates."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import timedelta
from functools import lru_cache

from markupsafe import Markup
from markupsafe import escape

from .clock import MONTHS
from .format import counted

STEP = 13
LEVELS = 4
WEEKS = 53
MONTH_LABEL = 18


@dataclass(frozen=True, slots=True)
class Square:
    """One day; ``level`` from 0 (no views) to 4. Today's is ``running``."""

    x: int
    y: int
    level: int
    title: str
    running: bool = False

    @property
    def rect(self) -> str:
        """The square, not closed; with a dashed line while its day is running."""
        # A line lies on both sides of an edge.
        edge = 0.5 if self.running else 0
        size = 11 - 2 * edge
        kind = f"l{self.level} running" if self.running else f"l{self.level}"
        return (
            f'<rect class="{kind}" x="{self.x + edge}" y="{self.y + edge}"'
            f' width="{size}" height="{size}" rx="2.5">'
        )


@dataclass(frozen=True, slots=True)
class Label:
    x: int
    text: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """A year of days, a column per week, and the days with views once more to read."""

    width: int
    height: int
    squares: tuple[Square, ...]
    months: tuple[Label, ...]
    days: tuple[tuple[str, int], ...]


def strip(days: Sequence[int]) -> tuple[Square, ...]:
    """The last days in a row, today last."""
    highest = max(days, default=0)
    return tuple(
        Square(
            position * STEP,
            0,
            level(views, highest),
            counted(views, "view"),
            running=position == len(days) - 1,
        )
        for position, views in enumerate(days)
    )


@lru_cache(maxsize=4096)
def strip_svg(days: tuple[int, ...]) -> Markup:
    """The squares of :func:`strip`: a list has hundreds of them."""
    squares = "".join(f"{each.rect}</rect>" for each in strip(days))
    return Markup(
        f'<svg class="strip" viewBox="0 0 {len(days) * STEP - 2} 11" role="img"'
        f' aria-label="{strip_words(days)}">{squares}</svg>'
    )


def squares_svg(squares: Iterable[Square]) -> Markup:
    """The squares of a calendar: a year has hundreds of them."""
    return Markup(
        "".join(
            f"{each.rect}<title>{escape(each.title)}</title></rect>" for each in squares
        )
    )


def strip_words(days: Sequence[int]) -> str:
    active = sum(1 for views in days if views)
    return f"Active on {active} of the last {counted(len(days), 'day')}"


def calendar(days: Iterable[tuple[date, int]], today: date) -> Calendar:
    """The year that ends today; weeks start on Monday."""
    views = dict(days)
    highest = max(views.values(), default=0)
    first = today - timedelta(days=today.weekday(), weeks=WEEKS - 1)
    shown = [first + timedelta(days=n) for n in range((today - first).days + 1)]
    return Calendar(
        width=WEEKS * STEP,
        height=MONTH_LABEL + 7 * STEP,
        squares=tuple(
            _square(day, first, views.get(day, 0), highest, today) for day in shown
        ),
        months=tuple(_months(shown, first)),
        days=tuple(
            (_said(day, today), views[day]) for day in reversed(shown) if day in views
        ),
    )


def level(value: int, highest: int) -> int:
    """Which of the four shades a value has; a value at all is never empty."""
    if value <= 0:
        return 0

    return -(-LEVELS * value // highest)


def name_of(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def short_name_of(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]}"


def _said(day: date, today: date) -> str:
    return f"{name_of(day)}, so far" if day == today else name_of(day)


def _square(day: date, first: date, views: int, highest: int, today: date) -> Square:
    week, weekday = divmod((day - first).days, 7)
    title = f"{_said(day, today)}: {counted(views, 'view')}"
    y = MONTH_LABEL + weekday * STEP
    return Square(week * STEP, y, level(views, highest), title, day == today)


def _months(shown: Sequence[date], first: date) -> Iterable[Label]:
    """The months that begin within the chart, where their first day is."""
    for day in shown:
        week = (day - first).days // 7

        if day.day == 1 and week < WEEKS - 1:
            yield Label(week * STEP, MONTHS[day.month - 1])
