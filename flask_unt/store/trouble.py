"""What an error of the database means: its class alone does not tell."""

from __future__ import annotations

from flask_unt.errors import StoreUnavailable
from flask_unt.errors import WriteFailed

MYSQL_OUTAGES = (1021, 1114, 1290, 1792, 1836)
SQLITE_OUTAGES = ("disk is full", "disk I/O", "readonly database")


class Overtaken(WriteFailed):
    """Another transaction came in between: the same write, begun anew, sees it."""


def unavailable(error: BaseException) -> StoreUnavailable:
    """The same trouble as one sentence, without the statement and its values."""
    return StoreUnavailable(f"The database cannot be used now: {_words(error)}")


def refused(error: BaseException) -> WriteFailed:
    """A write that the database does not take, in the same way."""
    return WriteFailed(f"The database refused a write: {_words(error)}")


def is_passing(error: BaseException) -> bool:
    """Whether trying again at once may help: a deadlock, a lock that another holds."""
    return (
        isinstance(error, Overtaken)
        or _sqlstate(error) in ("40001", "40P01", "55P03")
        or _number(error) in (1020, 1205, 1213)
        or "is locked" in str(_number(error))
    )


def is_outage(error: BaseException) -> bool:
    """Whether the server itself says that it takes nothing now: full, read-only."""
    code = _sqlstate(error)

    if (code is not None and code[:2] in ("53", "57", "58")) or code == "25006":
        return True

    return _number(error) in MYSQL_OUTAGES or any(
        words in str(_number(error)) for words in SQLITE_OUTAGES
    )


def _sqlstate(error: BaseException) -> str | None:
    orig = getattr(error, "orig", None)

    return getattr(orig, "sqlstate", None) or getattr(orig, "pgcode", None)


def _number(error: BaseException) -> object:
    """MySQL's number of an error, or SQLite's words."""
    orig = getattr(error, "orig", None)

    return orig.args[0] if orig is not None and orig.args else None


def _words(error: BaseException) -> str:
    return " ".join(str(getattr(error, "orig", None) or error).split())[:300]
