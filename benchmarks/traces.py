"""What a page's main thread did, read from the trace that Chromium writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline"]
SCRIPTING = {"EvaluateScript", "FunctionCall", "RunMicrotasks", "TimerFire"}
LONG_TASK_MS = 50
AFTER_LOAD_MS = 4000

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Load:
    """One page load: ms of CPU, and how often what should not happen did."""

    scripts: float
    all_tasks: float
    long_tasks: int
    layouts: int


class Trace:
    """The events of the main thread that showed ``url``."""

    def __init__(self, written: bytes, url: str) -> None:
        events = json.loads(written)["traceEvents"]
        process, self._began = _committed(events, url)
        threads = {
            event["tid"]
            for event in events
            if event["pid"] == process
            and event["name"] == "thread_name"
            and event["args"]["name"] == "CrRendererMain"
        }
        self._events = sorted(
            (
                event
                for event in events
                if event["pid"] == process
                and event["tid"] in threads
                and event.get("ph") == "X"
                and event["ts"] >= self._began
            ),
            key=lambda event: (event["ts"], -event["dur"]),
        )

    def load(self) -> Load:
        """What loading the page cost, up to four seconds after."""
        early = [event for event in self._events if self._age(event) < AFTER_LOAD_MS]
        tasks = [event for event in early if event["name"] == "RunTask"]
        scripts = [*_outermost(early)]

        return Load(
            scripts=sum(map(_cost, scripts)),
            all_tasks=sum(map(_cost, tasks)),
            long_tasks=sum(_cost(task) > LONG_TASK_MS for task in tasks),
            layouts=sum(_within(event, scripts) for event in early if _lays_out(event)),
        )

    def ticks(self) -> list[float]:
        """What each later call of a timer cost, in ms."""
        return [
            _cost(event)
            for event in _outermost(self._events)
            if event["name"] == "TimerFire" and self._age(event) > AFTER_LOAD_MS
        ]

    def _age(self, event: Event) -> float:
        return float(event["ts"] - self._began) / 1000


def _committed(events: list[Event], url: str) -> tuple[int, int]:
    """The process that showed the address, and since when."""
    for event in events:
        data = event.get("args", {}).get("data", {})

        if event["name"] == "FrameCommittedInBrowser" and data.get("url") == url:
            return data["processId"], event["ts"]

    raise SystemExit(f"The trace does not say who showed {url}.")


def _cost(event: Event) -> float:
    """CPU time in ms: what else the machine does is not the page's fault."""
    return float(event["tdur"]) / 1000


def _outermost(events: list[Event]) -> Iterator[Event]:
    end = 0

    for event in events:
        if event["name"] in SCRIPTING and event["ts"] >= end:
            end = event["ts"] + event["dur"]
            yield event


def _lays_out(event: Event) -> bool:
    return event["name"] in {"Layout", "UpdateLayoutTree"}


def _within(event: Event, others: list[Event]) -> bool:
    return any(
        other["ts"] <= event["ts"] < other["ts"] + other["dur"] for other in others
    )
