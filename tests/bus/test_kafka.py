"""What only Kafka can do to us: its broker dies or freezes, strangers write to our topics, several members stall."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer

from shared.bus import BusUnavailable, kafka
from shared.bus.kafka import KafkaBus, create_topics
from shared.embedded.kafka import EmbeddedKafka
from shared.events.envelope import to_headers
from tests.bus.stations import Station, TallyAdded, open_station, publish, tallies, tally
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.topics import fresh_kafka_bus

pytestmark = pytest.mark.kafka
TOPIC = [TallyAdded.topic]
BACK = 60.0


@pytest.fixture(scope="module")
def broker() -> Iterator[EmbeddedKafka]:
    """A broker of our own, because we take it down."""
    with tempfile.TemporaryDirectory(prefix="massline-broker-") as folder, EmbeddedKafka.start(Path(folder) / "kafka") as started:
        yield started


@pytest.fixture
async def station(databases: Databases) -> AsyncIterator[Station]:
    async with open_station(databases.fresh("kernel")) as opened:
        yield opened


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka, "SEND_TIMEOUT", 2.0)


def freeze(broker: EmbeddedKafka) -> None:
    """Return when it has stopped: a busy machine takes its time to stop every thread."""
    broker.pause()
    os.waitid(os.P_PID, broker.pid, os.WSTOPPED | os.WNOWAIT)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["killed", "paused"])
async def test_a_broker_that_is_gone_and_back_loses_and_doubles_nothing(
    broker: EmbeddedKafka, station: Station, impatient: None, how: str
) -> None:
    key = uuid4()
    before, during, after = (tally(key, number) for number in range(3))
    async with fresh_kafka_bus(broker.bootstrap) as bus:
        async with bus.subscribe("outage", TOPIC, station.consumer.deliver):
            await publish(bus, [before])
            await eventually(lambda: _holds(station, [0]))
            await asyncio.to_thread(EmbeddedKafka.kill if how == "killed" else freeze, broker)
            try:
                async with asyncio.timeout(15):
                    with pytest.raises(BusUnavailable):
                        await bus.publish([during])
                assert not bus.ready()
            finally:
                await asyncio.to_thread(broker.restart if how == "killed" else broker.resume)
            await publish(bus, [during])
            assert bus.ready()
            await publish(bus, [after])
            await eventually(lambda: _holds(station, [0, 1, 2]), within=BACK)
        assert await station.parked() == []
    await eventually(_no_leftover_tasks)


async def test_a_failed_publication_leaves_no_task_behind(impatient: None) -> None:
    bus = KafkaBus("127.0.0.1:1", client_id="massline-tests")
    with pytest.raises(BusUnavailable):
        await bus.publish(tallies(uuid4(), 2))
    await bus.stop()
    await eventually(_no_leftover_tasks)


async def test_strangers_messages_are_parked_as_unreadable_and_ours_go_on(kafka_bootstrap: str, station: Station) -> None:
    namespace = f"test-{uuid4().hex[:12]}."
    topic = namespace + TallyAdded.topic
    await create_topics(kafka_bootstrap, [topic], partitions=1, replicas=1, compacted=frozenset())
    good = tally(uuid4(), 7)
    ours = dict(to_headers(good))
    strange: list[dict[str, bytes | None]] = [
        {},
        {**ours, "ce_id": b"no uuid"},
        {**ours, "ce_id": None},
        {**ours, "ce_type": b"massline.\x00"},
        {**ours, "ce_type": b"\xff\xfe"},
        {**ours, "ce_time": b"yesterday"},
        {**ours, "ce_time": b"0001-01-01T00:00:00+14:00"},
        {**ours, "ce_traceparent": b"\x00"},
    ]
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as producer:
        for headers in strange:
            await producer.send_and_wait(topic, value=b"\x00\xff", key=None, headers=list(headers.items()))
        await producer.send_and_wait(topic, value=None, key=b"tombstone")
    bus = KafkaBus(kafka_bootstrap, client_id="massline-tests", namespace=namespace)
    async with bus.subscribe("strange", TOPIC, station.consumer.deliver):
        await publish(bus, [good])
        await eventually(lambda: _holds(station, [7]))
    await bus.stop()
    parked = await station.parked()
    assert len(parked) == len(strange) + 1
    assert {(row["type"], row["topic"], row["cause"]) for row in parked} == {
        (kafka.UNREADABLE, TallyAdded.topic, "UnknownEvent: unreadable")
    }


async def test_a_topic_that_can_not_be_made_is_an_error(kafka_bootstrap: str) -> None:
    with pytest.raises(BusUnavailable, match="InvalidReplicationFactor"):
        await create_topics(kafka_bootstrap, [f"test-{uuid4().hex}"], partitions=1, replicas=7, compacted=frozenset())


async def test_making_topics_again_leaves_them_as_they_are(kafka_bootstrap: str) -> None:
    name = f"test-{uuid4().hex}"
    for _ in range(2):
        await create_topics(kafka_bootstrap, [name], partitions=2, replicas=1, compacted=frozenset({name}))


async def _holds(station: Station, numbers: list[int]) -> bool:
    return [number for _, number in await station.effects()] == numbers


async def _no_leftover_tasks() -> bool:
    """Whether nothing of a dropped client still runs."""
    left = [task for task in asyncio.all_tasks() if "aiokafka" in repr(task.get_coro())]
    assert not left, left
    return True
