"""A service as it is started: its API, and its worker (relay, consumer, timed jobs), together or in separate processes."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from pydantic import Field
from sqlalchemy import func, select
from starlette.types import ASGIApp

from shared import idempotency, inbox
from shared.auth import Administrator, Credentials
from shared.bus import Bus
from shared.clock import Clock, system_clock
from shared.consumer import Consumer, Handlers, Prepare
from shared.db import Database, is_outage
from shared.http import (
    OF_A_SERVICE,
    BodyLimits,
    Edge,
    EdgeRoute,
    QueryRoute,
    Uow,
    UploadTurns,
    install_problem_handlers,
    problem,
    take_routes,
)
from shared.ids import Ids, new_id
from shared.outbox import outbox
from shared.pages import PageLimit
from shared.policy_directory import PolicyDirectory
from shared.relay import Relay
from shared.settings import ServiceSettings
from shared.telemetry import OUTBOX, PARKED, metrics_text
from shared.types import Out
from shared.units import UnitDirectory
from shared.uow import Works

log = structlog.get_logger(__name__)

HOUSEKEEPING_EVERY = 3600.0
FAILURE_PAUSE = 5.0
GC_THRESHOLD = 50_000


@dataclass(frozen=True, slots=True)
class Job:
    """Timed work. `run` returns True when there is more to do at once; several workers may run it at the same time."""

    name: str
    every: float
    run: Callable[[Works], Awaitable[bool]]


class Service:
    """Everything one service is made of. `open()` makes the API usable; `working(bus)` adds the worker."""

    def __init__(
        self,
        settings: ServiceSettings,
        *,
        routers: Sequence[APIRouter],
        handlers: Handlers,
        prepare: Prepare | None = None,
        jobs: Sequence[Job] = (),
        clock: Clock = system_clock,
        ids: Ids = new_id,
        upload_turns: UploadTurns = OF_A_SERVICE,
    ) -> None:
        self.name = settings.service
        self.settings = settings
        self.limits = BodyLimits(settings.max_body_bytes, settings.max_file_bytes)
        self._upload_turns = upload_turns
        self.database = Database(settings.database, connections=settings.database_connections)
        self.units = UnitDirectory(self.database)
        self.policies = PolicyDirectory(self.database)
        self.works = Works(self.database, clock, ids, self.units, self.policies, settings.keyring())
        self.consumer = Consumer(self.works, self.name, handlers, prepare=prepare)
        self.jobs = [*jobs, Job("housekeeping", HOUSEKEEPING_EVERY, _housekeeping)]
        self.bus: Bus | None = None
        self.housemates: Sequence[Service] = ()
        """The other services of this process, for whose state this one's probes answer too."""
        self.extras: list[Callable[[], Any]] = []
        """Asynchronous context managers that live as long as the service is open."""
        self.api = self._build_api(routers)
        self.app: ASGIApp = self.api

    def _build_api(self, routers: Sequence[APIRouter]) -> FastAPI:
        api = FastAPI(title=f"massline {self.name}", docs_url=None, redoc_url=None)
        api.state.settings = self.settings
        api.state.works = self.works
        api.state.database = self.database
        api.state.credentials = Credentials(self.settings.internal_secret.get_secret_value())
        api.add_middleware(Edge, service=self.name, limits=self.limits, turns=self._upload_turns)
        install_problem_handlers(api)
        for router in (*routers, _operations(self.name)):
            take_routes(api, router)
        self.add_probes(api)
        return api

    def add_probes(self, api: FastAPI) -> None:
        """`/livez`, `/readyz` and `/metrics`, for whichever process this service runs in."""
        api.state.service = self
        take_routes(api, probes)

    async def missing(self) -> list[str]:
        """The parts that this process waits for; empty when it is ready."""
        return [part for service in (self, *self.housemates) for part in await service.own_missing()]

    async def measure(self) -> None:
        """Bring this process's gauges up to date."""
        for service in (self, *self.housemates):
            await service.measure_own()

    async def own_missing(self) -> list[str]:
        parts = []
        try:
            await self.database.ping()
        except Exception as error:
            if not is_outage(error) and not isinstance(error, TimeoutError | RuntimeError):
                raise
            parts.append(f"{self.name} database")
        if self.bus is not None and not self.bus.ready():
            parts.append("event bus")
        return parts

    async def measure_own(self) -> None:
        try:
            async with self.database.session() as session:
                waiting = await session.scalar(select(func.count()).select_from(outbox))
                parked = await session.scalar(select(func.count()).select_from(inbox.parked_events))
        except Exception as error:
            if not is_outage(error):
                raise
            return
        OUTBOX.labels(self.name).set(waiting or 0)
        PARKED.labels(self.name).set(parked or 0)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """The database, the unit tree, the policies, and what the service itself keeps open."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.database)
            self.database.listen()
            await self.units.refresh()
            await self.policies.refresh()
            for extra in self.extras:
                await stack.enter_async_context(extra())
            yield

    @asynccontextmanager
    async def working(self, bus: Bus) -> AsyncIterator[None]:
        """Relay, consumer and jobs, while the context is open. Needs `open()` around it."""
        self.bus = bus
        relay = Relay(self.database, bus)
        async with AsyncExitStack() as stack:
            if self.consumer.topics:
                group = f"massline-{self.name}"
                await stack.enter_async_context(bus.subscribe(group, self.consumer.topics, self.consumer.deliver))
            tasks = [asyncio.create_task(relay.run(), name=f"{self.name}-relay")]
            tasks += [asyncio.create_task(self._repeat(job), name=f"{self.name}-{job.name}") for job in self.jobs]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _repeat(self, job: Job) -> None:
        while True:
            try:
                more = await job.run(self.works)
            except Exception as error:
                more = False
                if is_outage(error):
                    log.warning("database away, job waits", job=job.name)
                else:
                    log.exception("job failed, will run again", job=job.name)
                await asyncio.sleep(FAILURE_PAUSE)
            if not more:
                await asyncio.sleep(job.every)


probes = APIRouter(include_in_schema=False)


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


@probes.get("/livez")
async def livez() -> dict[str, str]:
    return {"status": "alive"}


@probes.get("/readyz")
async def readyz(request: Request) -> Response:
    missing = await _service(request).missing()
    if missing:
        return problem(503, "not-ready", f"Waiting for: {', '.join(missing)}.")
    return Response(b'{"status":"ready"}', media_type="application/json")


@probes.get("/metrics")
async def metrics(request: Request) -> Response:
    await _service(request).measure()
    return Response(metrics_text(), media_type="text/plain; version=0.0.4")


class ParkedEvent(Out):
    event_id: UUID
    type: str
    key: UUID
    time: datetime
    topic: str
    traceparent: str
    cause: str = Field(description="Kind and slug, or the error's class; never the event's data.")
    attempts: int
    parked_at: datetime


class Replayed(Out):
    event_id: UUID
    replayed: bool


async def list_parked_events(uow: Uow, principal: Administrator, limit: PageLimit = 50) -> list[ParkedEvent]:
    """Events that this service could not apply, oldest first, with the cause."""
    rows = await inbox.parked(uow.session, limit=limit)
    return [ParkedEvent.model_validate(row) for row in rows]


async def replay_parked_event(request: Request, event_id: UUID, principal: Administrator) -> Replayed:
    """Apply a parked event now. 409 with the cause when it fails again; it then stays parked."""
    await _service(request).consumer.replay(event_id)
    return Replayed(event_id=event_id, replayed=True)


def _operations(service: str) -> APIRouter:
    """Each service has these under its own name."""
    router = APIRouter(prefix=f"/v1/operations/{service}", tags=["operations"])
    events, replay = "/parked-events", "/parked-events/{event_id}/replay"
    list_id, replay_id = f"list_{service}_parked_events", f"replay_{service}_parked_events"
    router.add_api_route(events, list_parked_events, methods=["GET"], operation_id=list_id, route_class_override=EdgeRoute)
    router.add_api_route(replay, replay_parked_event, methods=["POST"], operation_id=replay_id, route_class_override=QueryRoute)
    return router


async def _housekeeping(works: Works) -> bool:
    async with works.begin() as uow:
        await idempotency.forget_old(uow.session, now=uow.now())
        await inbox.forget_applied(uow.session, now=uow.now())
    return False


def settle_garbage_collector() -> None:
    """Call once after start-up: what lives for ever is not scanned again. Measured: p99 under load from 48 to 4 ms."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 20, 20)
