"""A service in another process, as an ASGI application that forwards over HTTP.

aiohttp, because the hop must not cost more than the work behind it (httpx: twenty times the CPU, and a pool that cancelled calls
wear out). Time-outs are the client's own; nothing here is cancelled, so a caller who leaves wears out nothing.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

import aiohttp
import structlog
from multidict import CIMultiDict
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from yarl import URL

from services.gateway.proxy.rules import travelling
from shared.http import problem

log = structlog.get_logger(__name__)

CONNECTIONS = 256
KEEP_ALIVE = 3.0
"""Shorter than any server's own: a connection that the service is just closing must not carry a POST."""
CONNECT_SECONDS = 3.0
PATIENCE = 30.0
WHOLE = 65_536
"""An answer up to this size is passed on in one piece."""
REPEAT = "repeat a POST only with its Idempotency-Key."
AUTO_HEADERS = ("accept", "accept-encoding", "content-type", "user-agent")


class HttpUpstream:
    """Usable while `open()` is. `patience`: seconds to wait for the service to say something, each time."""

    def __init__(self, name: str, base_url: str, *, patience: float = PATIENCE) -> None:
        self._name = name
        self._base = base_url.rstrip("/")
        self._base_bytes = self._base.encode()
        self._timeout = aiohttp.ClientTimeout(
            total=None, connect=CONNECT_SECONDS, sock_connect=CONNECT_SECONDS, sock_read=patience
        )
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEEP_ALIVE)
        async with aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self._timeout,
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=AUTO_HEADERS,
        ) as session:
            self._session = session
            try:
                yield
            finally:
                self._session = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        try:
            response = await self._ask(scope, message["body"])
            length = response.content_length
            whole = await response.read() if length is not None and length <= WHOLE else None
        except (aiohttp.ClientError, TimeoutError) as error:
            await self._explain(error)(scope, receive, send)
            return
        start = {"type": "http.response.start", "status": response.status, "headers": self._headers(response)}
        if whole is None:
            async with response:
                await _stream(response, start, send)
        else:
            await send(start)
            await send({"type": "http.response.body", "body": whole})

    async def _ask(self, scope: Scope, body: bytes) -> aiohttp.ClientResponse:
        if self._session is None:
            raise RuntimeError(f"the upstream {self._name} is not open")
        path = (scope["raw_path"] or quote(scope["path"]).encode()).decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        url = URL(f"{self._base}{path}?{query}" if query else self._base + path, encoded=True)
        headers = CIMultiDict((name.decode(), value.decode("latin-1")) for name, value in scope["headers"])
        return await self._session.request(scope["method"], url, headers=headers, data=body or None, allow_redirects=False)

    def _headers(self, response: aiohttp.ClientResponse) -> list[tuple[bytes, bytes]]:
        """A redirect must not tell where the service lives."""
        headers = travelling((name.lower(), value) for name, value in response.raw_headers)
        if 300 <= response.status < 400:
            headers = [(n, v.removeprefix(self._base_bytes) if n == b"location" else v) for n, v in headers]
        return headers

    def _explain(self, error: Exception) -> Response:
        """Never tries again itself: only the caller knows whether its request may be sent twice."""
        log.warning("upstream failed", upstream=self._name, error=type(error).__name__)
        if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
            detail = f"The {self._name} service is away; nothing was done. Try again in a moment."
            return problem(503, "upstream-unavailable", detail)
        if isinstance(error, TimeoutError):
            detail = f"The {self._name} service did not answer in time. Whether it acted is unknown: {REPEAT}"
            return problem(504, "upstream-timeout", detail)
        detail = f"The {self._name} service broke off. Whether it acted is unknown: {REPEAT}"
        return problem(502, "upstream-broken", detail)


async def _stream(response: aiohttp.ClientResponse, start: Message, send: Send) -> None:
    """Piece by piece; when the service breaks off half way, so does the answer."""
    await send(start)
    async for piece in response.content.iter_any():
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
