"""A service that tells what reached it, and misbehaves on request."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PIECE = b"0123456789" * 1000
PIECES = 30


class Stub:
    """Answers by the last part of the path."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.release = asyncio.Event()
        self.streaming = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = await _read(receive)
        self.seen.append(f"{scope['method']} {scope['path']}")
        kind = scope["path"].rsplit("/", 1)[-1]
        if kind == "stream":
            await self._stream(send)
        elif kind == "slow":
            await self.release.wait()
            await _answer(send, 200, b"{}")
        elif kind == "missing":
            await _answer(send, 404, b'{"type":"urn:massline:problem:case-not-found"}', b"application/problem+json")
        elif kind == "empty":
            await _answer(send, 204, b"")
        elif kind == "away":
            await _answer(send, 307, b"", location=_home(scope) + b"/v1/cases")
        else:
            echo = {
                "method": scope["method"],
                "path": scope["path"],
                "query": scope["query_string"].decode(),
                "headers": [[name.decode(), value.decode("latin-1")] for name, value in scope["headers"]],
                "body": body.decode("latin-1"),
            }
            await _answer(send, 200, json.dumps(echo).encode())

    async def _stream(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/csv")]})
        for number in range(PIECES):
            if number == 1:
                self.streaming.set()
                await self.release.wait()
            await send({"type": "http.response.body", "body": PIECE, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _read(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _home(scope: Scope) -> bytes:
    """As frameworks build it: from the host that the caller named."""
    host: bytes = dict(scope["headers"]).get(b"host", b"")
    return b"http://" + host if host else b""


async def _answer(send: Send, status: int, body: bytes, content_type: bytes = b"application/json", location: bytes = b"") -> None:
    headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(body)), (b"etag", b'"7"')]
    headers += [(b"keep-alive", b"timeout=5"), (b"server", b"secret-software")]
    headers += [(b"location", location)] if location else []
    start: Message = {"type": "http.response.start", "status": status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    """`app` on a free port of this machine: its URL."""
    config = uvicorn.Config(app, port=0, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers a flag, not an event
        await asyncio.sleep(0.01)
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task
