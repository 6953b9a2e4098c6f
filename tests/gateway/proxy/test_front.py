"""One behaviour, whether a service is called directly or over HTTP; and the gateway itself is served by a real server."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest
from starlette.types import ASGIApp

from services.gateway.proxy.upstreams import HttpUpstream
from shared.auth import CREDENTIAL_HEADER, Credentials, Principal, Role
from shared.settings import DEVELOPMENT_SECRET
from tests.gateway.proxy.stub import PIECE, PIECES, Stub, served
from tests.gateway.support import Gateway, assert_problem, open_gateway
from tests.support.clock import ManualClock

if TYPE_CHECKING:
    from _pytest.fixtures import SubRequest

MIB = 1_048_576


@dataclass
class House:
    gateway: Gateway
    stub: Stub
    url: str
    http: httpx.AsyncClient

    async def echo(self, method: str, path: str, *, role: Role | None = None, **kwargs: Any) -> dict[str, Any]:
        answer = await self.gateway.call(method, path, role=role, **kwargs)
        assert answer.status_code == 200, answer.text
        echoed: dict[str, Any] = answer.json()
        return echoed


@asynccontextmanager
async def open_house(database: str, clock: ManualClock, kind: str, patience: float = 30.0) -> AsyncIterator[House]:
    stub = Stub()
    async with AsyncExitStack() as stack:
        upstream: ASGIApp = stub
        if kind == "http":
            over_http = HttpUpstream("feedback", await stack.enter_async_context(served(stub)), patience=patience)
            await stack.enter_async_context(over_http.open())
            upstream = over_http
        names = ("feedback", "visits", "assessment")
        gateway = await stack.enter_async_context(open_gateway(database, clock, upstreams=dict.fromkeys(names, upstream)))
        url = await stack.enter_async_context(served(gateway.service.app))
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, trust_env=False))
        yield House(Gateway(gateway.service, http), stub, url, http)
        stub.release.set()


@pytest.fixture(params=["direct", "http"])
def kind(request: "SubRequest") -> str:
    return str(request.param)


@pytest.fixture
async def house(database: str, clock: ManualClock, kind: str) -> AsyncIterator[House]:
    async with open_house(database, clock, kind) as opened:
        yield opened


async def test_a_request_arrives_as_it_was_sent(house: House) -> None:
    sent = {"title": "路灯坏了"}
    echo = await house.echo(
        "POST", "/v1/cases/%E8%B7%AF?unit_id=%2F&x=1&x=2", json=sent, headers={"idempotency-key": "k-1", "if-match": '"7"'}
    )
    assert (echo["method"], echo["path"], echo["query"]) == ("POST", "/v1/cases/路", "unit_id=%2F&x=1&x=2")
    assert json.loads(echo["body"].encode("latin-1")) == sent
    headers = dict(echo["headers"])
    assert headers["idempotency-key"] == "k-1"
    assert headers["if-match"] == '"7"'
    assert headers["content-type"] == "application/json"


async def test_a_service_learns_nothing_of_the_caller_but_the_credential(house: House) -> None:
    forged = Credentials(DEVELOPMENT_SECRET).issue(_admin())
    hostile = {
        CREDENTIAL_HEADER: forged,
        "forwarded": "for=192.0.2.60",
        "x-forwarded-for": "192.0.2.60",
        "x-forwarded-host": "evil.example",
        "x-real-ip": "192.0.2.60",
        "cookie": "who=me",
        "user-agent": "a telling browser",
        "connection": "close, x-secret",
        "x-secret": "1",
        "te": "trailers",
        "upgrade": "h2c",
        "proxy-authorization": "Basic x",
    }
    headers = dict((await house.echo("GET", "/v1/cases", headers=hostile))["headers"])
    given = Credentials(DEVELOPMENT_SECRET).read(headers.pop("massline-credential"))
    assert (given.role, given.account_id) == (Role.anonymous, None)
    assert set(headers) <= {"accept", "host", "traceparent", "x-request-id"}
    assert "evil" not in str(headers)


async def test_a_forged_credential_opens_nothing_of_the_gateway_either(house: House) -> None:
    forged = Credentials(DEVELOPMENT_SECRET).issue(_admin())
    answer = await house.http.get("/v1/accounts", headers={CREDENTIAL_HEADER: forged})
    assert_problem(answer, 401, "authentication-required")


async def test_a_bearer_becomes_a_credential(house: House) -> None:
    headers = dict((await house.echo("GET", "/v1/visits", role=Role.official))["headers"])
    assert Credentials(DEVELOPMENT_SECRET).read(headers["massline-credential"]).role is Role.official
    assert "authorization" not in headers


async def test_a_bad_token_goes_no_further(house: House) -> None:
    answer = await house.http.get("/v1/cases", headers={"authorization": "Bearer nonsense"})
    assert_problem(answer, 401, "invalid-token")
    assert house.stub.seen == []


async def test_the_trace_continues(house: House) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    sent = {"traceparent": f"00-{trace}-b7ad6b7169203331-01", "x-request-id": "request-0001"}
    answer = await house.http.get("/v1/cases", headers=sent)
    headers = dict(answer.json()["headers"])
    assert headers["traceparent"].split("-")[1] == trace
    assert headers["x-request-id"] == answer.headers["x-request-id"] == "request-0001"


async def test_an_answer_passes_as_it_is(house: House) -> None:
    answer = await house.http.get("/v1/cases/missing")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.headers["etag"] == '"7"'
    assert (await house.http.get("/v1/cases/empty")).status_code == 204


async def test_a_redirect_is_passed_on_and_does_not_name_the_service(house: House) -> None:
    answer = await house.http.get("/v1/cases/away")
    assert (answer.status_code, answer.headers["location"]) == (307, "/v1/cases")


async def test_head_is_get_without_a_body(house: House) -> None:
    answer = await house.http.head("/v1/cases/x")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 0
    assert house.stub.seen == ["GET /v1/cases/x"]


async def test_options_reaches_the_service(house: House) -> None:
    assert (await house.echo("OPTIONS", "/v1/cases"))["method"] == "OPTIONS"


async def test_a_body_of_the_cap_passes_and_one_byte_more_does_not(house: House) -> None:
    assert len((await house.echo("POST", "/v1/opinions", content=b"x" * MIB))["body"]) == MIB
    assert_problem(await house.http.post("/v1/opinions", content=b"x" * (MIB + 1)), 413, "body-too-large")
    assert len(house.stub.seen) == 1


async def test_the_cap_holds_for_a_body_of_unknown_length(house: House) -> None:
    async def pieces(count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            yield b"x" * 65_536

    assert len((await house.echo("POST", "/v1/opinions", content=pieces(3)))["body"]) == 3 * 65_536
    assert_problem(await house.http.post("/v1/opinions", content=pieces(17)), 413, "body-too-large")


async def test_a_stream_flows_while_it_is_made(house: House) -> None:
    async with house.http.stream("GET", "/v1/cases/stream") as answer:
        pieces = answer.aiter_bytes()
        first = await anext(pieces)
        assert first.startswith(b"0123456789")
        assert not house.stub.release.is_set()
        house.stub.release.set()
        rest = [piece async for piece in pieces]
    assert len(first) + sum(map(len, rest)) == len(PIECE) * PIECES


async def test_callers_who_leave_wear_out_nothing(house: House) -> None:
    """Every connection of the pool is abandoned half way, twice over; those who stay are answered all the same."""

    async def leave() -> None:
        with pytest.raises(httpx.TimeoutException):
            await house.http.get("/v1/cases/slow", timeout=0.2)

    await asyncio.gather(*(leave() for _ in range(60)))
    house.stub.release.set()
    answers = await asyncio.gather(*(house.http.get("/v1/cases") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.parametrize("path", ["/v1/%2e%2e/cases", "/v1//cases", "//v1/cases", "/v1", "/v1/opinionsx", "/v1/operations/x/y"])
async def test_a_path_of_nobody_is_answered_by_the_gateway(house: House, path: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(house.url.rsplit(":", 1)[1]))
    writer.write(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    assert b"404" in answer.split(b"\r\n", 1)[0]
    assert house.stub.seen == []


async def test_a_service_that_is_down_is_named(database: str, clock: ManualClock) -> None:
    async with AsyncExitStack() as stack:
        upstream = HttpUpstream("feedback", "http://127.0.0.1:9")
        await stack.enter_async_context(upstream.open())
        gateway = await stack.enter_async_context(open_gateway(database, clock, upstreams={"feedback": upstream}))
        answer = await gateway.http.post("/v1/opinions", json={})
    assert_problem(answer, 503, "upstream-unavailable")
    assert answer.headers["retry-after"] == "1"
    assert "feedback" in answer.json()["detail"]


async def test_what_concerns_the_hop_ends_there(database: str, clock: ManualClock) -> None:
    async with open_house(database, clock, "http") as house:
        answer = await house.http.get("/v1/cases")
    assert answer.headers.get_list("server") == ["uvicorn"]
    assert len(answer.headers.get_list("date")) == 1
    assert "keep-alive" not in answer.headers


async def test_a_service_that_does_not_answer_in_time(database: str, clock: ManualClock) -> None:
    async with open_house(database, clock, "http", patience=0.2) as house:
        assert_problem(await house.http.post("/v1/cases/slow", json={}), 504, "upstream-timeout")
        assert (await house.http.get("/v1/cases")).status_code == 200


async def test_a_service_that_hangs_up_was_asked_once(database: str, clock: ManualClock) -> None:
    asked = 0

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        await reader.readuntil(b"\r\n\r\n")
        asked += 1
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(server)
        upstream = HttpUpstream("feedback", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await stack.enter_async_context(upstream.open())
        gateway = await stack.enter_async_context(open_gateway(database, clock, upstreams={"feedback": upstream}))
        assert_problem(await gateway.http.post("/v1/opinions", json={}), 502, "upstream-broken")
    assert asked == 1


def _admin() -> Principal:
    return Principal(Role.admin, uuid4())


UPLOADS = ("/v1/cases/7/attachments", "/v1/receipts/attachments")
FILE_CAP = 10 * MIB + 16_384


@pytest.mark.parametrize("path", UPLOADS)
async def test_where_files_are_sent_a_body_may_be_larger(house: House, path: str) -> None:
    echo = await house.echo("POST", path, content=b"x" * (3 * MIB))
    assert len(echo["body"]) == 3 * MIB


@pytest.mark.parametrize("path", UPLOADS)
@pytest.mark.parametrize("pieces", [False, True])
async def test_a_body_over_the_cap_of_files_is_refused(house: House, path: str, *, pieces: bool) -> None:
    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(FILE_CAP // MIB + 1):
            yield b"x" * MIB

    content = in_pieces() if pieces else b"x" * (FILE_CAP + 1)
    assert_problem(await house.gateway.call("POST", path, content=content), 413, "body-too-large")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/v1/cases/7/attachments"),
        ("POST", "/v1/cases/7/attachments/7"),
        ("POST", "/v1/cases/7/8/attachments"),
        ("POST", "/v1/cases/attachments"),
        ("POST", "/v1/receipts/attachments/7"),
        ("POST", "/v1/receipts/attachments/"),
        ("POST", "/v1/units/7/attachments"),
        ("POST", "/v1/opinions"),
    ],
)
async def test_nowhere_else_may_it_be(house: House, method: str, path: str) -> None:
    assert_problem(await house.gateway.call(method, path, content=b"x" * (MIB + 1)), 413, "body-too-large")
