"""The first steps of a new site, until its first view is there."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from ..doctor import Refusal
from ..doctor import refusals
from ..state import State
from ..store.reports import Overview


@dataclass(frozen=True, slots=True)
class Start:
    """What is there already; ``refused`` is why views do not arrive, if any came."""

    prefix: str
    inject: bool
    first_view: bool
    refused: tuple[Refusal, ...]


def start_of(state: State, overview: Overview) -> Start:
    return Start(
        prefix=request.script_root + state.settings.prefix,
        inject=state.settings.inject,
        first_view=overview.first_view_at is not None,
        refused=refusals(state.counts.read())[:1],
    )
