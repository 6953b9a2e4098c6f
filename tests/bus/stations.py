"""A toy service for the bus: what it hears it writes down, one row per event, so that a test can count effects."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Column, Identity, Integer, MetaData, Table, Uuid, insert, select

from shared import inbox
from shared.bus import Bus, BusUnavailable
from shared.clock import system_clock
from shared.consumer import Consumer
from shared.db import Database
from shared.events.envelope import Event, Record
from shared.ids import new_id
from shared.keyring import Keyring
from shared.policy_directory import PolicyDirectory
from shared.units import UnitDirectory
from shared.uow import UnitOfWork, Works
from tests.support.databases import create_tables

metadata = MetaData()
effects = Table(
    "effects",
    metadata,
    Column("position", BigInteger, Identity(always=True), primary_key=True),
    Column("key", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
)


class TallyAdded(Event, type="massline.testing.tally.added.v1", key="tally_id"):
    """When: a test counts. Key: the tally. Consumed by stations."""

    tally_id: UUID
    number: int


Hook = Callable[[TallyAdded], Awaitable[None]]


async def _do_nothing(event: TallyAdded) -> None:
    return None


@dataclass
class Station:
    """One member of a group, with a database that other members of its group may share. `before` may raise, or wait."""

    database: Database
    before: Hook = field(default=_do_nothing)

    def __post_init__(self) -> None:
        self.works = Works(
            self.database, system_clock, new_id, UnitDirectory(self.database), PolicyDirectory(self.database), Keyring({}, "")
        )
        self.consumer = Consumer(self.works, "testing", {TallyAdded: self._on_tally_added}, pauses=(0.01, 0.02))
        self.heard: list[TallyAdded] = []

    async def _on_tally_added(self, uow: UnitOfWork, event: TallyAdded, record: Record) -> None:
        self.heard.append(event)
        await self.before(event)
        await uow.session.execute(insert(effects).values(key=event.tally_id, number=event.number))

    async def effects(self) -> list[tuple[UUID, int]]:
        async with self.database.session() as session:
            rows = await session.execute(select(effects.c.key, effects.c.number).order_by(effects.c.position))
            return [(row.key, row.number) for row in rows]

    async def numbers(self, key: UUID) -> list[int]:
        return [number for found, number in await self.effects() if found == key]

    async def parked(self) -> Sequence[dict[str, object]]:
        async with self.database.session() as session:
            return await inbox.parked(session, limit=100)


@asynccontextmanager
async def open_station(url: str) -> AsyncIterator[Station]:
    await create_tables(url, metadata)
    async with Database(url, connections=5) as database:
        yield Station(database)


def tally(key: UUID, number: int, *, data: bytes | None = None) -> Record:
    event = TallyAdded(tally_id=key, number=number)
    return Record(
        id=uuid4(),
        type=event.type,
        key=key,
        time=system_clock(),
        topic=event.topic,
        data=event.model_dump_json().encode() if data is None else data,
    )


def tallies(key: UUID, count: int) -> list[Record]:
    return [tally(key, number) for number in range(count)]


async def publish(bus: Bus, records: Sequence[Record]) -> int:
    """As the relay does: again until the bus has all of it. Returns how often it was refused."""
    refused = 0
    while True:
        try:
            await bus.publish(records)
            return refused
        except BusUnavailable:
            refused += 1
