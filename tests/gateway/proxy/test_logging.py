"""A change has one line in the log of each process that had a part in it."""

from typing import Any
from uuid import uuid4

from fastapi import FastAPI
from starlette.types import ASGIApp
from structlog.testing import capture_logs

from services.gateway.proxy.upstreams import HttpUpstream
from shared.http import Edge
from tests.gateway.proxy.stub import served
from tests.gateway.support import open_gateway
from tests.support.clock import ManualClock


def service_behind() -> ASGIApp:
    api = FastAPI()
    api.add_middleware(Edge, service="feedback")

    @api.post("/v1/cases/{case_id}/acknowledge")
    async def acknowledge(case_id: str) -> None: ...

    @api.post("/v1/opinions")
    async def submit() -> None: ...

    return api


async def logged(database: str, clock: ManualClock, upstream: ASGIApp) -> list[str]:
    """The routes of the request lines after one change, one anonymous word, and one path that is nowhere."""
    with capture_logs() as lines:
        async with open_gateway(database, clock, upstreams={"feedback": upstream}) as gateway:
            for path in (f"cases/{uuid4()}/acknowledge", "opinions", "cases/a/b/c"):
                await gateway.call("POST", f"/v1/{path}")
    requests: list[Any] = [line["route"] for line in lines if line["event"] == "request"]
    return requests


async def test_in_one_process_a_change_is_logged_once_under_its_real_route(database: str, clock: ManualClock) -> None:
    assert await logged(database, clock, service_behind()) == ["/v1/cases/{case_id}/acknowledge", "/v1/cases"]


async def test_over_http_each_process_logs_it(database: str, clock: ManualClock) -> None:
    async with served(service_behind()) as url:
        upstream = HttpUpstream("feedback", url, patience=30.0)
        async with upstream.open():
            routes = await logged(database, clock, upstream)
    assert sorted(routes) == ["/v1/cases", "/v1/cases", "/v1/cases/{case_id}/acknowledge"]
