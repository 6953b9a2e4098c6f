"""The connections to one service: kept alive for a while, never more than so many, and watched for silence."""

import asyncio
import ssl

from services.gateway.proxy.calls import Call, Silent, Stale, Unreachable
from services.gateway.proxy.wire import Answer, Connection

KEEP_ALIVE = 3.0
"""Shorter than any server's own: a connection that the service is just closing must not carry a POST."""
CONNECT_SECONDS = 3.0
"""For a new connection, and for waiting until one is free."""


class Pool:
    """Usable until `close()`. `patience`: seconds in which at least one byte must move, give or take an eighth."""

    def __init__(self, host: str, port: int, *, tls: ssl.SSLContext | None, connections: int, patience: float) -> None:
        self._host, self._port, self._tls = host, port, tls
        self._patience = patience
        self._every = min(patience / 8, 1.0)
        self._loop = asyncio.get_running_loop()
        self._places = asyncio.Semaphore(connections)
        self._all: set[Connection] = set()
        self._idle: list[Connection] = []
        self._closed = False
        self._empty = asyncio.Event()
        self._timer = self._loop.call_later(self._every, self._sweep)

    async def ask(self, call: Call) -> Answer:
        """Asks once; a second time only a repeatable call that met a connection which the service had already closed.

        Raises `Unreachable`, `Silent`, `Broken`.
        """
        await self._enter()
        try:
            return await (self._kept() or await self._opened()).ask(call)
        except Stale as stale:
            if not call.repeatable:
                raise
            try:
                await self._enter()
                connection = await self._opened()
            except Unreachable:
                raise stale from None
        return await connection.ask(call)

    async def close(self) -> None:
        """Lets the calls under way finish, which takes no longer than they may be silent."""
        self._closed = True
        for connection in self._idle:
            connection.close()
        try:
            if self._all:
                await self._empty.wait()
        finally:
            self._timer.cancel()

    async def _enter(self) -> None:
        """A call has a place from here until its connection ends it. Raises `Unreachable`."""
        if not self._places.locked():
            await self._places.acquire()
            return
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            raise Unreachable("every connection is busy") from None

    def _kept(self) -> Connection | None:
        """The idle connection that was used last, because it will live longest."""
        latest = self._loop.time() - KEEP_ALIVE
        while self._idle:
            connection = self._idle.pop()
            if connection.moved_at > latest and not connection.is_closing:
                return connection
            connection.close()
        return None

    async def _opened(self) -> Connection:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, connection = await self._loop.create_connection(self._connection, self._host, self._port, ssl=self._tls)
            if connection.is_closing:
                raise ConnectionResetError
        except BaseException as error:
            self._places.release()
            if isinstance(error, OSError):
                raise Unreachable("no connection") from error
            raise
        self._all.add(connection)
        return connection

    def _connection(self) -> Connection:
        return Connection(self._on_end, self._on_lost)

    def _on_end(self, connection: Connection, reusable: bool) -> None:
        self._places.release()
        if not reusable:
            return
        if self._closed:
            connection.close()
        else:
            self._idle.append(connection)

    def _on_lost(self, connection: Connection) -> None:
        self._all.discard(connection)
        if self._closed and not self._all:
            self._empty.set()

    def _sweep(self) -> None:
        now = self._loop.time()
        for connection in list(self._all):
            still = now - connection.moved_at
            if connection.is_busy and still > self._patience:
                connection.drop(Silent("nothing moved"))
            elif not connection.is_busy and still > KEEP_ALIVE:
                connection.close()
        self._idle = [connection for connection in self._idle if not connection.is_closing]
        self._timer = self._loop.call_later(self._every, self._sweep)
