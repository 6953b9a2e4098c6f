"""What becomes of events that can not be applied, and of those behind them; and of a database that goes away."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from shared.bus import Bus
from shared.embedded.postgres import EmbeddedPostgres
from shared.errors import Conflict, Invalid, NotFound
from shared.schema import kernel_metadata
from tests.bus.stations import Station, TallyAdded, open_station, publish, tallies, tally
from tests.support.databases import Databases, create_tables
from tests.support.eventually import eventually

TOPIC = [TallyAdded.topic]

KILL_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture
async def station(databases: Databases) -> AsyncIterator[Station]:
    async with open_station(databases.fresh("kernel")) as opened:
        yield opened


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"not json \xff\x00", "MalformedEvent: massline.testing.tally.added.v1"),
        (b'{"tally_id": "no uuid", "number": 1}', "MalformedEvent: massline.testing.tally.added.v1: tally_id"),
        (b'{"number": "\\ud800\\u0000"}', "MalformedEvent: massline.testing.tally.added.v1"),
    ],
    ids=["unparseable", "contract violated", "surrogate and NUL"],
)
async def test_data_that_break_their_contract_are_parked_and_the_ones_behind_go_on(
    bus: Bus, station: Station, data: bytes, cause: str
) -> None:
    key = uuid4()
    poison = tally(key, 1, data=data)
    async with bus.subscribe("poison", TOPIC, station.consumer.deliver):
        await publish(bus, [tally(key, 0), poison, tally(key, 2)])
        await eventually(lambda: _holds(station, [0, 2]))
    (parked,) = await station.parked()
    assert parked["event_id"] == poison.id
    assert str(parked["cause"]).startswith(cause)
    assert parked["attempts"] == 1
    with pytest.raises(Conflict) as refused:
        await station.consumer.replay(poison.id)
    assert refused.value.slug == "replay-failed"
    (parked,) = await station.parked()
    assert parked["attempts"] == 2


@pytest.mark.parametrize(
    ("error", "cause", "attempts"),
    [
        (RuntimeError("a resident's words"), "builtins.RuntimeError", 3),
        (NotFound("case-not-found", "No such case."), "not-found: case-not-found", 3),
        (Invalid("wrong-level", "Not here."), "invalid: wrong-level", 1),
    ],
    ids=["failure", "not found", "invalid"],
)
async def test_a_handler_that_always_fails_parks_the_event_which_is_replayed_when_it_is_mended(
    bus: Bus, station: Station, error: Exception, cause: str, attempts: int
) -> None:
    key = uuid4()
    poison = tally(key, 1)

    async def fail(event: TallyAdded) -> None:
        if event.number == 1:
            raise error

    station.before = fail
    async with bus.subscribe("fails", TOPIC, station.consumer.deliver):
        await publish(bus, [tally(key, 0), poison, tally(key, 2)])
        await eventually(lambda: _holds(station, [0, 2]))
        (parked,) = await station.parked()
        assert (parked["event_id"], parked["cause"], parked["attempts"]) == (poison.id, cause, attempts)
        station.before = _succeed
        await station.consumer.replay(poison.id)
        assert await station.parked() == []
        await publish(bus, [poison, tally(key, 3)])
        await eventually(lambda: _holds(station, [0, 2, 1, 3]))
    with pytest.raises(NotFound):
        await station.consumer.replay(poison.id)


async def test_a_parked_event_that_is_delivered_again_stays_parked_once(bus: Bus, station: Station) -> None:
    key = uuid4()
    poison = tally(key, 1, data=b"{}")
    async with bus.subscribe("again", TOPIC, station.consumer.deliver):
        await publish(bus, [poison])
        await publish(bus, [poison, tally(key, 2)])
        await eventually(lambda: _holds(station, [2]))
    (parked,) = await station.parked()
    assert parked["attempts"] == 1


async def test_a_wrong_argument_to_the_database_is_the_events_fault_and_not_an_outage(bus: Bus, station: Station) -> None:
    key = uuid4()
    async with bus.subscribe("overflow", TOPIC, station.consumer.deliver):
        await publish(bus, [tally(key, 2**63), tally(key, 1)])
        await eventually(lambda: _holds(station, [1]))
    assert len(await station.parked()) == 1


async def test_one_culprit_in_a_batch_is_parked_alone(bus: Bus, station: Station) -> None:
    key = uuid4()
    batch = tallies(key, 50)
    batch[25] = tally(key, 25, data=b"{}")
    async with bus.subscribe("culprit", TOPIC, station.consumer.deliver):
        await publish(bus, batch)
        await eventually(lambda: _holds(station, [number for number in range(50) if number != 25]))
    assert [parked["event_id"] for parked in await station.parked()] == [batch[25].id]


async def test_a_passing_failure_is_retried_and_parks_nothing(bus: Bus, station: Station) -> None:
    key = uuid4()
    failures = iter([True, True, False])

    async def fail_twice(event: TallyAdded) -> None:
        if event.number == 1 and next(failures, False):
            raise NotFound("unit-not-found", "On its way.")

    station.before = fail_twice
    async with bus.subscribe("passing", TOPIC, station.consumer.deliver):
        await publish(bus, tallies(key, 3))
        await eventually(lambda: _holds(station, [0, 1, 2]))
    assert await station.parked() == []


async def test_a_killed_connection_is_waited_for_and_parks_nothing(bus: Bus, station: Station) -> None:
    key = uuid4()

    async def lose_connections(event: TallyAdded) -> None:
        station.before = _succeed
        await station.database.pool.execute(KILL_OTHERS)

    station.before = lose_connections
    async with bus.subscribe("killed", TOPIC, station.consumer.deliver):
        await publish(bus, tallies(key, 3))
        await eventually(lambda: _holds(station, [0, 1, 2]))
    assert await station.parked() == []


@pytest.mark.slow
async def test_a_database_that_is_down_is_waited_for_and_parks_nothing(bus: Bus, tmp_path: Path) -> None:
    server = EmbeddedPostgres.start(tmp_path)
    try:
        await create_tables(server.url, kernel_metadata)
        key = uuid4()
        async with open_station(server.url) as station, bus.subscribe("down", TOPIC, station.consumer.deliver):
            await publish(bus, [tally(key, 0)])
            await eventually(lambda: _holds(station, [0]))
            await asyncio.to_thread(server.stop)
            publishing = asyncio.create_task(publish(bus, [tally(key, 1)]))
            server = await asyncio.to_thread(EmbeddedPostgres.start, tmp_path)
            await publishing
            await eventually(lambda: _holds(station, [0, 1]))
            assert await station.parked() == []
    finally:
        await asyncio.to_thread(server.stop)


async def _holds(station: Station, numbers: list[int]) -> bool:
    return [number for _, number in await station.effects()] == numbers


async def _succeed(event: TallyAdded) -> None:
    return None
