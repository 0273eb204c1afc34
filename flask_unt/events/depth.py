"""Events that go too deep, cut out of a batch before it is decoded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from dataclasses import field

from ..errors import RequestRefused

# How deep a decoder can go differs between Pythons; this much every one can.
DEPTH_LIMIT = 100
EVENTS_KEY = '"events"'
EVENTS_DEPTH = 2
TOO_DEEP = "too-deep"
# It also takes a string that never ends, or many of these would cost n² steps.
TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


def without_deep_events(text: str) -> str:
    """The JSON of a batch, with the text ``"too-deep"`` for each such event.

    :raises RequestRefused: 400 ``"too-deep"``, where the depth is not in one event.
    """
    if text.count("[") + text.count("{") <= DEPTH_LIMIT:
        return text

    parts: list[str] = []
    end = 0

    for first, last in _deep_events(text):
        parts += text[end:first], f'"{TOO_DEEP}"'
        end = last

    return "".join((*parts, text[end:]))


def _deep_events(text: str) -> list[tuple[int, int]]:
    scan = _Scan()

    for token in TOKEN.finditer(text):
        if token[0] in "[{":
            scan.open(token.start())
        elif token[0] in "]}":
            scan.close(token.end())
        elif scan.depth == 1:
            scan.key = token[0]

    if scan.deepest > DEPTH_LIMIT:
        raise RequestRefused(400, TOO_DEEP)

    return scan.deep


@dataclass(slots=True)
class _Scan:
    """Where a pass over the brackets is: no stack, however deep they go."""

    depth: int = 0
    key: str = ""
    in_events: bool = False
    first: int = 0
    deepest: int = 0
    deep: list[tuple[int, int]] = field(default_factory=list)

    def open(self, start: int) -> None:
        if self.depth == 1:
            self.in_events = self.key == EVENTS_KEY
        elif self.depth == EVENTS_DEPTH:
            self.first, self.deepest = start, 0

        self.depth += 1
        self.deepest = max(self.deepest, self.depth)

        if self.depth > DEPTH_LIMIT and not self.in_events:
            raise RequestRefused(400, TOO_DEEP)

    def close(self, end: int) -> None:
        self.depth -= 1

        if self.depth == EVENTS_DEPTH and self.deepest > DEPTH_LIMIT:
            self.deep.append((self.first, end))
            self.deepest = 0
