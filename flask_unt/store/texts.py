"""Columns of values as the text that databases read, many at a time."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

from .schema import EPOCH
from .schema import Key
from .schema import Moment

MINUTE_MS = 60_000
# What would end a value, a row or the whole text.
COPY_ESCAPES = str.maketrans(
    {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\b": "\\b", "\v": "\\v"}
)

Values = Sequence[Any]
POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


def moment_text(moment: int) -> str:
    """An instant in ms since 1970 as each database reads it, in UTC."""
    minute, rest = divmod(moment, MINUTE_MS)

    return f"{_minute_text(minute)}:{rest // 1000:02}.{rest % 1000:03}"


def as_parameters(type: TypeEngine[Any], values: Values) -> Values:
    """Values of a type for a driver of SQLite or MySQL."""
    return _texts(values, moment_text) if isinstance(type, Moment) else values


def as_copied(type: TypeEngine[Any], values: Values) -> Values:
    """Values of a type for the text format of PostgreSQL's COPY."""
    return _texts(values, _text_of(type, _escaped), "\\N")


def as_array(type: TypeEngine[Any], values: Values) -> str:
    """Values of a type as the text of a PostgreSQL array."""
    return f"{{{','.join(_texts(values, _text_of(type, _quoted), 'NULL'))}}}"


def types_of(table: sa.Table, names: Sequence[str]) -> list[TypeEngine[Any]]:
    """The types of some of a table's columns."""
    return [table.c[name].type for name in names]


def as_rows(
    types: Sequence[TypeEngine[Any]], rows: Sequence[Values]
) -> list[tuple[Any, ...]]:
    """Rows for a driver of SQLite or MySQL."""
    converted = map(as_parameters, types, zip(*rows, strict=True))

    return list(zip(*converted, strict=True))


def as_arrays(
    types: Sequence[TypeEngine[Any]], rows: Sequence[Values]
) -> tuple[str, tuple[str, ...]]:
    """What ``unnest`` takes, and its parameters."""
    texts = map(as_array, types, zip(*rows, strict=True))
    casts = (f"CAST(%s AS {_name(type)}[])" for type in types)

    return ", ".join(casts), tuple(texts)


def _name(type: TypeEngine[Any]) -> str:
    # A cast to VARCHAR(255) would cut what is longer.
    if isinstance(type, sa.String):
        return "TEXT"

    return type.compile(dialect=POSTGRESQL)


def _texts(values: Values, text: Callable[[Any], str], none: Any = None) -> list[Any]:
    return [none if value is None else text(value) for value in values]


def _text_of(
    type: TypeEngine[Any], of_words: Callable[[str], str]
) -> Callable[[Any], str]:
    if isinstance(type, sa.String):
        return of_words

    return next(text for kind, text in TEXTS.items() if isinstance(type, kind))


def _escaped(value: str) -> str:
    if value.isprintable() and "\\" not in value:
        return value

    return value.translate(COPY_ESCAPES)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')

    return f'"{escaped}"'


@lru_cache(maxsize=4096)
def _minute_text(minute: int) -> str:
    return (EPOCH + timedelta(minutes=minute)).isoformat(" ", "minutes")


TEXTS: Mapping[type[Any], Callable[[Any], str]] = {
    Key: bytes.hex,
    Moment: moment_text,
    sa.Boolean: str,
    sa.Integer: str,
}
