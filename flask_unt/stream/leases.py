"""Who does what alone, and which workers live."""

from __future__ import annotations

from typing import Any

from .reach import Reach
from .scripts import DROP
from .scripts import RENEW
from .scripts import run_script


class Leases(Reach):
    """Leases that expire by themselves, and workers' signs of life."""

    def lease(self, name: str, owner: str, ttl_ms: int) -> bool:
        """Take a lease that nobody holds."""
        with self._patient() as client:
            return bool(client.set(self._lease(name), owner, nx=True, px=ttl_ms))

    def renew(self, name: str, owner: str, ttl_ms: int) -> bool:
        """Extend a lease; False if it was lost."""
        with self._patient() as client:
            return bool(run_script(client, RENEW, (self._lease(name),), owner, ttl_ms))

    def drop(self, name: str, owner: str) -> None:
        """Give a lease back if it is still the owner's."""
        with self._patient() as client:
            run_script(client, DROP, (self._lease(name),), owner)

    def leased(self, name: str) -> bool:
        """Tell whether somebody holds the lease."""
        with self._patient() as client:
            return bool(client.exists(self._lease(name)))

    def beat(self, worker: str, ttl_ms: int) -> None:
        """Show this worker as alive for ``ttl_ms``."""
        with self._patient() as client:
            client.set(self._name(f"worker:{worker}"), 1, px=ttl_ms)
            client.sadd(self._name("workers"), worker)

    def rest(self, worker: str) -> None:
        """Show this worker as gone."""
        with self._patient() as client:
            client.delete(self._name(f"worker:{worker}"))
            client.srem(self._name("workers"), worker)

    def _live_workers(self, client: Any) -> tuple[str, ...]:
        names = sorted(name.decode() for name in client.smembers(self._name("workers")))
        beats = client.mget([self._name(f"worker:{n}") for n in names]) if names else []
        live = {name: beat is not None for name, beat in zip(names, beats, strict=True)}

        if gone := [name for name in names if not live[name]]:
            client.srem(self._name("workers"), *gone)

        return tuple(name for name in names if live[name])

    def _lease(self, name: str) -> str:
        return self._name(f"lease:{name}")
