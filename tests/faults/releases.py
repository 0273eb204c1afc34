"""A release that is not written yet: its entries say a version more.

Like the sabotage it changes our own code, in a process of its own: two releases are
never installed at once.
"""

from __future__ import annotations

import os

from flask_unt.events import entries


def pretend() -> None:
    """Be the next release where ``RELEASE=next`` says so."""
    if os.environ.get("RELEASE") != "next":
        return

    known = entries.ENTRY_VERSION
    entries.ENTRY_VERSION = known + 1
    entries.READABLE_VERSIONS = (known, known + 1)  # type: ignore[assignment]
