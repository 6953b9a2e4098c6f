"""Serving an ASGI application until a signal: what was accepted is finished, then everything opened around it is closed."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from contextvars import copy_context

import structlog
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.http import PROBLEM_JSON, problem_body
from shared.service import settle_garbage_collector
from shared.telemetry import start_trace

log = structlog.get_logger(__name__)

GRACE = 30
BACKLOG = 2048


class PortTaken(Exception):
    """Something else listens there."""


class _Server(uvicorn.Server):
    """Leaves signals to `serve`, which has more to close than the listener."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Protocol(HttpToolsProtocol):
    """Answers what is no HTTP as everything else is answered."""

    def send_400_response(self, msg: str) -> None:
        self.transport.write(copy_context().run(_not_http))  # in a context of its own: its request id is nobody else's
        self.transport.close()


def _not_http() -> bytes:
    request_id = start_trace().request_id
    body = problem_body(400, "malformed-request", "What came is not a well-formed HTTP request.")
    lines = (
        "HTTP/1.1 400 Bad Request",
        f"content-type: {PROBLEM_JSON}",
        f"content-length: {len(body)}",
        f"x-request-id: {request_id}",
        "connection: close",
    )
    return "\r\n".join((*lines, "", "")).encode() + body


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `PortTaken`. Port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortTaken(f"cannot listen on {host}:{port}: {error.strerror}. Set MASSLINE_PORT to a free port.") from None
    listener.set_inheritable(True)
    return listener


async def serve(
    app: ASGIApp,
    listener: socket.socket,
    around: AbstractAsyncContextManager[None],
    *,
    started: Callable[[], None] = lambda: None,
) -> None:
    """Open `around`, serve until SIGINT or SIGTERM, finish what is in flight (at most 30 s), close `around`."""
    config = uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE,
    )
    server = _Server(config)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.handle_exit, number, None)
    async with around:
        settle_garbage_collector()
        announcing = asyncio.create_task(_announce(server, started))
        await server.serve(sockets=[listener])
        announcing.cancel()


async def _announce(server: uvicorn.Server, started: Callable[[], None]) -> None:
    while not server.started:  # noqa: ASYNC110 - uvicorn offers a flag, not an event
        await asyncio.sleep(0.01)
    started()
