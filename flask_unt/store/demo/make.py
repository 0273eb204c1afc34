"""Write the story of the demo site to a store, day by day."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from flask_unt.events import Entry
from flask_unt.events import View

from .story import CROWD
from .story import DAY_MS
from .story import Crowd
from .story import Declared
from .story import Story
from .story import tell_story

if TYPE_CHECKING:
    from .. import Store


def make_demo(
    store: Store,
    now: int,
    *,
    weeks: int = 4,
    seed: int = 1,
    host: str = "127.0.0.1:5000",
    crowd: Crowd = CROWD,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write ``weeks`` of visits to ``host`` that end ``now``; how many views they have.

    Run again on the same day with the same ``seed``, it adds only what happened since.
    """
    story = tell_story(now, days=weeks * 7, seed=seed, host=host, crowd=crowd)
    done = 0

    for entries, declared in _days(story):
        store.write(entries, entries[-1].received)
        done += len(entries)

        for at, visitor, email in declared:
            store.declare_email(visitor, email, at)

        if progress is not None:
            progress(done, len(story.entries))

    return sum(
        isinstance(event, View) for entry in story.entries for event in entry.events
    )


def _days(story: Story) -> Iterator[tuple[list[Entry], list[Declared]]]:
    for day, entries in groupby(story.entries, lambda entry: entry.received // DAY_MS):
        yield list(entries), [one for one in story.declared if one[0] // DAY_MS == day]
