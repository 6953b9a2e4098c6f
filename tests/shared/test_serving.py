"""What the server itself answers, before any application sees a request."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

import httpx
import pytest
from starlette.types import ASGIApp

from shared.serving import listen, serve
from shared.telemetry import current_trace
from tests.shared.problems import assert_problem
from tests.shared.toy import Toy

UPGRADE = {
    "connection": "upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
}
NOT_HTTP = [
    b"GET / HTTP/9.9\r\n\r\n",
    b"nonsense\r\n\r\n",
    b"GET /a b HTTP/1.1\r\nhost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n",
    b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00",
]


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[int]:
    listener = listen("127.0.0.1", 0)
    started = asyncio.Event()
    serving = asyncio.create_task(serve(app, listener, nullcontext(), started=started.set))
    await started.wait()
    try:
        yield listener.getsockname()[1]
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        await serving


async def raw(port: int, sent: bytes) -> httpx.Response:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    status, *headers = head.decode().split("\r\n")
    return httpx.Response(int(status.split()[1]), headers=dict(line.split(": ", 1) for line in headers), content=body)


async def test_what_is_no_http_is_a_problem_with_an_id_of_its_own(toy: Toy) -> None:
    before = current_trace()
    async with served(toy.service.app) as port:
        answers = [await raw(port, sent) for sent in NOT_HTTP]
    for answer, sent in zip(answers, NOT_HTTP, strict=True):
        assert_problem(answer, 400, "malformed-request", about=repr(sent))
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)
    assert current_trace() == before


@pytest.mark.parametrize(("path", "status"), [("/v1/nowhere", 404), ("/livez", 200)])
async def test_an_upgrade_to_a_websocket_is_not_taken_up(toy: Toy, path: str, status: int) -> None:
    async with served(toy.service.app) as port, httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://127.0.0.1:{port}{path}", headers=UPGRADE)
    assert answer.status_code == status
    if status == 404:
        assert_problem(answer, 404, "no-such-route")
