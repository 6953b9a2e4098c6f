"""Receivers on this machine that behave as the worst of the real ones do."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Message:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Hostile:
    """What it does is the path: /ok, /fail-twice, /redirect, /huge, /hang-up, /garbage, /gone, /slow, /busy."""

    url: str = ""
    got: list[Message] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    def at(self, path: str) -> list[Message]:
        return [message for message in self.got if message.path == path]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await self._one(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        path = first.split(" ")[1]
        self.got.append(Message(path, headers, body))
        self.tries[path] += 1
        self.arrived.set()
        await self._answer(path, writer)
        await writer.drain()

    async def _answer(self, path: str, writer: asyncio.StreamWriter) -> None:
        if path == "/fail-twice" and self.tries[path] <= 2:
            writer.write(b"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n")
        elif path == "/redirect":
            writer.write(b"HTTP/1.1 302 Go\r\nlocation: /ok\r\ncontent-length: 0\r\n\r\n")
        elif path == "/huge":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n" + b"x" * 100_000)
        elif path == "/hang-up":
            raise ConnectionResetError
        elif path == "/garbage":
            writer.write(b"\x00\x01\x02 not http at all\r\n\r\n")
        elif path == "/gone":
            writer.write(b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n")
        elif path == "/busy":
            writer.write(b"HTTP/1.1 429 Slow\r\nretry-after: 3600\r\ncontent-length: 0\r\n\r\n")
        elif path == "/slow":
            await self.release.wait()
            raise ConnectionResetError
        else:
            writer.write(b"HTTP/1.1 204 OK\r\n\r\n")


@asynccontextmanager
async def open_hostile() -> AsyncIterator[Hostile]:
    hostile = Hostile()
    server = await asyncio.start_server(hostile.serve, "127.0.0.1", 0, limit=2**20)
    hostile.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield hostile
    finally:
        hostile.release.set()
        server.close()
