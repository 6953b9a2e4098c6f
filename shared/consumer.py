"""The consumer runner: applies events once each, retries what may pass, parks what will not, waits for what is away."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import structlog

from shared import inbox
from shared.db import is_outage
from shared.errors import Conflict, DomainError, Forbidden, Gone, Invalid, NotFound
from shared.events.envelope import Event, MalformedEvent, Record, UnknownEvent
from shared.telemetry import EVENTS, start_trace
from shared.uow import UnitOfWork, Works

log = structlog.get_logger(__name__)

Handler = Callable[[UnitOfWork, Any, Record], Awaitable[None]]
"""`(uow, event, record)`: changes rows and records events; the runner commits."""
Handlers = Mapping[type[Event], Handler]

Prepare = Callable[[UnitOfWork, Sequence[Record]], Awaitable[None]]
"""Before events are applied in one transaction: takes the locks that they must not take in the order in which they came."""

RETRY_PAUSES = (0.05, 0.2, 0.5, 1.0)
OUTAGE_PAUSE = 1.0
HOPELESS = (UnknownEvent, MalformedEvent, Invalid, Conflict, Forbidden, Gone)
"""Trying again cannot help. `NotFound` is not here: what an event refers to may still be on its way from another topic."""


class Consumer:
    """One service's member of its group. `deliver` is what the bus calls."""

    def __init__(
        self,
        works: Works,
        service: str,
        handlers: Handlers,
        *,
        prepare: Prepare | None = None,
        pauses: Sequence[float] = RETRY_PAUSES,
    ) -> None:
        self._works = works
        self._service = service
        self._handlers = {event.type: handler for event, handler in handlers.items()}
        self._prepare = prepare
        self._pauses = pauses
        self.topics = sorted({event.topic for event in handlers})

    async def deliver(self, batch: Sequence[Record]) -> None:
        """Apply or park every record before returning. A database that is away is waited for, without end."""
        wanted = [record for record in batch if record.type in self._handlers or not record.type.startswith("massline.")]
        if not wanted:
            return
        while True:
            try:
                await self._take(wanted)
                return
            except Exception as error:
                if not is_outage(error):
                    raise
                log.warning("database away, events wait", error=type(error).__name__)
                await asyncio.sleep(OUTAGE_PAUSE)

    async def _take(self, records: Sequence[Record]) -> None:
        """All in one transaction, which is fast; one by one if that fails, so that only the culprit is held up."""
        try:
            await self._apply(records)
            return
        except Exception as error:
            if is_outage(error):
                raise
        for record in records:
            await self._apply_or_park(record)

    async def _apply(self, records: Sequence[Record]) -> None:
        outcomes: list[tuple[str, str]] = []
        async with self._works.begin() as uow:
            fresh = await inbox.claim(uow.session, [record.id for record in records])
            if self._prepare is not None and len(records) > 1:
                await self._prepare(uow, records)
            for record in records:
                if record.id in fresh:
                    fresh.discard(record.id)
                    await self._handle(uow, record)
                    outcomes.append((record.type, "applied"))
                else:
                    outcomes.append((record.type, "duplicate"))
        for outcome in outcomes:
            EVENTS.labels(self._service, *outcome).inc()

    async def _handle(self, uow: UnitOfWork, record: Record) -> None:
        start_trace(record.traceparent)
        event = record.event()
        await self._handlers[record.type](uow, event, record)
        await uow.session.flush()

    async def _apply_or_park(self, record: Record) -> None:
        attempts = 0
        while True:
            attempts += 1
            try:
                await self._apply([record])
                return
            except Exception as error:
                if is_outage(error):
                    raise
                if isinstance(error, HOPELESS) or attempts > len(self._pauses):
                    await self._park(record, error, attempts)
                    return
            EVENTS.labels(self._service, record.type, "retried").inc()
            await asyncio.sleep(self._pauses[attempts - 1])

    async def _park(self, record: Record, error: Exception, attempts: int) -> None:
        async with self._works.begin() as uow:
            await inbox.park(uow.session, record, cause=cause_of(error), attempts=attempts)
        EVENTS.labels(self._service, record.type, "parked").inc()
        log.error("event parked", event_id=record.id, type=record.type, cause=cause_of(error), attempts=attempts)

    async def replay(self, event_id: UUID) -> None:
        """Apply a parked event now. Raises `NotFound`, or `Conflict` with the cause when it fails again and stays parked."""
        try:
            async with self._works.begin() as uow:
                record = await inbox.unpark(uow.session, event_id)
                if record.type not in self._handlers:
                    raise UnknownEvent(record.type)
                await self._handle(uow, record)
        except NotFound as error:
            if error.slug == "parked-event-not-found":
                raise
            await self._replay_failed(event_id, error)
        except Exception as error:
            if is_outage(error):
                raise
            await self._replay_failed(event_id, error)
        log.info("parked event replayed", event_id=event_id)

    async def _replay_failed(self, event_id: UUID, error: Exception) -> None:
        async with self._works.begin() as uow:
            await inbox.note_attempt(uow.session, event_id, cause=cause_of(error))
        raise Conflict("replay-failed", f"The event failed again and stays parked: {cause_of(error)}") from error


def cause_of(error: Exception) -> str:
    """What an operator needs, without values that the event carried."""
    if isinstance(error, DomainError):
        return f"{error.kind}: {error.slug}"
    if isinstance(error, UnknownEvent | MalformedEvent):
        return f"{type(error).__name__}: {error}"
    origin = error.__cause__ or error
    return f"{type(origin).__module__}.{type(origin).__name__}"
