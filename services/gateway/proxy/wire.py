"""One HTTP/1.1 connection to a service: asks, parses the answer with httptools, holds the service back while nobody reads."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from services.gateway.proxy.calls import Broken, Call, Headers, Stale, WireError

WHOLE = 65_536
"""An answer up to this size is awaited in one piece; a longer one flows, with at most about this much in memory."""
OVERHEAD = 65_536
"""Bytes that a service may send in a row without one of them being the body's: headers, interim answers, trailers."""
BODILESS = frozenset({204, 304})


class Answer:
    """Status and headers (names in lower case), and a body: here in full once `complete`, otherwise on its way."""

    __slots__ = ("_connection", "_pieces", "_waiter", "coding", "complete", "error", "headers", "length", "size", "status")

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._pieces: list[bytes] = []
        self._waiter: asyncio.Future[None] | None = None
        self.status = 0
        self.headers: Headers = []
        self.length: int | None = None
        self.coding: bytes | None = None
        self.size = 0
        self.complete = False
        self.error: WireError | None = None

    def take(self) -> bytes:
        """All that has come and was not taken yet."""
        pieces, self._pieces, self.size = self._pieces, [], 0
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes. Raises `WireError` where it breaks off."""
        while True:
            if self._pieces:
                yield self.take()
            elif self.complete:
                return
            elif self.error is not None:
                raise self.error
            else:
                self._connection.resume()
                await self.moved()

    async def moved(self) -> None:
        """Until there is something to read, or nothing more to come: `complete`, or an `error`."""
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter

    def close(self) -> None:
        """For whoever does not read to the end: the connection goes with it."""
        self._connection.give_up(self)

    def add(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self.size += len(piece)

    def wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    @property
    def flows(self) -> bool:
        """Whether it is passed on before it is complete."""
        return self.status not in BODILESS and (self.length is None or self.length > WHOLE)

    @property
    def ends_with_the_connection(self) -> bool:
        return self.status > 0 and self.flows and self.length is None and self.coding is None


class Connection(asyncio.Protocol):
    """One call at a time. `on_end` is told when the call is over, and whether the connection can take another one."""

    def __init__(self, on_end: Callable[["Connection", bool], None], on_lost: Callable[["Connection"], None]) -> None:
        self._on_end = on_end
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._parser = HttpResponseParser(self)
        self._transport: asyncio.Transport
        self._answer = Answer(self)
        self._busy = False
        self._head_only = False
        self._keeps = False
        self._paused = False
        self._used = False
        self._overhead = 0
        self.moved_at = 0.0
        """When a byte last moved, on the loop's clock."""

    @property
    def is_closing(self) -> bool:
        return self._transport.is_closing()

    @property
    def is_busy(self) -> bool:
        return self._busy

    async def ask(self, call: Call) -> Answer:
        """The answer, in full if it is short. Raises `Silent`, `Broken`, `Stale`. Cancelling it closes the connection."""
        answer = self._answer = Answer(self)
        self._busy = True
        self._head_only, self._overhead, self.moved_at = call.head_only, 0, self._loop.time()
        self._transport.write(call.content)
        if call.rest:
            self._transport.write(call.rest)
        try:
            await answer.moved()
        except asyncio.CancelledError:
            self.give_up(answer)
            raise
        if answer.error is not None:
            raise answer.error
        return answer

    def drop(self, error: WireError) -> None:
        """Close at once; a call that is under way fails with `error`."""
        self._transport.abort()
        self._end(error)

    def give_up(self, answer: Answer) -> None:
        """The connection may carry another call by now: that one is left alone."""
        if self._busy and self._answer is answer:
            self.drop(Broken("given up"))

    def close(self) -> None:
        self._transport.close()

    def resume(self) -> None:
        if self._paused:
            self._paused = False
            self.moved_at = self._loop.time()
            self._transport.resume_reading()

    def _end(self, error: WireError | None = None) -> None:
        if not self._busy:
            return
        answer = self._answer
        self._busy, self._used = False, True
        if not answer.complete:
            answer.error = error
        reusable = error is None and self._keeps and self._transport.get_write_buffer_size() == 0
        if not reusable:
            self._transport.abort()
        answer.wake()
        self._on_end(self, reusable)

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if not self._busy:
            self._transport.abort()
            return
        answer = self._answer
        self.moved_at = self._loop.time()
        self._overhead += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self._end(Broken("what came is not one HTTP answer"))
            return
        if answer.complete:
            self.resume()
            self._end()
        elif self._overhead > OVERHEAD:
            self._end(Broken("headers without end"))
        elif answer.size > WHOLE and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._on_lost(self)
        if not self._busy:
            return
        answer = self._answer
        if answer.ends_with_the_connection and exc is None:
            answer.complete, self._keeps = True, False
            self._end()
        elif self._used and not answer.status and not self._overhead:
            self._end(Stale("closed before it answered"))
        else:
            self._end(Broken("closed half way"))

    # httptools

    def on_message_begin(self) -> None:
        if self._answer.complete:
            raise Broken("more than one answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        answer = self._answer
        if answer.status:
            return  # a trailer
        name = name.lower()
        answer.headers.append((name, value))
        if name == b"content-length":
            answer.length = int(value)
        elif name == b"transfer-encoding":
            answer.coding = value.lower()

    def on_headers_complete(self) -> None:
        answer = self._answer
        status = self._parser.get_status_code()
        if 100 <= status < 200:
            answer.headers, answer.length, answer.coding = [], None, None
            return
        if not 200 <= status < 600 or answer.coding not in (None, b"chunked"):
            raise Broken("an answer that HTTP does not know")
        answer.status = status
        self._keeps = self._parser.should_keep_alive() and not self._head_only
        answer.complete = self._head_only
        if answer.flows:
            answer.wake()

    def on_body(self, body: bytes) -> None:
        answer = self._answer
        if not answer.status:
            raise Broken("an interim answer with a body")
        if answer.complete:
            return
        self._overhead = 0
        answer.add(body)
        if answer.flows:
            answer.wake()

    def on_message_complete(self) -> None:
        answer = self._answer
        answer.complete = answer.status > 0
