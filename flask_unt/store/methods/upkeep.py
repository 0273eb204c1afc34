"""What a store does so that reports tell the present and old rows go."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import sqlalchemy as sa

from flask_unt.errors import UNTError

from .. import migrate
from ..figures import is_behind
from ..figures import recompute_figures
from ..ownership import with_team
from ..prune import Pruned
from ..prune import prune
from ..rebuild import begin_rebuild
from ..rebuild import marks_left
from ..schema import site
from ..upkeep import recompute_marks
from .opened import Opened
from .opened import now_ms

HOURS_AT_ONCE = 24
VISITORS_AT_ONCE = 200
REPORT_PATIENCE = 2.0


class KeptUp(Opened):
    """The part of a store that is kept up: its tables, rollups and figures."""

    def migrate(self) -> None:
        """Create the tables, or bring them to this release.

        :raises StoreUnavailable: it cannot be reached, or set up.
        """
        migrate.migrate(self._database, self.settings.timezone, now_ms())

    def prune(self, now: int) -> Pruned:
        """Delete what is older than the site keeps."""
        self.prepare()
        self.catch_up()

        return prune(
            self._database,
            now,
            retention_days=self.settings.retention_days,
            zone=self.settings.timezone,
            bots=self.settings.bots,
        )

    def recompute_marks(self, limit: int, now: int) -> int:
        """Bring the latest marked hours' rollups up to date; how many marks."""
        return self._transactions.write(
            lambda c: recompute_marks(c, limit=limit, **self._counted())
        )

    def recompute_figures(self, limit: int = VISITORS_AT_ONCE) -> int:
        """Bring the figures of marked visitors up to date; how many."""
        with self._transactions.reading() as connection:
            if not is_behind(connection):
                return 0

        bots = self.settings.bots
        return self._transactions.write(
            lambda c: recompute_figures(c, limit=limit, bots=bots)
        )

    def rebuild(self, now: int, progress: Callable[[int, int], None]) -> int:
        """Add up all open hours anew, in the present time zone; how many these were.

        :param progress: is told how many hours are done, and of how many.
        :raises StoreUnavailable: the database cannot be written to now.
        """
        zone = self.settings.timezone
        self.catch_up()
        self._transactions.write(lambda c: begin_rebuild(c, zone))
        hours = self._marks_left()
        left = hours

        while left:
            self.recompute_marks(HOURS_AT_ONCE, now)
            left = self._marks_left()
            progress(max(0, hours - left), hours)

        return hours

    def zone_of_rollups(self) -> str | None:
        """The time zone in which open hours were added up."""
        with self._transactions.reading() as connection:
            return connection.scalar(sa.select(site.c.timezone).where(site.c.id == 1))

    def _counted(self, team: bool = False) -> dict[str, str]:
        return {
            "zone": self.settings.timezone,
            "bots": with_team(self.settings.bots, team),
        }

    def _bring_up_to_date(self, now: int) -> None:
        self._sum_up(now, REPORT_PATIENCE)
        self._bring_figures_up_to_date()

    def _bring_figures_up_to_date(self, seconds: float = REPORT_PATIENCE) -> None:
        """Of all marked visitors; what takes longer stays as it was."""
        self.catch_up(seconds)
        end = time.monotonic() + seconds

        with suppress(UNTError):
            while self.recompute_figures() and time.monotonic() < end:
                pass

    def _sum_up(self, now: int, seconds: float = float("inf")) -> None:
        """Recompute marked hours for so long; the rest keeps its older figures."""
        self.catch_up(seconds)
        end = time.monotonic() + seconds

        with suppress(UNTError):
            while time.monotonic() < end:
                if self.recompute_marks(HOURS_AT_ONCE, now) < HOURS_AT_ONCE:
                    return

    def _marks_left(self) -> int:
        with self._transactions.reading() as connection:
            return marks_left(connection)
