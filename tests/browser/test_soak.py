"""What browsers recorded is in the database once, after hours of bad weather.

``make soak`` runs fifty sessions; SOAK_SESSIONS and SOAK_SEED say how many, and which.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from happenings import open_store
from soak import Soak

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SESSIONS = int(os.environ.get("SOAK_SESSIONS", "2"))
SEED = int(os.environ.get("SOAK_SEED", "7"))


@pytest.mark.timeout(300 + 60 * SESSIONS)
def test_each_view_recorded_is_stored_once(
    serve: Callable[..., Any],
    launch: Callable[..., Any],
    tmp_path: Path,
    note: Callable[[str], None],
) -> None:
    """But for those that wait in a browser which never came back."""
    database = f"sqlite:///{tmp_path / 'site.db'}"
    site = serve(
        "example_app:create_app()",
        environment={"DATABASE_URL": database, "SECRET_KEY": "of the soak"},
        arguments=("--threads", "8"),
    )
    print(f"SOAK_SEED={SEED}")
    browser = launch(without=["--disable-back-forward-cache"]).browser
    ledger = Soak(browser, site, SEED).run(SESSIONS)
    kinds, in_visits = _stored(f"sqlite:///{tmp_path / 'unt.db'}")
    lost = ledger.recorded - kinds.keys()
    note(
        f"soak, seed {SEED}, {SESSIONS} sessions:"
        f" {len(ledger.recorded)} views recorded, {len(kinds)} stored,"
        f" {len(lost)} wait in browsers that never came back"
        f" ({_listed(Counter(kinds.values()))}; {_listed(ledger.done)})"
    )

    assert ledger.recorded
    assert lost <= ledger.waiting
    assert kinds.keys() <= ledger.recorded
    assert in_visits == len(kinds)


def _stored(url: str) -> tuple[dict[bytes, str], int]:
    """The kind of each view in the database, and how many the visits say there are."""
    with open_store(url) as store:
        store.catch_up()

    engine = sa.create_engine(url, poolclass=sa.NullPool)

    with engine.connect() as connection:
        views = connection.execute(sa.text("SELECT id, kind FROM unt_page_view"))
        kinds = {bytes(key): kind for key, kind in views}
        visits = connection.execute(sa.text("SELECT sum(views) FROM unt_visit"))

        return kinds, visits.scalar_one()


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{counts[name]} {name}" for name in sorted(counts))
