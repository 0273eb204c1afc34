"""Marks of entries that are tried with care, as they may end whoever tries them."""

from __future__ import annotations

from collections.abc import Sequence

from .reach import Reach


class Tries(Reach):
    """A mark that is still there was made by a worker that ended over its entry."""

    def begin_try(self, ids: Sequence[bytes]) -> None:
        """Count one more try of these entries."""
        with self._patient() as client:
            transaction = client.pipeline(transaction=True)

            for id in ids:
                transaction.hincrby(self._name("tries"), id, 1)

            transaction.execute()

    def end_try(self, ids: Sequence[bytes]) -> None:
        """Forget the tries of these entries: whoever tried them is still there."""
        with self._patient() as client:
            client.hdel(self._name("tries"), *ids)

    def tries(self, ids: Sequence[bytes]) -> dict[bytes, int]:
        """How often each of these entries was tried by somebody who then ended."""
        with self._patient() as client:
            counts = client.hmget(self._name("tries"), ids)

        return {id: int(count or 0) for id, count in zip(ids, counts, strict=True)}
