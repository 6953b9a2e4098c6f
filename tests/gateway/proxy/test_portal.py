from collections.abc import AsyncIterator
from html.parser import HTMLParser
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from tests.gateway.support import Gateway, assert_problem, open_gateway
from tests.support.clock import ManualClock


class Away:
    """A service that comes later."""

    def __init__(self) -> None:
        self.there = False
        self.asked = 0
        self.api = FastAPI()
        self.api.get("/v1/cases", tags=["cases"])(self.list_cases)

    def list_cases(self, unit: str = "<script>") -> dict[str, int]:
        """Cases of a <b>unit</b>."""
        return {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        if self.there:
            await self.api(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})


@pytest.fixture
def away() -> Away:
    return Away()


@pytest.fixture
async def gateway(database: str, clock: ManualClock, away: Away) -> AsyncIterator[Gateway]:
    async with open_gateway(database, clock, upstreams={"feedback": away}) as opened:
        yield opened


async def document(gateway: Gateway) -> dict[str, Any]:
    answer = await gateway.http.get("/openapi.json")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_document_is_kept_once_every_service_has_answered(gateway: Gateway, away: Away) -> None:
    partial = await document(gateway)
    assert partial["x-missing-services"] == ["feedback"]
    assert "/v1/cases" not in partial["paths"]
    away.there = True
    whole = await document(gateway)
    assert "x-missing-services" not in whole
    assert "get" in whole["paths"]["/v1/cases"]
    asked = away.asked
    assert await document(gateway) == whole
    assert away.asked == asked


async def test_the_document_names_every_operation_of_the_gateway_once(gateway: Gateway) -> None:
    paths = (await document(gateway))["paths"]
    assert {"/v1/auth/token", "/v1/accounts", "/v1/me", "/v1/webhooks", "/v1/webhooks/{webhook_id}/deliveries"} <= set(paths)
    ids = [operation["operationId"] for item in paths.values() for operation in item.values()]
    assert len(ids) == len(set(ids))


async def test_the_documentation_page_stands_alone(gateway: Gateway, away: Away) -> None:
    away.there = True
    answer = await gateway.http.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    found: list[str] = []

    class Finder(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.extend([tag, *(value or "" for _, value in attrs)])

    Finder().feed(answer.text)
    assert "script" not in found
    assert not [value for value in found if value.startswith(("http", "//"))]
    assert "/v1/cases" in answer.text


async def test_the_root_leads_on(gateway: Gateway) -> None:
    links = (await gateway.http.get("/")).json()
    for name in ("docs", "openapi"):
        assert (await gateway.http.get(links[name])).status_code == 200


async def test_an_unknown_path_is_a_problem(gateway: Gateway) -> None:
    assert_problem(await gateway.http.get("/nothing/here"), 404, "no-such-route")
    assert_problem(await gateway.http.post("/docs"), 405, "method-not-allowed")
