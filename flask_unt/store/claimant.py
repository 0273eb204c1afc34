"""Who tries rows of the inbox, and whether they may still be at it."""

from __future__ import annotations

import os
import secrets
import socket

LEASE_MS = 10_000


class Claimant:
    """Whoever of this process tries rows: one at a time."""

    def __init__(self) -> None:
        self._own = secrets.token_hex(4)
        self._host = socket.gethostname()[:64]

    @property
    def name(self) -> str:
        """What others know it by."""
        return f"{self._host}:{os.getpid()}:{self._own}"

    def has_ended(self, name: str | None, at: int | None, now: int) -> bool:
        """Whether who claimed rows at this time is surely not at them any more.

        A process of this machine is asked for; one of another has a while.
        """
        if name is None or at is None or name == self.name:
            return True

        host, pid, _ = name.rsplit(":", 2)

        if host == self._host and not _is_alive(int(pid)):
            return True

        return abs(now - at) >= LEASE_MS


def _is_alive(pid: int) -> bool:
    # Elsewhere that would be a signal, and not just a question.
    if os.name != "posix":
        return True

    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass

    return True
