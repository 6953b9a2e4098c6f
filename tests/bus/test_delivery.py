"""What both buses promise about delivery: order per key, at least once, one effect, groups and their members."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from functools import partial
from uuid import UUID, uuid4

import pytest

from shared.bus import Bus
from shared.events.envelope import Record
from tests.bus.stations import Station, TallyAdded, open_station, publish, tallies, tally
from tests.support.databases import Databases
from tests.support.eventually import eventually

TOPIC = [TallyAdded.topic]


@pytest.fixture
async def station(databases: Databases) -> AsyncIterator[Station]:
    async with open_station(databases.fresh("kernel")) as opened:
        yield opened


async def test_records_of_one_key_keep_their_order(bus: Bus, station: Station) -> None:
    keys = [uuid4() for _ in range(5)]
    batches = [[tally(key, number) for number in range(start, start + 20) for key in keys] for start in (0, 20, 40)]
    async with bus.subscribe("order", TOPIC, station.consumer.deliver):
        for batch in batches:
            await publish(bus, batch)
        await eventually(lambda: _count(station, 300))
    for key in keys:
        assert await station.numbers(key) == list(range(60))


async def test_a_batch_published_twice_has_one_effect(bus: Bus, station: Station) -> None:
    key = uuid4()
    records = tallies(key, 10)
    last = tally(key, 10)
    async with bus.subscribe("twice", TOPIC, station.consumer.deliver):
        await publish(bus, records)
        await publish(bus, records)
        await publish(bus, [last])
        await eventually(lambda: _count(station, 11))
    assert await station.numbers(key) == list(range(11))


@pytest.mark.parametrize("crash", [RuntimeError("crash"), asyncio.CancelledError()], ids=["raises", "is cancelled"])
async def test_a_crash_between_commit_and_acknowledgement_delivers_again_with_one_effect(
    bus: Bus, station: Station, crash: BaseException
) -> None:
    key = uuid4()
    deliveries: list[list[UUID]] = []

    async def commit_then_crash(batch: Sequence[Record]) -> None:
        deliveries.append([record.id for record in batch])
        await station.consumer.deliver(batch)
        if len(deliveries) == 1:
            raise crash

    records = tallies(key, 5)
    async with bus.subscribe("crash", TOPIC, commit_then_crash):
        await publish(bus, records)
        await eventually(lambda: _answered(len(deliveries) > 1))
        await publish(bus, [tally(key, 5)])
        await eventually(lambda: _count(station, 6))
    assert deliveries[1][0] == deliveries[0][0]
    assert await station.numbers(key) == [0, 1, 2, 3, 4, 5]


async def test_what_was_not_taken_comes_again_in_order(bus: Bus, station: Station) -> None:
    key = uuid4()
    refusals = iter([True, True, False])

    async def refuse_first(batch: Sequence[Record]) -> None:
        if next(refusals, False):
            raise RuntimeError("not now")
        await station.consumer.deliver(batch)

    async with bus.subscribe("refused", TOPIC, refuse_first):
        await publish(bus, tallies(key, 5))
        await eventually(lambda: _count(station, 5))
    assert await station.numbers(key) == [0, 1, 2, 3, 4]


async def test_every_group_gets_everything(bus: Bus, databases: Databases) -> None:
    key = uuid4()
    async with AsyncExitStack() as stack:
        stations = []
        for group in ("left", "right"):
            opened = await stack.enter_async_context(open_station(databases.fresh("kernel")))
            await stack.enter_async_context(bus.subscribe(group, TOPIC, opened.consumer.deliver))
            stations.append(opened)
        await publish(bus, tallies(key, 20))
        for opened in stations:
            await eventually(partial(_count, opened, 20))
            assert await opened.numbers(key) == list(range(20))


async def test_a_group_hears_only_its_topics(bus: Bus, station: Station) -> None:
    heard: list[str] = []

    async def note(batch: Sequence[Record]) -> None:
        heard.extend(record.topic for record in batch)

    async with (
        bus.subscribe("units", ["massline.assessment.units"], note),
        bus.subscribe("tallies", TOPIC, station.consumer.deliver),
    ):
        await publish(bus, tallies(uuid4(), 3))
        await eventually(lambda: _count(station, 3))
    assert heard == []


async def test_members_of_a_group_share_its_keys_and_one_takes_over_from_the_other(bus: Bus, databases: Databases) -> None:
    url = databases.fresh("kernel")
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(open_station(url))
        second = await stack.enter_async_context(open_station(url))
        await stack.enter_async_context(bus.subscribe("shared", TOPIC, first.consumer.deliver))
        sent = 0
        async with bus.subscribe("shared", TOPIC, second.consumer.deliver):
            while not (first.heard and second.heard):
                await publish(bus, [tally(uuid4(), 0) for _ in range(20)])
                sent += 20
                await eventually(partial(_count, first, sent))
            first.heard.clear()
            second.heard.clear()
            keys = [uuid4() for _ in range(40)]
            await publish(bus, [tally(key, number) for number in range(3) for key in keys])
            sent += 120
            await eventually(lambda: _count(first, sent))
            assert _keys(first) | _keys(second) == set(keys)
            assert not _keys(first) & _keys(second)
        await publish(bus, [tally(key, 3) for key in keys])
        await eventually(lambda: _count(first, sent + 40))
        assert _keys(first) == set(keys)
        for key in keys:
            assert await first.numbers(key) == [0, 1, 2, 3]


async def test_an_event_that_waits_for_another_topic_lets_that_topic_come(bus: Bus, station: Station) -> None:
    """`NotFound` is retried because what an event refers to may be on its way: then the bus must not hold that back."""
    awaited = asyncio.Event()

    async def wait_or_bring(batch: Sequence[Record]) -> None:
        if any(record.topic == "massline.visits" for record in batch):
            awaited.set()
        else:
            await awaited.wait()
            await station.consumer.deliver(batch)

    key = uuid4()
    brought = tally(key, 1)
    brings = Record(id=uuid4(), type=brought.type, key=key, time=brought.time, topic="massline.visits", data=b"{}")
    async with bus.subscribe("waits", [*TOPIC, "massline.visits"], wait_or_bring):
        waiting = asyncio.create_task(publish(bus, [brought]))
        await publish(bus, [brings])
        await eventually(lambda: _count(station, 1))
        await waiting


async def _count(station: Station, expected: int) -> bool:
    found = len(await station.effects())
    assert found >= expected, f"{found} of {expected}"
    return found == expected


async def _answered(value: bool) -> bool:
    return value


def _keys(station: Station) -> set[UUID]:
    return {event.tally_id for event in station.heard}
