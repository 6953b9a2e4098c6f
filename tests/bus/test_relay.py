"""The relay: from the outbox to the bus in order, one active at a time, woken by the commit, losing nothing on the way."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from shared import relay as relays
from shared.bus import Bus, BusUnavailable
from shared.bus.inprocess import InProcessBus
from shared.clock import system_clock
from shared.db import Database
from shared.events.envelope import Record
from shared.ids import new_id
from shared.keyring import Keyring
from shared.outbox import outbox
from shared.policy_directory import PolicyDirectory
from shared.relay import Relay
from shared.units import UnitDirectory
from shared.uow import Works
from tests.bus.stations import Station, TallyAdded, open_station
from tests.support.databases import Databases
from tests.support.eventually import eventually

TOPIC = [TallyAdded.topic]
LONG = 3600.0
KILL_HOLDER = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"


class Tap:
    """A group that keeps what it is given; `refuse` makes it refuse."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.deliveries = 0
        self.refuse = False

    async def deliver(self, batch: Sequence[Record]) -> None:
        self.deliveries += 1
        if self.refuse:
            raise RuntimeError("refused")
        self.records.extend(batch)

    def numbers(self, key: UUID) -> list[int]:
        return [
            event.number for event in map(Record.event, self.records) if isinstance(event, TallyAdded) if event.tally_id == key
        ]


@pytest.fixture
def url(databases: Databases) -> str:
    return databases.fresh("kernel")


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with Database(url, connections=30) as opened:
        yield opened


@asynccontextmanager
async def relaying(database: Database, bus: Bus) -> AsyncIterator[Relay]:
    relay = Relay(database, bus)
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def tapped(bus: Bus) -> AsyncIterator[Tap]:
    tap = Tap()
    async with bus.subscribe("tap", TOPIC, tap.deliver):
        yield tap


def works_on(database: Database) -> Works:
    return Works(database, system_clock, new_id, UnitDirectory(database), PolicyDirectory(database), Keyring({}, ""))


async def record_tally(database: Database, key: UUID, *numbers: int) -> None:
    async with works_on(database).begin() as uow:
        for number in numbers:
            await uow.record(TallyAdded(tally_id=key, number=number))


async def waiting(database: Database) -> int:
    async with database.session() as session:
        return await session.scalar(select(func.count()).select_from(outbox)) or 0


async def _empty(database: Database) -> bool:
    return await waiting(database) == 0


async def test_what_was_recorded_reaches_a_consumer_once_and_in_order(bus: Bus, databases: Databases, database: Database) -> None:
    key = uuid4()
    async with AsyncExitStack() as stack:
        station = await stack.enter_async_context(open_station(databases.fresh("kernel")))
        await stack.enter_async_context(bus.subscribe("station", TOPIC, station.consumer.deliver))
        await stack.enter_async_context(relaying(database, bus))
        for start in range(0, 50, 5):
            await record_tally(database, key, *range(start, start + 5))
        await eventually(lambda: _has(station, 50))
        await eventually(lambda: _empty(database))
        assert await station.numbers(key) == list(range(50))


async def _has(station: Station, count: int) -> bool:
    return len(await station.effects()) >= count


async def test_rows_stay_while_the_bus_is_away_and_leave_in_order_when_it_is_back(database: Database) -> None:
    key = uuid4()
    bus = InProcessBus()
    await bus.stop()
    with pytest.raises(BusUnavailable):
        await bus.publish([])
    async with tapped(bus) as tap, relaying(database, bus) as relay:
        await record_tally(database, key, *range(10))
        await eventually(lambda: _true(relay.active))
        assert (await waiting(database), tap.records) == (10, [])
        await bus.start()
        await eventually(lambda: _empty(database))
    assert tap.numbers(key) == list(range(10))


