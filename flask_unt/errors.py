"""What can go wrong, one class for each way to go on."""

from __future__ import annotations

from collections.abc import Iterable


class UNTError(Exception):
    """Everything that Flask-UNT raises by itself."""


class ConfigError(UNTError):
    """A setting is wrong. The message is a sentence that says what to do."""


class RequestRefused(UNTError):
    """An HTTP request that is not taken in.

    :param status: the HTTP status of the answer.
    :param reason: a short word for the answer's body, such as ``"not-json"``.
    :param retry_after: seconds after which the browser may ask again.
    """

    def __init__(self, status: int, reason: str, retry_after: int | None = None):
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason
        self.retry_after = retry_after


class VisitorForgotten(UNTError):
    """These visitors were forgotten: nothing of theirs is stored again."""

    def __init__(self, visitors: Iterable[str]) -> None:
        super().__init__("This visitor was forgotten.")
        self.visitors = frozenset(visitors)


class StoreUnavailable(UNTError):
    """The database cannot be reached, or cannot be written to, now."""


class SchemaOutdated(StoreUnavailable):
    """The tables are those of another release: run ``flask unt init-db``."""


class WriteFailed(UNTError):
    """The database works, but refused this write."""


class MergeRefused(UNTError):
    """Two users cannot be merged, or not be parted. The message says why."""


class StreamUnavailable(UNTError):
    """Redis is not there, refuses, may evict keys, is full, or is another site's."""
