"""The front door: a raw ASGI application that resolves the caller, cleans the request, and hands it to whoever answers.

It builds no request objects, because every request of the product passes here. An upstream is any ASGI application: a service of
the same process, or `HttpUpstream`. Each gets a fresh scope that holds only what the gateway vouches for.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.access.tokens import AccessTokens
from services.gateway.proxy.rules import OWN, TOKEN_PATH, TRAVELS_IN, bearer_of, place_of
from shared.auth import ANONYMOUS, CREDENTIAL_HEADER, Credentials, Principal
from shared.errors import DomainError, Unauthenticated
from shared.http import LOGGED, BodyLimits, UploadTurns, domain_problem, is_upload, problem
from shared.telemetry import current_trace

CREDENTIAL = CREDENTIAL_HEADER.encode()
BODY_SECONDS = 30.0
UPLOAD_SECONDS = 120.0
"""A file of 10 MiB at 0.7 Mbit/s."""
UPLOAD_TURNS = UploadTurns(at_once=8, patience=60.0)
"""Slow clients hold their places here, not in the service behind."""


class Refused(Exception):
    """The request cannot be taken as it is sent."""

    def __init__(self, status: int, slug: str, detail: str) -> None:
        super().__init__(slug)
        self.status, self.slug, self.detail = status, slug, detail


class Front:
    """The innermost layer around the gateway's own API, inside `shared.http.Edge`, which traces, caps and counts.

    `portal` answers the pages outside /v1, `upstreams` are the services by name, `app` is the gateway's own.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        portal: ASGIApp,
        portal_paths: frozenset[str],
        upstreams: Mapping[str, ASGIApp],
        tokens: AccessTokens,
        credentials: Credentials,
        limits: BodyLimits,
        body_seconds: float = BODY_SECONDS,
        upload_seconds: float = UPLOAD_SECONDS,
    ) -> None:
        self._api = app
        self._portal = portal
        self._portal_paths = portal_paths
        self._upstreams = upstreams
        self._tokens = tokens
        self._credentials = credentials
        self._limits = limits
        self._body_seconds = body_seconds
        self._upload_seconds = upload_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._api(scope, receive, send)
            return
        try:
            await self._forward(scope, receive, send)
        except DomainError as error:
            await domain_problem(error)(scope, receive, send)
        except Refused as error:
            await problem(error.status, error.slug, error.detail)(scope, receive, send)

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers, authorizations, length = _sort_headers(scope["headers"])
        place = place_of(scope["path"])
        principal = self._principal(scope["path"], authorizations)
        body = await self._body(scope, receive, length)
        headers.append((CREDENTIAL, self._credentials.issue(principal).encode()))
        inner = _inner_scope(scope, headers, body)
        answer = send if scope["method"] != "HEAD" else _without_body(send)
        if place is not OWN:
            scope["route"] = place
            await self._upstreams[place.service](inner, _Body(body, receive), answer)
            scope[LOGGED] = inner.get(LOGGED)
            return
        own = self._portal if scope["path"] in self._portal_paths else self._api
        inner["app"] = scope["app"]
        await own(inner, _Body(body, receive), answer)
        if "route" in inner:
            scope["route"] = inner["route"]

    def _principal(self, path: str, authorizations: list[bytes]) -> Principal:
        """Raises `Unauthenticated`. A stale token must not keep anybody from getting a new one."""
        if not authorizations or path == TOKEN_PATH:
            return ANONYMOUS
        token = bearer_of(authorizations[0]) if len(authorizations) == 1 else None
        if token is None:
            raise Unauthenticated("invalid-token", "Send one Authorization header: `Bearer` and a token.")
        return self._tokens.read(token)

    async def _body(self, scope: Scope, receive: Receive, length: bytes | None) -> bytes:
        """The whole body, which Edge's cap keeps small. Raises `Refused`, `ClientDisconnect`."""
        most = self._limits.of(scope)
        if length is not None and (not length.isdigit() or int(length[:20]) > most):
            raise _too_large(most)
        try:
            if is_upload(scope):
                async with asyncio.timeout(self._upload_seconds):
                    return await self._rest(receive, bytearray())
            message = await self._next(receive)
            if not message.get("more_body"):
                body: bytes = message.get("body", b"")
                return body
            async with asyncio.timeout(self._body_seconds):
                return await self._rest(receive, bytearray(message.get("body", b"")))
        except TimeoutError:
            raise Refused(408, "body-too-slow", "The body did not arrive in time: send it again.") from None
        except HTTPException:
            raise _too_large(most) from None

    async def _rest(self, receive: Receive, body: bytearray) -> bytes:
        more = True
        while more:
            message = await self._next(receive)
            body += message.get("body", b"")
            more = message.get("more_body", False)
        return bytes(body)

    async def _next(self, receive: Receive) -> Message:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientDisconnect
        return message


def _too_large(most: int) -> Refused:
    return Refused(413, "body-too-large", f"The body is larger than this server takes: at most {most} bytes.")


def _sort_headers(headers: list[tuple[bytes, bytes]]) -> tuple[list[tuple[bytes, bytes]], list[bytes], bytes | None]:
    """What travels on, the authorizations, and the announced length."""
    kept: list[tuple[bytes, bytes]] = []
    authorizations: list[bytes] = []
    length: bytes | None = None
    for name, value in headers:
        if name in TRAVELS_IN:
            kept.append((name, value))
        elif name == b"authorization":
            authorizations.append(value)
        elif name == b"content-length":
            length = value
    return kept, authorizations, length


def _inner_scope(scope: Scope, headers: list[tuple[bytes, bytes]], body: bytes) -> dict[str, Any]:
    """Adds trace and length to `headers`; leaves out the client's address, the host it named, and the server's extensions."""
    trace = current_trace()
    if trace is not None:
        headers.append((b"traceparent", trace.traceparent.encode()))
        headers.append((b"x-request-id", trace.request_id.encode()))
    if body:
        headers.append((b"content-length", b"%d" % len(body)))
    method = scope["method"]
    return {
        "type": "http",
        "asgi": scope["asgi"],
        "http_version": "1.1",
        "method": "GET" if method == "HEAD" else method,
        "scheme": scope["scheme"],
        "path": scope["path"],
        "raw_path": scope.get("raw_path"),
        "query_string": scope["query_string"],
        "root_path": "",
        "headers": headers,
        "client": None,
        "server": None,
    }


class _Body:
    """`receive` of the inner application: the body that has been read, then whatever the client's connection tells."""

    __slots__ = ("_body", "_receive", "_taken")

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body = body
        self._receive = receive
        self._taken = False

    async def __call__(self) -> Message:
        if self._taken:
            return await self._receive()
        self._taken = True
        return {"type": "http.request", "body": self._body, "more_body": False}


def _without_body(send: Send) -> Send:
    """The answer to HEAD: what GET would say, without its body."""

    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_head
