"""A service in another process, as an ASGI application that forwards over HTTP.

On a client of our own (`wire`, `pool`), because the hop must not cost more than the work behind it. A caller who leaves while the
service works cancels nothing: the answer comes, goes nowhere, and the connection serves the next call.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote, urlsplit

import structlog
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from services.gateway.proxy.calls import Broken, Call, Malformed, Silent, Stale, Unreachable, WireError, make_call
from services.gateway.proxy.pool import Pool
from services.gateway.proxy.rules import travelling
from services.gateway.proxy.wire import BODILESS, Answer
from shared.http import problem

log = structlog.get_logger(__name__)

CONNECTIONS = 256
PATIENCE = 30.0
REPEAT = "repeat a POST only with its Idempotency-Key."
BROKEN = (502, "upstream-broken", "The {name} service broke off. Whether it acted is unknown: " + REPEAT)
EXPLAINED: dict[type[WireError], tuple[int, str, str]] = {
    Malformed: (400, "malformed-request", "The request cannot be passed on: a header holds what no header may."),
    Unreachable: (503, "upstream-unavailable", "The {name} service is away; nothing was done. Try again in a moment."),
    Silent: (504, "upstream-timeout", "The {name} service did not answer in time. Whether it acted is unknown: " + REPEAT),
    Broken: BROKEN,
    Stale: BROKEN,
}


class HttpUpstream:
    """Usable while `open()` is. `patience`: seconds to wait for the service to say something, each time."""

    def __init__(self, name: str, base_url: str, *, patience: float = PATIENCE, connections: int = CONNECTIONS) -> None:
        self._name = name
        self._base = base_url.rstrip("/").encode()
        self._url = urlsplit(base_url.rstrip("/"))
        self._host = self._url.netloc.rpartition("@")[2].encode()
        self._prefix = self._url.path.encode()
        self._patience = patience
        self._connections = connections
        self._pool: Pool | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        tls = ssl.create_default_context() if self._url.scheme == "https" else None
        port = self._url.port or (443 if tls else 80)
        pool = Pool(self._url.hostname or "", port, tls=tls, connections=self._connections, patience=self._patience)
        self._pool = pool
        try:
            yield
        finally:
            self._pool = None
            await pool.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._pool is None:
            raise RuntimeError(f"the upstream {self._name} is not open")
        message = await receive()
        try:
            answer = await self._pool.ask(self._call(scope, message["body"]))
        except WireError as error:
            await self._explain(error)(scope, receive, send)
            return
        start = {"type": "http.response.start", "status": answer.status, "headers": self._headers(answer)}
        if answer.complete:
            await send(start)
            await send({"type": "http.response.body", "body": answer.take()})
        else:
            await _stream(answer, start, receive, send)

    def _call(self, scope: Scope, body: bytes) -> Call:
        target = self._prefix + (scope["raw_path"] or quote(scope["path"]).encode())
        if scope["query_string"]:
            target += b"?" + scope["query_string"]
        return make_call(scope["method"], target, self._host, scope["headers"], body)

    def _headers(self, answer: Answer) -> list[tuple[bytes, bytes]]:
        """A redirect must not tell where the service lives; a status without a body announces no length."""
        headers = travelling(answer.headers)
        if answer.status in BODILESS:
            return [(name, value) for name, value in headers if name != b"content-length"]
        if 300 <= answer.status < 400:
            return [(name, value.removeprefix(self._base) if name == b"location" else value) for name, value in headers]
        return headers

    def _explain(self, error: WireError) -> Response:
        log.warning("upstream failed", upstream=self._name, error=type(error).__name__)
        status, slug, detail = EXPLAINED[type(error)]
        return problem(status, slug, detail.format(name=self._name))


async def _stream(answer: Answer, start: Message, receive: Receive, send: Send) -> None:
    """Piece by piece; when the service breaks off half way, so does the answer; when the caller leaves, the service is told."""
    gone = asyncio.create_task(_close_when_gone(answer, receive))
    try:
        await send(start)
        async for piece in answer.pieces():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    except WireError:
        if gone.done():
            raise ClientDisconnect from None
        raise
    finally:
        gone.cancel()
        answer.close()


async def _close_when_gone(answer: Answer, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    answer.close()
