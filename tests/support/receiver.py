"""Another system: a webhook endpoint on 127.0.0.1 that keeps what it was sent, and fails when told to."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.serving import listen


@dataclass(frozen=True)
class Delivery:
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Receiver:
    """`refusals` is how many of the next deliveries are answered with 500 before the others are taken."""

    url: str = ""
    refusals: int = 0
    refused: list[Delivery] = field(default_factory=list)
    taken: list[Delivery] = field(default_factory=list)

    async def receive(self, request: Request) -> Response:
        delivery = Delivery(dict(request.headers), await request.body())
        if self.refusals > 0:
            self.refusals -= 1
            self.refused.append(delivery)
            return Response(status_code=500)
        self.taken.append(delivery)
        return Response(status_code=204)

    def types(self) -> list[str]:
        return [delivery.event["type"] for delivery in self.taken]


@asynccontextmanager
async def open_receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    listener = listen("127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
    app = Starlette(routes=[Route("/hook", receiver.receive, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    task = asyncio.create_task(server._serve(sockets=[listener]))
    try:
        yield receiver
    finally:
        server.should_exit = True
        await task
        listener.close()
