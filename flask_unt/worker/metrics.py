"""What all processes counted, in Prometheus's format."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from ..doctor import Look
from ..state import OUTCOMES

# A replay takes events off what was set aside: that is no counter.
COUNTED = tuple(outcome for outcome in OUTCOMES if outcome != "set_aside")
KIND = "text/plain; version=0.0.4; charset=utf-8"


def render(look: Look, is_alive: bool) -> tuple[str, bytes]:
    """The content type, and the text."""
    registry = CollectorRegistry()
    registry.register(_Figures(look, is_alive))

    return KIND, generate_latest(registry)


class _Figures(Collector):
    def __init__(self, look: Look, is_alive: bool) -> None:
        self._look = look
        self._is_alive = is_alive

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        look, figures = self._look, self._look.figures
        events = CounterMetricFamily(
            "unt_events", "Events by what became of them.", labels=["outcome"]
        )
        refused = CounterMetricFamily(
            "unt_refused", "Requests and events refused.", labels=["reason"]
        )

        dropped = CounterMetricFamily(
            "unt_dropped", "Events that browsers gave up.", value=figures.dropped
        )

        for outcome in COUNTED:
            events.add_metric([outcome], getattr(figures, outcome))

        for reason, count in sorted(figures.refused.items()):
            refused.add_metric([reason], count)

        yield events
        yield refused
        yield dropped
        yield _gauge("worker_alive", "1 while this worker shows life.", self._is_alive)
        yield _gauge(
            "database_writable", "1 while the database takes writes.", look.takes_writes
        )
        yield _gauge(
            "set_aside_events",
            "Events that the database refused and that wait for a replay.",
            sum(look.set_aside.values()),
        )
        yield from self._inbox()
        yield from self._stream()

    def _inbox(self) -> Iterator[Metric]:
        inbox = self._look.inbox

        if inbox is None:
            return

        yield _gauge("inbox_entries", "Entries in the database's inbox.", inbox.entries)
        yield _gauge(
            "inbox_oldest_seconds",
            "Age of the oldest entry in the inbox.",
            inbox.age(self._look.now) / 1000,
        )

    def _stream(self) -> Iterator[Metric]:
        stream, drained = self._look.stream, self._look.figures.last_drain

        if stream is None:
            return

        is_usable = stream.trouble is None and not self._look.is_foreign_queue
        yield _gauge("redis_usable", "1 while Redis takes entries.", is_usable)
        yield _gauge("waiting_entries", "Entries not yet written.", stream.waiting)
        yield _gauge("pending_entries", "Entries being written.", stream.pending)
        yield _gauge(
            "oldest_waiting_seconds",
            "Age of the oldest entry that waits.",
            (stream.oldest_ms or 0) / 1000,
        )
        yield _gauge("workers", "Workers that show life.", len(stream.workers))

        if drained is not None:
            yield _gauge(
                "last_drain_timestamp_seconds",
                "When entries were last written.",
                drained / 1000,
            )


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"unt_{name}", meaning, value=value)
