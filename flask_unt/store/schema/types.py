"""The column types: they read the same on every database."""

from __future__ import annotations

import uuid
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlalchemy.types import TypeEngine

EPOCH = datetime(1970, 1, 1)
EPOCH_UTC = EPOCH.replace(tzinfo=timezone.utc)
MILLISECOND = timedelta(milliseconds=1)


class Key(TypeDecorator[bytes]):
    """Sixteen bytes in Python; UUID, BINARY(16) or BLOB in the database."""

    impl = sa.LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return postgresql.UUID(as_uuid=True)

        if dialect.name in ("mysql", "mariadb"):
            return mysql.BINARY(16)

        return sa.LargeBinary(16)

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> Any:
        if value is None or dialect.name != "postgresql":
            return value

        return uuid.UUID(bytes=value)

    def process_result_value(self, value: Any, dialect: Dialect) -> bytes | None:
        if value is None:
            return None

        return value.bytes if isinstance(value, uuid.UUID) else bytes(value)


class Moment(TypeDecorator[int]):
    """Milliseconds since 1970 in Python; a readable UTC time in the database."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return postgresql.TIMESTAMP(timezone=True, precision=3)

        if dialect.name in ("mysql", "mariadb"):
            return mysql.DATETIME(fsp=3)

        return sa.String(23)

    def process_bind_param(self, value: int | None, dialect: Dialect) -> Any:
        if value is None:
            return None

        moment = EPOCH + value * MILLISECOND

        if dialect.name == "postgresql":
            return moment.replace(tzinfo=timezone.utc)

        if dialect.name in ("mysql", "mariadb"):
            return moment

        return moment.isoformat(" ", "milliseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        if value is None:
            return None

        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        epoch = EPOCH if moment.tzinfo is None else EPOCH_UTC

        return int((moment - epoch) // MILLISECOND)


Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

Data = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")
