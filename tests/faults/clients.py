"""Browsers: threads that make events and send them until they are answered."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
import uuid
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

from faults import HOST
from faults import PREFIX
from faults.ledger import Ledger

VISITORS = 60
HEADERS = {
    "Content-Type": "text/plain",
    "Origin": f"http://{HOST}",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0",
}
ANSWER_SECONDS = 10
PATIENCE = 240.0
PATHS = [f"/{name}" for name in "home info contact shop cart about help news".split()]


class Memory:
    """What the browsers of a run share: their visitors, and what they sent."""

    def __init__(self, rng: random.Random) -> None:
        self.visitors = [
            str(uuid.UUID(int=rng.getrandbits(128), version=4)) for _ in range(VISITORS)
        ]
        self._rng = rng
        self._lock = threading.Lock()
        self._times: set[tuple[str, int]] = set()
        self._sent: list[dict[str, Any]] = []

    def batch(self) -> list[dict[str, Any]]:
        """One to ten events, mostly of one visitor; some were sent before."""
        with self._lock:
            visitor = self._rng.choice(self.visitors)
            events = [self._event(visitor) for _ in range(self._rng.randint(1, 10))]

            if self._sent and self._rng.random() < 0.2:
                events.append(self._rng.choice(self._sent[-200:]))

            self._sent += events
            return events

    def batches(self, count: int) -> list[dict[str, Any]]:
        """The events of several batches."""
        return [event for _ in range(count) for event in self.batch()]

    def _event(self, visitor: str) -> dict[str, Any]:
        kind = self._rng.random()

        if kind < 0.15 and (leave := self._leave(visitor)):
            return leave

        return self._custom(visitor) if kind < 0.25 else self._view(visitor)

    def _view(self, visitor: str) -> dict[str, Any]:
        path = self._rng.choice(PATHS)

        return {
            **self._made("view", visitor),
            "url": f"http://{HOST}{path}",
            "title": f"Page {path}",
            "kind": "load",
            "width": 1280,
        }

    def _custom(self, visitor: str) -> dict[str, Any]:
        return {**self._made("event", visitor), "name": "signup", "props": {"a": 1}}

    def _leave(self, visitor: str) -> dict[str, Any] | None:
        views = [
            event
            for event in self._sent[-300:]
            if event["type"] == "view"
            and event["visitor"] == visitor
            and len(event["id"]) == 36
        ]

        if not views:
            return None

        return {
            "type": "leave",
            "view": self._rng.choice(views)["id"],
            "visitor": visitor,
            "time": now_ms(),
            "engaged": self._rng.randrange(1, 60_000),
            "scroll": self._rng.randrange(101),
        }

    def _made(self, type: str, visitor: str) -> dict[str, Any]:
        moment = self._moment(visitor)
        id = self._uuid7(moment) if self._rng.random() < 0.9 else self._word()

        return {"type": type, "id": id, "visitor": visitor, "time": moment, "tz": 60}

    def _moment(self, visitor: str) -> int:
        """A time within the last hours that the visitor has no other event at."""
        while True:
            moment = now_ms() - self._rng.randrange(1, 4 * 3_600_000)

            if (visitor, moment) not in self._times:
                self._times.add((visitor, moment))
                return moment

    def _uuid7(self, moment: int) -> str:
        bits = moment << 80 | self._rng.getrandbits(80)
        bits = bits & ~(0xF << 76) | 0x7 << 76
        bits = bits & ~(0x3 << 62) | 0x2 << 62

        return str(uuid.UUID(int=bits))

    def _word(self) -> str:
        return f"{self._rng.getrandbits(60):x}-word"


class Crowd:
    """``threads`` browsers that send to these ports and write into the ledger."""

    def __init__(
        self, ledger: Ledger, ports: Sequence[int], seed: int, threads: int = 8
    ) -> None:
        self._ledger = ledger
        self._ports = ports
        self._rng = random.Random(seed)
        self._memory = Memory(random.Random(self._rng.random()))
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._browse, args=(self._rng.random(),))
            for _ in range(threads)
        ]

    def start(self) -> Crowd:
        for thread in self._threads:
            thread.start()

        return self

    def stop(self) -> None:
        """Make no new events; return when all that were made are acknowledged."""
        self._over.set()

        for thread in self._threads:
            thread.join(PATIENCE)

        if any(thread.is_alive() for thread in self._threads):
            raise RuntimeError(f"Events are still refused: {self._ledger.odd[-3:]}")

    def _browse(self, seed: float) -> None:
        rng = random.Random(seed)

        while not self._over.is_set():
            deliver(self._ledger, self._ports, self._memory.batch(), rng)


def deliver(
    ledger: Ledger,
    ports: Sequence[int],
    events: list[dict[str, Any]],
    rng: random.Random | None = None,
) -> None:
    """Send a batch to one of these ports after the other, until one takes it."""
    rng = rng or random.Random(1)
    end = time.monotonic() + PATIENCE
    wait = 0.05

    while time.monotonic() < end:
        ledger.trying(events)
        status, answer = post(rng.choice(ports), events)
        ledger.answered(status, answer)

        if status == 202:
            _note(ledger, events, answer)
            return

        time.sleep(wait * rng.uniform(0.5, 1))
        wait = min(wait * 2, 1.0)

    raise RuntimeError(f"A batch was not taken: {status} {answer[:200]!r}")


def _note(ledger: Ledger, events: list[dict[str, Any]], answer: bytes) -> None:
    """Only what is accepted is promised."""
    said = json.loads(answer)
    refused = {one["index"] for one in said["rejected"]}

    if refused:
        ledger.odd.append(answer[:200].decode())

    ledger.promised(event for index, event in enumerate(events) if index not in refused)


def post(
    port: int,
    events: Sequence[dict[str, Any]],
    *,
    path: str = "/e",
    body: dict[str, Any] | None = None,
) -> tuple[int, bytes]:
    """Send a batch; the status, 0 where no answer came, and the answer."""
    batch = body or {"v": 1, "sent": now_ms(), "events": list(events)}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)

    try:
        connection.request(
            "POST",
            PREFIX + path,
            json.dumps(batch),
            {**HEADERS, **who(events)},
        )
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        return 0, repr(error).encode()
    finally:
        connection.close()


def who(events: Sequence[dict[str, Any]]) -> dict[str, str]:
    """One visitor in four is signed in, always as the same user."""
    number = int(events[0]["visitor"][:8], 16) if events else 1

    return {"X-User": f"user{number % 9}@shop.example"} if number % 4 == 0 else {}


def until(condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Wait, for minutes on a busy machine."""
    end = time.monotonic() + patience

    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"This did not come: {what}.")

        time.sleep(0.05)


def now_ms() -> int:
    return time.time_ns() // 1_000_000
