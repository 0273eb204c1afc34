"""What a test asks of a running site: what was sent to it, what it stored."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import TypeVar

import sites
import sqlalchemy as sa

# Long enough for a busy machine: only a test that fails waits so long.
PATIENCE = 45.0
VIEWS = """
    SELECT p.path, p.title, v.kind, v.engaged_ms AS engaged, v.scroll, v.status,
           v.visitor_id AS visitor, v.visit_id AS visit, v.local_time, v.from_id, v.id,
           v.skewed
      FROM unt_page_view v JOIN unt_page p ON p.id = v.page_id
     ORDER BY v.id
"""
WHOSE = """
    SELECT p.path, u.email
      FROM unt_page_view v JOIN unt_page p ON p.id = v.page_id
      LEFT JOIN unt_visitor r ON r.id = v.visitor_id
      LEFT JOIN unt_user u ON u.id = COALESCE(v.user_id, r.owner_id)
"""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sent:
    """One tracking request as it came over the wire; ``fault`` is the status of one."""

    at: float
    method: str
    path: str
    type: str
    cookie: str
    body: str
    fault: int | None

    @property
    def batch(self) -> dict[str, Any]:
        """The body, read."""
        found: dict[str, Any] = json.loads(self.body)

        return found

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events in it."""
        return list(self.batch.get("events", []))

    @property
    def views(self) -> list[str]:
        """The ids of the views in it."""
        return [event["id"] for event in self.events if event["type"] == "view"]


class TrackedSite:
    """A running site with UNT on it."""

    def __init__(self, process: sites.Site) -> None:
        self.process = process
        self.url = process.url
        self._fault = process.folder / "fault.json"
        self._log = process.folder / "requests.jsonl"
        self.database = f"sqlite:///{process.folder / 'unt.db'}"
        self._engine = sa.create_engine(
            self.database, poolclass=sa.NullPool, connect_args={"timeout": PATIENCE}
        )

    def fail(self, status: int, **details: Any) -> None:
        """Answer tracking requests so, until ``recover()``.

        :param wait: seconds before the answer.
        :param hold: no answer before ``recover()``, or another fault.
        :param headers: and ``body``: of the answer.
        :param only: only requests that say this.
        :param passes: the real app takes the request in all the same.
        """
        fault = json.dumps({"status": status, **details})
        written = self._fault.with_suffix(".new")
        written.write_text(fault)
        written.rename(self._fault)

    def recover(self) -> None:
        """Let the real app answer again."""
        self._fault.unlink()

    def stop(self) -> None:
        """Stop the process: connections are refused."""
        self.process.kill()

    def start(self) -> None:
        """Start it again, on the same port."""
        self.process.start()

    def asked(self, path: str) -> int:
        """How often a page was asked for."""
        return len(self.sent(path))

    def sent(self, path: str = "/e") -> list[Sent]:
        """What was sent, the oldest first."""
        if not self._log.exists():
            return []

        lines = self._log.read_text().splitlines()
        found = [Sent(**json.loads(line)) for line in lines]

        return [one for one in found if one.path == path]

    def events(self, kind: str = "event") -> list[dict[str, Any]]:
        """The events of a type that were sent, once each, the latest of each."""
        found = {
            event.get("id") or event["view"]: event
            for request in self.sent()
            for event in request.events
            if event["type"] == kind
        }

        return list(found.values())

    def views(self) -> list[Any]:
        """The views in the database, in the order they were made."""
        return self._rows(VIEWS)

    def paths(self) -> list[str]:
        """The paths of the views in the database, in the order they were made."""
        return [view.path for view in self.views()]

    def whose(self) -> dict[str, str | None]:
        """The name of the user to whom the view of each path belongs, if any."""
        return {
            row.path: row.email and row.email.partition("@")[0]
            for row in self._rows(WHOSE)
        }

    def rows(self, table: str) -> list[Any]:
        """The rows of a table."""
        return self._rows(f"SELECT * FROM {table}")

    def wait_for(self, look: Callable[[], T], patience: float = PATIENCE) -> T:
        """Wait until ``look()`` finds something, and return it."""
        end = time.monotonic() + patience

        while not (found := look()):
            if time.monotonic() > end:
                raise AssertionError(f"Not seen within {patience} s.\n{self.state()}")

            time.sleep(0.05)

        return found

    def wait_for_paths(self, *paths: str, patience: float = PATIENCE) -> list[Any]:
        """Wait until exactly these paths are in the database; return the views."""
        self.wait_for(lambda: len(self.views()) >= len(paths), patience)
        assert self.paths() == list(paths), self.state()

        return self.views()

    def state(self) -> str:
        """What happened so far, for a message."""
        sent = [
            (one.method, one.path, one.fault, [_brief(event) for event in one.events])
            for path in ("/e", "/email")
            for one in self.sent(path)
        ]

        return f"stored {self.paths()}\nsent {sent}\n{self.process.log()[-2000:]}"

    def _catch_up(self) -> None:
        """Ask for something until the site, after its answer, wrote what waits."""
        end = time.monotonic() + PATIENCE

        while self._read("SELECT id FROM unt_inbox LIMIT 1"):
            try:
                urllib.request.urlopen(f"{self.url}/k3x9/unt.js.map").close()
            except OSError:
                return

            if time.monotonic() > end:
                raise AssertionError("The site does not write what waits.")

            time.sleep(0.02)

    def _rows(self, query: str) -> list[Any]:
        self._catch_up()

        return self._read(query)

    def _read(self, query: str) -> list[Any]:
        if not Path(self._engine.url.database or "").exists():
            return []

        try:
            with self._engine.connect() as connection:
                return list(connection.execute(sa.text(query)))
        except sa.exc.OperationalError as error:
            if "no such table" not in str(error):
                raise

            return []


def _brief(event: dict[str, Any]) -> tuple[Any, ...]:
    return event["type"], event.get("url") or event.get("name"), event.get("title")
