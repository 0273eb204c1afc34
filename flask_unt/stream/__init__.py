"""The Redis stream: where events are safe before a worker writes them."""

from __future__ import annotations

from .address import connection_settings
from .link import as_unavailable
from .server import RedisServer
from .stream import Stream
from .stream import StreamStatus
from .stream import Waiting

__all__ = [
    "RedisServer",
    "Stream",
    "StreamStatus",
    "Waiting",
    "as_unavailable",
    "connection_settings",
]
