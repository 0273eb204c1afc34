"""The Redis stream: where events are safe before a worker writes them."""

from __future__ import annotations

from .link import as_unavailable
from .link import connection_settings
from .stream import Stream
from .stream import StreamStatus
from .stream import Waiting

__all__ = ["Stream", "StreamStatus", "Waiting", "as_unavailable", "connection_settings"]
