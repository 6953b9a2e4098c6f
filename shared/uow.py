"""The unit of work: what an action gets to do its work with. It is committed once, at the edge, by whoever opened it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Self
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared import outbox
from shared.clock import Clock, hour_of
from shared.db import Database
from shared.events.envelope import Event
from shared.ids import Ids, new_id_at
from shared.keyring import Keyring
from shared.policies import PolicyBook
from shared.policy_directory import PolicyDirectory
from shared.telemetry import current_traceparent
from shared.units import CHANNEL, KnownUnit, UnitDirectory, project_unit


@dataclass(slots=True)
class UnitOfWork:
    """A session with the clock, the ids, the unit tree, the policies and the keys. Actions change rows and `record` events; they
    never commit."""

    session: AsyncSession
    database: Database
    clock: Clock
    ids: Ids
    units: UnitDirectory
    policies: PolicyBook
    keyring: Keyring
    coarse: bool = False
    wakes: set[str] = field(default_factory=set, init=False)
    """Whom to wake once this has committed: names of wake-ups."""

    def by_the_hour(self) -> Self:
        """The same work, in which ids, events and `stamp` tell no finer time than the hour: for what somebody without an account
        does."""
        coarse = replace(self, ids=partial(new_id_at, hour_of(self.now())), coarse=True)
        coarse.wakes = self.wakes
        return coarse

    def now(self) -> datetime:
        return self.clock()

    def stamp(self) -> datetime:
        """The present moment as it is written down."""
        return hour_of(self.now()) if self.coarse else self.now()

    def new_id(self) -> UUID:
        return self.ids()

    async def know_unit(self, unit: KnownUnit) -> None:
        """Keep the newest version of a unit; whoever asks the tree in this process after the commit finds it there."""
        await project_unit(self.session, unit)
        self.wakes.add(CHANNEL)

    async def record(self, event: Event, *, coarse: bool = False) -> None:
        """Tell the other services, in every version that is still published. `coarse` keeps only the hour, for what an anonymous
        speaker did."""
        coarse = coarse or self.coarse
        time = hour_of(self.now()) if coarse else self.now()
        trace = "" if coarse else current_traceparent()
        for version in event.versions():
            event_id = new_id_at(time) if coarse else self.ids()
            await outbox.record(self.session, version, id=event_id, time=time, traceparent=trace)
        self.wakes.add(outbox.CHANNEL)

    async def record_all(self, events: Sequence[Event]) -> None:
        """Like `record`, for many at once, in this order."""
        if events:
            time, trace = self.stamp(), "" if self.coarse else current_traceparent()
            versions = (version for event in events for version in event.versions())
            await outbox.record_all(
                self.session, [outbox.row(version, id=self.ids(), time=time, traceparent=trace) for version in versions]
            )
            self.wakes.add(outbox.CHANNEL)

    async def record_facts(self, contract: type[Event], facts: Sequence[Mapping[str, Any]]) -> None:
        """Like `record_all`, for many events of one contract: their fields, see `outbox.rows`."""
        if facts:
            time, trace = self.stamp(), "" if self.coarse else current_traceparent()
            rows = outbox.rows(contract, facts, ids=self.ids, time=time, traceparent=trace)
            await outbox.record_all(self.session, rows)
            self.wakes.add(outbox.CHANNEL)


@dataclass(frozen=True, slots=True)
class Works:
    """Opens units of work for one service."""

    database: Database
    clock: Clock
    ids: Ids
    units: UnitDirectory
    policies: PolicyDirectory
    keyring: Keyring

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        """Commit when the block ends, roll back when it raises, then wake whoever has something to do."""
        async with self.open() as (uow, commit):
            yield uow
            await commit()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[tuple[UnitOfWork, Callable[[], Awaitable[None]]]]:
        """Like `begin`, but the caller says when to commit; without it everything is rolled back.

        It starts with the present unit tree and policies: who may see what, and when it is due, is decided by look-ups that do
        not wait.
        """
        await self.units.refresh()
        await self.policies.refresh()
        async with self.database.session() as session:
            uow = UnitOfWork(session, self.database, self.clock, self.ids, self.units, self.policies.book, self.keyring)

            async def commit() -> None:
                await session.commit()
                for name in uow.wakes:
                    self.database.wakeup(name).ring_everywhere()

            yield uow, commit
