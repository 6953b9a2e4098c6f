"""A gateway whose dispatcher is at work, and the receivers it sends to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from services.gateway.webhooks_out.actions import CHANNEL
from services.gateway.webhooks_out.dispatcher import Dispatcher
from shared.events.envelope import Record
from shared.events.gateway import AccountCreated
from tests.gateway.support import Gateway
from tests.gateway.webhooks_out.hostile import Hostile, open_hostile
from tests.support.clock import ManualClock
from tests.support.eventually import eventually

CREATED = AccountCreated.type


def make_record(clock: ManualClock) -> Record:
    event = AccountCreated(account_id=uuid4(), role="inspector", unit_id=None)
    return Record(
        id=uuid4(),
        type=event.type,
        key=event.key,
        time=clock(),
        topic=event.topic,
        data=event.model_dump_json().encode(),
    )


@dataclass
class Post:
    """Registers endpoints, tells events, and looks at what became of them."""

    gateway: Gateway
    clock: ManualClock
    hostile: Hostile

    async def register(self, path: str = "/ok", *event_types: str) -> dict[str, Any]:
        body = {"url": self.hostile.url + path, "event_types": event_types or ["*"]}
        answer = await self.gateway.admin("POST", "/v1/webhooks", json=body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def tell(self, count: int = 1) -> Sequence[Record]:
        records = [make_record(self.clock) for _ in range(count)]
        await self.gateway.service.consumer.deliver(records)
        return records

    async def deliveries(self, webhook: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
        answer = await self.gateway.admin("GET", f"/v1/webhooks/{webhook['id']}/deliveries", params=query)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def one(self, webhook: dict[str, Any], state: str, *, attempts: int | None = None) -> dict[str, Any]:
        """The only delivery, once it is in this state after so many attempts."""

        async def reached() -> dict[str, Any] | None:
            (delivery,) = await self.deliveries(webhook)
            fits = delivery["state"] == state and attempts in (None, delivery["attempts"])
            return delivery if fits else None

        found = await eventually(reached)
        assert found is not None
        return found

    def later(self, **duration: float) -> None:
        self.clock.advance(**duration)
        self.gateway.service.database.wakeup(CHANNEL).ring()


@pytest.fixture
async def hostile() -> AsyncIterator[Hostile]:
    async with open_hostile() as opened:
        yield opened


@pytest.fixture
async def post(gateway: Gateway, clock: ManualClock, hostile: Hostile) -> Post:
    """Nothing is sent until a worker is started."""
    return Post(gateway, clock, hostile)


Work = Callable[[], Awaitable["asyncio.Task[bool]"]]


@pytest.fixture
async def start(gateway: Gateway) -> AsyncIterator[Work]:
    """Starts a worker; all stop with the test."""
    tasks: list[asyncio.Task[bool]] = []

    async def begin() -> "asyncio.Task[bool]":
        settings, box = gateway.service.settings, gateway.service.api.state.secret_box
        dispatcher = Dispatcher(box, settings.webhook_allowed_networks, seconds=1.0)  # type: ignore[attr-defined]
        task = asyncio.create_task(dispatcher.run(gateway.service.works))
        tasks.append(task)
        return task

    yield begin
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
