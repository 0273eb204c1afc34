"""Tokens that came with a batch: each is a proof of who the visitor is, or refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..events import Batch
from ..events import Event
from ..events import Identify
from ..events import Proof
from ..events import Rejected
from ..state import State
from ..state import read_token

BAD_TOKEN = "bad-token"


def prove(state: State, batch: Batch, now: int) -> Batch:
    """The batch with proofs in the place of its tokens; bad ones are rejected."""
    if not any(isinstance(event, Identify) for event in batch.events):
        return batch

    rejected = {event.index: event for event in batch.rejected}
    events: list[Event] = []

    for index, event in zip(_places(batch), batch.events, strict=True):
        proven = _proof(state, event, now) if isinstance(event, Identify) else event

        if proven is None:
            rejected[index] = Rejected(index, BAD_TOKEN)
        else:
            events.append(proven)

    in_order = tuple(rejected[index] for index in sorted(rejected))
    return replace(batch, events=tuple(events), rejected=in_order)


def _places(batch: Batch) -> Iterator[int]:
    """Where in the batch each of its taken events was."""
    taken = {event.index for event in batch.rejected}
    count = len(batch.events) + len(taken)
    return (index for index in range(count) if index not in taken)


def _proof(state: State, event: Identify, now: int) -> Proof | None:
    user = read_token(state, event.token, now)

    if user is None:
        return None

    return Proof(event.key, event.id, event.visitor, event.time, user.email, user.id)