async def test_a_publication_that_failed_half_way_is_repeated_and_has_one_effect(
    databases: Databases, database: Database
) -> None:
    """One group has committed when another refuses: both are given the batch again, and the first drops it."""
    key = uuid4()
    bus = InProcessBus()
    async with open_station(databases.fresh("kernel")) as station, tapped(bus) as tap:
        tap.refuse = True
        async with bus.subscribe("station", TOPIC, station.consumer.deliver), relaying(database, bus):
            await record_tally(database, key, *range(5))
            await eventually(lambda: _true(tap.deliveries > 1))
            assert await station.numbers(key) == list(range(5))
            tap.refuse = False
            await eventually(lambda: _empty(database))
        assert tap.numbers(key) == list(range(5))
        assert await station.numbers(key) == list(range(5))


async def test_only_one_relay_is_active_and_the_other_takes_over_when_its_connection_dies(
    url: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relays, "STANDBY_PAUSE", 0.05)
    key = uuid4()
    bus = InProcessBus()
    async with Database(url) as other, tapped(bus) as tap, relaying(database, bus) as first:
        await eventually(lambda: _true(first.active))
        async with relaying(other, bus) as second:
            await record_tally(database, key, 0)
            await eventually(lambda: _empty(database))
            assert (first.active, second.active) == (True, False)
            while not second.active:  # the first may be quicker to come back: then once more
                await database.pool.execute(KILL_HOLDER)
                await eventually(lambda: _true(first.active != second.active))
            await record_tally(database, key, 1, 2)
            await eventually(lambda: _empty(database))
            assert (first.active, second.active) == (False, True)
    assert tap.numbers(key) == [0, 1, 2]


async def test_a_commit_in_another_process_wakes_the_relay(url: str, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without polling, and though the relay came after the listener: only the notification can wake it."""
    monkeypatch.setattr(relays, "POLL", LONG)
    key = uuid4()
    bus = InProcessBus()
    database.listen()
    await eventually(lambda: _listens(database))
    async with Database(url) as elsewhere, tapped(bus) as tap, relaying(database, bus) as relay:
        await record_tally(elsewhere, key, 0)
        await eventually(lambda: _empty(database))
        assert relay.active
        for number in (1, 2, 3):
            await record_tally(elsewhere, key, number)
            await eventually(lambda: _empty(database))
    assert tap.numbers(key) == [0, 1, 2, 3]


async def _listens(database: Database) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'listen%'"
    return bool(await database.pool.fetchval(query))


async def test_transactions_that_commit_out_of_sequence_lose_nothing(database: Database) -> None:
    """200 of them in waves of 20: all of a wave hold their rows before the first commits, and the last to write commits first."""
    keys = [uuid4() for _ in range(200)]
    bus = InProcessBus()
    works = works_on(database)
    async with tapped(bus) as tap, relaying(database, bus):
        for start in range(0, 200, 20):
            async with AsyncExitStack() as stack:
                commits = []
                for key in keys[start : start + 20]:
                    uow, commit = await stack.enter_async_context(works.open())
                    await uow.record(TallyAdded(tally_id=key, number=0))
                    commits.append(commit)
                for commit in reversed(commits):
                    await commit()
        await eventually(lambda: _empty(database))
    assert sorted(record.key for record in tap.records) == sorted(keys)


async def test_concurrent_writers_of_one_locked_key_leave_in_the_order_of_their_commits(database: Database) -> None:
    key = uuid4()
    bus = InProcessBus()
    works = works_on(database)
    committed: list[int] = []

    async def write(number: int) -> None:
        async with works.begin() as uow:
            await uow.session.execute(select(func.pg_advisory_xact_lock(1)))
            await uow.record(TallyAdded(tally_id=key, number=number))
            committed.append(number)

    async with tapped(bus) as tap, relaying(database, bus):
        await asyncio.gather(*(write(number) for number in range(20)))
        await eventually(lambda: _empty(database))
    assert tap.numbers(key) == committed


async def test_a_transaction_that_is_rolled_back_tells_nobody(database: Database) -> None:
    key = uuid4()
    bus = InProcessBus()
    async with tapped(bus) as tap, relaying(database, bus):
        async with works_on(database).open() as (uow, _):
            await uow.record(TallyAdded(tally_id=key, number=0))
        await record_tally(database, key, 1)
        await eventually(lambda: _empty(database))
    assert tap.numbers(key) == [1]


async def _true(value: bool) -> bool:
    return value
