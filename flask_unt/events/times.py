"""Which time an event is stored under, when browsers' clocks are wrong."""

from __future__ import annotations

MINUTE = 60_000
TOLERANCE = 5 * MINUTE
OLDEST = 7 * 24 * 60 * MINUTE
# The last moment that a JavaScript Date can be.
LAST_DATE = 8_640_000_000_000_000


def is_date(time: float) -> bool:
    """Whether a browser's clock can have shown this time, in ms since 1970."""
    return 0 <= time <= LAST_DATE


def judge_time(time: float, sent: float, now: int) -> tuple[int, bool]:
    """The time to store, in ms since 1970, and whether it is skewed.

    :param time: when it happened, by the browser's clock.
    :param sent: when it was sent, by the same clock.
    :param now: when it was received, by the server's clock.
    """
    if not is_date(time):
        return now, True

    if time > sent + TOLERANCE:
        return now, True

    moment = int(time) + clock_shift(sent, now)

    if moment < 0:
        return now, True

    return min(moment, now), now - moment > OLDEST


def clock_shift(sent: float, now: int) -> int:
    """What to add to a browser's times: nothing for a clock that is about right.

    Rounded to 5 minutes, so that the time a request takes does not move events.
    """
    difference = now - int(sent)

    if abs(difference) <= TOLERANCE:
        return 0

    return round(difference / TOLERANCE) * TOLERANCE
