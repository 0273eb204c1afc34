"""What a store says of its database and itself."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from .. import migrate
from .. import schema
from ..facts import DatabaseFacts
from ..facts import ask_database
from ..ownership import total
from ..sizes import size_of
from .opened import Opened

SIZED = {"views": schema.page_view, "users": schema.user, "visitors": schema.visitor}


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """``revision`` is None while nothing is set up; this code wants ``head``.

    Those of the figures that are in ``about`` are estimates: there are many.
    """

    revision: str | None
    head: str
    views: int
    set_aside: int
    users: int
    visitors: int
    about: tuple[str, ...] = ()


class Described(Opened):
    """The part of a store that tells how it is."""

    @property
    def head(self) -> str:
        """The revision that this release wants."""
        return migrate.head()

    @property
    def takes_several_writers(self) -> bool:
        """Whether several may write at once; on SQLite they wait for each other."""
        return self._database.backend != "sqlite"

    def ping(self) -> None:
        """Ask the database anything at all.

        :raises StoreUnavailable: it does not answer.
        """
        with self._database.reading() as connection:
            connection.execute(sa.select(1))

    def site_id(self) -> str:
        """The random id that this database was given when it was set up."""
        with self._transactions.reading() as connection:
            statement = sa.select(schema.site.c.site_id).where(schema.site.c.id == 1)
            return str(connection.scalar(statement))

    def status(self) -> StoreStatus:
        """What is set up, and how much is stored.

        :raises StoreUnavailable: the database cannot be reached.
        """
        with self._database.reading() as connection:
            revision = migrate.current(connection)

            if revision is None:
                return StoreStatus(None, migrate.head(), 0, 0, 0, 0)

            sizes = {name: size_of(connection, table) for name, table in SIZED.items()}
            aside = connection.scalar(sa.select(total(schema.set_aside.c.events)))

        return StoreStatus(
            revision,
            migrate.head(),
            set_aside=int(aside or 0),
            about=tuple(name for name, size in sizes.items() if size.about),
            **{name: size.rows for name, size in sizes.items()},
        )

    def revision(self) -> str | None:
        """The revision of the tables, None while nothing is set up.

        :raises StoreUnavailable: the database cannot be reached.
        """
        with self._database.reading() as connection:
            return migrate.current(connection)

    def facts(self) -> DatabaseFacts:
        """What the database says of itself: see :func:`facts.ask_database`."""
        return ask_database(self._database)
