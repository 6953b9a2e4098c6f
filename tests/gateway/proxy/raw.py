"""A service written by hand, byte for byte, on a real socket; and what is needed to call it through `HttpUpstream`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message

from services.gateway.proxy.upstreams import HttpUpstream

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Raw:
    """One connection as the service sees it. `number` counts the connections from 1."""

    def __init__(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.number, self.reader, self.writer = number, reader, writer

    async def request(self) -> bytes:
        """The next request without its body. Raises `EOFError` when the caller has closed."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length: "):
                await self.reader.readexactly(int(line[16:]))
        return head

    async def send(self, content: bytes) -> None:
        self.writer.write(content)
        await self.writer.drain()

    async def trickle(self, content: bytes) -> None:
        for byte in content:
            await self.send(bytes([byte]))
            await asyncio.sleep(0)

    async def gone(self) -> None:
        """Until the caller has closed the connection."""
        with suppress(ConnectionError):
            while await self.reader.read(65_536):
                pass


@dataclass
class House:
    app: HttpUpstream
    url: str
    connections: int = 0


Behaviour = Callable[[Raw], Awaitable[None]]


@asynccontextmanager
async def listening(behave: Behaviour) -> AsyncIterator[int]:
    """A free port. `behave` is run for each connection, which is closed when it returns."""
    tasks: list[asyncio.Task[None]] = []

    async def serve(number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(EOFError, ConnectionError):
                await behave(Raw(number, reader, writer))
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.create_task(serve(len(tasks) + 1, reader, writer)))

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def raw_upstream(behave: Behaviour, *, patience: float = 30.0, connections: int = 8) -> AsyncIterator[House]:
    async def counted(raw: Raw) -> None:
        house.connections = raw.number
        await behave(raw)

    async with listening(counted) as port:
        url = f"http://127.0.0.1:{port}"
        house = House(HttpUpstream("feedback", url, patience=patience, connections=connections), url)
        async with house.app.open():
            yield house


@dataclass
class Got:
    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""
    messages: int = 0
    ended: bool = False


async def call(
    app: ASGIApp,
    method: str = "GET",
    path: str = "/v1/cases",
    *,
    body: bytes = b"",
    key: bool = False,
    header: tuple[bytes, bytes] | None = None,
    started: asyncio.Event | None = None,
    leaves: asyncio.Event | None = None,
    slowly: bool = False,
) -> Got:
    """What a caller gets. `started` is set with the first of it; with `leaves` set, the caller is gone.

    `slowly`: the loop turns many times for each piece.
    """
    got = Got()
    asked = False

    async def receive() -> Message:
        nonlocal asked
        if asked:
            await (leaves or asyncio.Event()).wait()
            return {"type": "http.disconnect"}
        asked = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        got.messages += 1
        if started is not None:
            started.set()
        got.status = message.get("status", got.status)
        got.headers |= dict(message.get("headers", ()))
        got.body += message.get("body", b"")
        got.ended = message["type"] == "http.response.body" and not message.get("more_body", False)
        for _ in range(50 if slowly else 0):
            await asyncio.sleep(0)

    headers = [(b"idempotency-key", b"k")] if key else []
    headers += [header] if header else []
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers}
    await app(scope, receive, send)
    return got
