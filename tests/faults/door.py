"""A port of ours in front of a server's port: it can be shut, or lose an answer."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any

from processes import free_port

CHUNK = 65_536


class Door:
    """Passes bytes both ways in a thread of its own.

    ``cut()`` breaks all connections; ``lose_answer(word)`` lets the next request that
    has the word in it reach the server, and breaks the connection instead of giving
    its answer; ``hold()`` lets nothing through until ``let_through()``.
    """

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self.lost = 0
        self._target = target
        self._pairs: set[_Pair] = set()
        self._word: bytes | None = None
        self._loop = asyncio.new_event_loop()
        self._open = asyncio.Event()
        self._open.set()
        self._thread = threading.Thread(target=self._run, name="door")
        self._ready = threading.Event()

    def start(self) -> Door:
        self._thread.start()

        if not self._ready.wait(30):
            raise RuntimeError("The door does not open.")

        return self

    def stop(self) -> None:
        if self._thread.is_alive():
            self._do(self._loop.stop)
            self._thread.join()

    def cut(self) -> None:
        self._do(lambda: [pair.end() for pair in list(self._pairs)])

    def lose_answer(self, word: bytes) -> None:
        self._do(lambda: setattr(self, "_word", word))

    @property
    def is_losing(self) -> bool:
        """Whether the answer to be lost was not asked for yet."""
        return self._word is not None

    def forgive(self) -> None:
        """Lose no answer any more."""
        self._do(lambda: setattr(self, "_word", None))

    def hold(self) -> None:
        self._do(self._open.clear)

    def let_through(self) -> None:
        self._do(self._open.set)

    def _do(self, action: Callable[[], Any]) -> None:
        self._loop.call_soon_threadsafe(action)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._meet, "127.0.0.1", self.port, backlog=512)
        )
        self._ready.set()

        try:
            self._loop.run_forever()
        finally:
            server.close()

            for pair in list(self._pairs):
                pair.end()

            self._open.set()

            if tasks := asyncio.all_tasks(self._loop):
                self._loop.run_until_complete(asyncio.wait(tasks, timeout=10))

            self._loop.close()

    async def _meet(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        pair = _Pair(writer)
        self._pairs.add(pair)

        try:
            await self._open.wait()
            inside, pair.inner = await asyncio.open_connection(
                "127.0.0.1", self._target
            )
            await asyncio.gather(
                self._ask(pair, reader, pair.inner), self._answer(pair, inside, writer)
            )
        except OSError:
            pass
        finally:
            self._pairs.discard(pair)
            pair.end()

    async def _ask(
        self, pair: _Pair, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while data := await reader.read(CHUNK):
            await self._open.wait()

            if self._word is not None and self._word in data:
                self._word = None
                pair.doomed = True

            writer.write(data)
            await writer.drain()

        # Half a connection is of no use to these protocols.
        pair.end()

    async def _answer(
        self, pair: _Pair, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while data := await reader.read(CHUNK):
            await self._open.wait()

            if pair.doomed:
                self.lost += 1
                break

            writer.write(data)
            await writer.drain()

        pair.end()


class _Pair:
    """The two connections that are one to those who use the door."""

    def __init__(self, outer: asyncio.StreamWriter) -> None:
        self.outer = outer
        self.inner: asyncio.StreamWriter | None = None
        self.doomed = False

    def end(self) -> None:
        for writer in (self.outer, self.inner):
            if writer is not None:
                with contextlib.suppress(OSError):
                    writer.transport.abort()
