"""The first screen in words: one sentence and four figures."""

from __future__ import annotations

from dataclasses import dataclass

from ..store.reports import Overview
from .format import Change
from .format import change
from .format import compared
from .format import counted
from .format import duration
from .format import number
from .periods import Period


@dataclass(frozen=True, slots=True)
class Sentence:
    """ "412 people came in the last 7 days, …", of which ``bold`` is the people."""

    bold: str
    rest: str
    known: str
    here: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A number to read from afar; ``series`` is the column of the chart it selects."""

    label: str
    value: str
    change: Change | None
    series: str | None


def sentence_of(report: Overview, period: Period) -> Sentence:
    known = report.newly_known
    return Sentence(
        bold=counted(report.visitors, "person", "people"),
        rest=_came(report, period),
        known=f"{number(known)} became known." if known else "",
        here=_here(report.here_now),
    )


def figures_of(report: Overview, period: Period) -> tuple[Figure, ...]:
    before = report.previous
    columns = (
        ("Visitors", report.visitors, before.visitors, number, "visitors"),
        ("Views", report.views, before.views, number, "views"),
        (
            "Engaged time",
            report.engaged_ms_median,
            before.engaged_ms_median,
            duration,
            None,
        ),
        ("Newly known", report.newly_known, before.newly_known, number, None),
    )
    return tuple(
        Figure(
            label,
            spoken(value),
            change(value, earlier) if period.comparable else None,
            series,
        )
        for label, value, earlier, spoken, series in columns
    )


def _came(report: Overview, period: Period) -> str:
    came = f"came {period.range.words}"
    than = compared(report.visitors, report.previous.visitors, period.range.before)
    return f"{came}, {than}." if than and period.comparable else f"{came}."


def _here(people: int) -> str:
    if not people:
        return "Nobody is here now."

    return f"{number(people)} {'is' if people == 1 else 'are'} here now."
