"""What the tables are made of: their names, their options, and common columns."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from .types import Number

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def table(name: str, *parts: Any, **options: Any) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        *parts,
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
        mariadb_charset="utf8mb4",
        mariadb_collate="utf8mb4_bin",
        mariadb_engine="InnoDB",
        **options,
    )


def flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def count(name: str) -> sa.Column[int]:
    return sa.Column(name, Number, nullable=False)


def index_of_known(*names: str) -> sa.Index:
    """An index of the rows whose first column is not NULL; on MySQL of all."""
    known = sa.text(f"{names[0]} IS NOT NULL")

    return sa.Index(None, *names, postgresql_where=known, sqlite_where=known)


def index_of_true(name: str) -> sa.Index:
    """An index of the rows where a flag is set; on MySQL of all."""
    return sa.Index(
        None,
        name,
        postgresql_where=sa.text(f"{name} IS true"),
        sqlite_where=sa.text(f"{name} IS 1"),
    )


def came_from() -> list[sa.Column[Any]]:
    return [
        sa.Column("referrer", sa.String(2048)),
        sa.Column("utm_source", sa.String(255)),
        sa.Column("utm_medium", sa.String(255)),
        sa.Column("utm_campaign", sa.String(255)),
    ]
